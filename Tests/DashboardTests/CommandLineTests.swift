import ArgumentParser
import MeshKit
import TerminalUI
import Testing

@testable import Dashboard
@testable import meshdeck

/// The command lines the dashboard tells, held against the commands the program really parses.
@Suite struct CommandLineTests {
  /// What the program makes of a line: the command, or the parser's objection.
  private func parse(_ line: [String]) throws -> any ParsableCommand {
    #expect(line.first == "meshdeck")
    return try Meshdeck.parseAsRoot(Meshdeck.settled(Array(line.dropFirst())))
  }

  /// The command that each screen's first line has to be.
  static let commands: [(ScreenID, any ParsableCommand.Type)] = [
    (.overview, Analyze.self), (.topology, Graph.self), (.services, Get.self), (.routes, Get.self),
    (.canaries, Get.self), (.mtls, MTLS.Matrix.self), (.proxies, Get.self), (.findings, Analyze.self),
    (.journal, History.self), (.planes, Planes.List.self),
  ]

  @Test(arguments: ScreenID.allCases)
  func everyRowOfEveryScreenHasALineThatParses(_ screen: ScreenID) async throws {
    let expected = try #require(Self.commands.first { $0.0 == screen }?.1)
    for isAlternate in [false, true] {
      let runner = try await Desk.shop(screen)
      await runner.send(.receipts(Desk.receipts))
      try await runner.idle()
      if isAlternate { await runner.press(.tab) }
      try await runner.idle()
      var state = await runner.state
      await runner.stop()
      #expect(screen == .topology || !state.rows.isEmpty)
      for index in state.rows.indices.isEmpty ? 0..<1 : state.rows.indices {
        state.place.list.selected = index
        let lines = CommandLines.lines(state)
        #expect(lines.count >= 1)
        for line in lines {
          #expect(throws: Never.self, "\(CommandLines.typed(line))") { _ = try parse(line) }
          guard line.dropFirst().first == CommandWord.get.rawValue else { continue }
          guard case .list(let there, let other, _) = try Command(CommandLines.typed(line), in: state.view) else {
            Issue.record("\(CommandLines.typed(line)) is no list")
            continue
          }
          #expect(there == screen && other == state.place.isAlternate, "the line leads back to where it was told")
        }
        if !isAlternate, let first = lines.first { #expect(type(of: try parse(first)) == expected) }
      }
    }
  }

  @Test(arguments: RuleSettings.Option.allCases)
  func aSettingOfARuleIsReadAlikeHereAndThere(_ option: RuleSettings.Option) throws {
    let value =
      switch option {
      case .requestTimeout, .perTryTimeout, .delay: "3s"
      case .retries: "2"
      case .retryOn: "5xx,reset"
      case .delayPercent, .abortPercent, .mirrorPercent: "2.5"
      case .abort: "503"
      case .fault, .headers: "none"
      case .mirror: "reviews:v3"
      case .setHeader, .addHeader, .setResponseHeader, .addResponseHeader: "x-canary=a=b"
      case .removeHeader, .removeResponseHeader: "x-canary"
      }
    let line = ["meshdeck", "route", "set", "reviews", option.typed, value]
    let parsed = try #require(try parse(line) as? RouteCommand.Set).settings.typed
    #expect(parsed != RuleSettings())
    #expect(try RuleSettings(words: [option.typed, value]) == parsed)
    #expect(try RuleSettings(words: ["\(option.typed)=\(value)"]) == parsed)
  }

  @Test func aPlaneThatIsAddedHasOneSourceOfMeasurements() throws {
    func telemetry(_ words: String...) throws -> TelemetrySetting? {
      try #require(try parse(["meshdeck", "planes", "add", "lab"] + words) as? Planes.Add).telemetry()
    }
    let scraped = try telemetry("--scrape", "http://a/", "--scrape", "http://b/", "--bearer-token-file", "t")
    #expect(scraped == TelemetrySetting(kind: .scrape, urls: ["http://a/", "http://b/"], bearerTokenFile: "t"))
    #expect(try telemetry("--prometheus", "http://p/")?.kind == .prometheus)
    #expect(try telemetry() == nil)
    for (words, told) in [
      (["--prometheus", "http://p/", "--scrape", "http://s/"], "--prometheus and --scrape name two"),
      (["--bearer-token-file", "t"], "--bearer-token-file is for --prometheus or --scrape"),
    ] {
      let add = try #require(try parse(["meshdeck", "planes", "add", "lab"] + words) as? Planes.Add)
      #expect {
        try add.telemetry()
      } throws: {
        ($0 as? MeshError)?.code == .usage && "\($0)".contains(told)
      }
    }
  }

  @Test func aLineNamesWhatIsChosenAndWhereItIs() async throws {
    let runner = try await Desk.shop(.proxies)
    let state = await runner.state
    await runner.stop()
    #expect(
      CommandLines.lines(state).map { CommandLines.typed($0) } == [
        "meshdeck get proxies --all-namespaces",
        "meshdeck describe proxy/storefront-v1-2 --namespace shop --plane prod",
      ])
    let parsed = try #require(try parse(CommandLines.lines(state)[1]) as? Describe)
    #expect(parsed.thing == "proxy/storefront-v1-2")
    #expect(parsed.options.namespace == "shop")
    #expect(parsed.options.plane == "prod")
  }

  @Test func aDraftIsToldAsTheCommandThatWouldCarryItOut() async throws {
    let runner = try await Desk.shop(.canaries)
    await runner.press(.down, .char("+"))
    let state = await runner.state
    await runner.stop()
    let line = try #require(CommandLines.lines(state).last)
    let parsed = try #require(try parse(line) as? Canary.Set)
    #expect(parsed.weights.count == 2)
    #expect(parsed.weights.allSatisfy { $0.contains("=") })
    #expect(parsed.route == "ledger" || parsed.route == "reviews")
  }

  @Test(arguments: [["--force"], ["--confirm", "5m"]])
  func takingBackHasNoRiskToTakeAndNothingToConfirm(_ options: [String]) {
    #expect(throws: (any Error).self) { _ = try parse(["meshdeck", "undo", "-y"] + options) }
    #expect(throws: Never.self) { _ = try parse(["meshdeck", "route", "delete", "reviews", "-y"] + options) }
  }

  @Test func whatTakingBackHasInCommonWithWritingIsReadInBoth() throws {
    let common = ["--wait", "--dry-run=server", "--reason", "why"]
    let undo = try #require(try parse(["meshdeck", "undo", "pt1"] + common) as? Undo)
    #expect(undo.id == "pt1" && undo.write.wait && !undo.write.yes)
    #expect(undo.write.dryRun == .server && undo.write.reason == "why")
    let delete = try #require(
      try parse(["meshdeck", "route", "delete", "a", "--force"] + common) as? RouteCommand.Delete)
    #expect(delete.write.force && delete.write.confirm == nil && delete.write.common.wait)
    #expect(delete.write.common.dryRun == .server && delete.write.common.reason == "why")
  }

  @Test func whatIsMarkedIsToldToo() async throws {
    let runner = try await Desk.shop(.services)
    await runner.press(.space, .space)
    let state = await runner.state
    await runner.stop()
    #expect(state.place.marked.count == 2)
    #expect(CommandLines.lines(state).count == 4)
  }

  @Test(arguments: [
    ("shop/reviews", "shop/reviews"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("", "''"), ("$(rm)", "'$(rm)'"),
    ("*", "'*'"), ("v1=80", "v1=80"),
  ])
  func wordsAreQuotedForTheShell(_ word: String, _ typed: String) {
    #expect(CommandLines.quoted(word) == typed)
  }

  @Test func theLinesStandInBothSheets() async throws {
    for key in [Key.char("Q"), .char("w")] {
      let runner = try await Desk.shop(.canaries, size: Size(width: 160, height: 50))
      await runner.press(key)
      try await runner.idle()
      let text = await runner.text()
      await runner.stop()
      #expect(text.contains("meshdeck canary show"), "\(key)")
    }
  }
}
