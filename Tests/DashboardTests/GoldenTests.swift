import Foundation
import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// Every screen as text, compared with the files in `Screens/`; `MESHDECK_UPDATE_GOLDEN=1` writes them anew.
@Suite struct GoldenTests {
  static let sizes = [Size(width: 80, height: 24), Size(width: 160, height: 50)]

  private func compare(_ name: String, _ size: Size, _ text: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Screens")
    let file = folder.appendingPathComponent("\(name)-\(size.width)x\(size.height).txt")
    if ProcessInfo.processInfo.environment["MESHDECK_UPDATE_GOLDEN"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let golden = try String(contentsOf: file, encoding: .utf8)
    #expect(text == golden, "\(name) at \(size.width)x\(size.height)")
  }

  @Test(arguments: ScreenID.allCases, sizes)
  func screenLooksAsRecorded(_ screen: ScreenID, _ size: Size) async throws {
    let earlier = (0..<30).map { step in
      var view = ShopMesh.view()
      if case .known(var report, let source, let at)? = view.traffic[ShopMesh.plane] {
        report.at = Instant(seconds: at.seconds - Double(30 - step) * 5)
        for place in report.edges.indices where (12..<24).contains(step) {
          report.edges[place].traffic.rates[.serverError, default: 0] += Double(step)
        }
        view.traffic[ShopMesh.plane] = .known(report, source: source, at: report.at)
      }
      return view
    }
    let runner = try await Desk.shop(screen, size: size, earlier: earlier)
    await runner.send(.receipts(Desk.receipts))
    if screen == .proxies { await runner.send(.certificates(ShopMesh.certificates)) }
    try await runner.idle()
    try compare(screen.rawValue, size, await runner.text())
    await runner.stop()
  }

  @Test(arguments: sizes)
  func sheetsLookAsRecorded(_ size: Size) async throws {
    func shot(_ name: String, _ screen: ScreenID, _ keys: [Key]) async throws {
      let runner = try await Desk.shop(screen, size: size)
      await runner.send(.receipts(Desk.receipts))
      try await runner.idle()
      await runner.press(keys)
      try await runner.idle()
      try compare(name, size, await runner.text())
      await runner.stop()
    }
    try await shot("help", .canaries, [.char("?")])
    try await shot("queries", .canaries, [.char("Q")])
    try await shot("why-canary", .canaries, [.char("w")])
    try await shot("draft", .canaries, [.down, .down, .char("+"), .char("+")])
    try await shot("workloads", .services, [.tab])
    try await shot("service", .services, [.down, .enter])
    try await shot("accepted", .mtls, [.tab])
    try await shot("mode", .mtls, [.char("m")])
    try await shot("rule", .routes, [.down, .char("e")])
    try await shot("plane", .planes, [.enter])
    try await shot("receipt", .journal, [.char("d")])
    try await shot("take-back", .journal, [.char("u")])
    try await shot("namespaces", .topology, [.char("n")])
    try await shot("focus", .topology, [.char("f")])
  }

  @Test(arguments: sizes)
  func asciiScreensLookAsRecorded(_ size: Size) async throws {
    for screen in [ScreenID.overview, .topology, .canaries] {
      let runner = try await Desk.shop(screen, size: size, glyphs: .ascii)
      let text = await runner.text()
      #expect(text.unicodeScalars.allSatisfy { $0.isASCII })
      #expect(text.split(separator: "\n").first?.contains("p99 <=") == true, "a bound is no fact")
      try compare("\(screen.rawValue)-ascii", size, text)
      await runner.stop()
    }
  }

  @Test(arguments: sizes)
  func planSheetLooksAsRecorded(_ size: Size) async throws {
    let runner = try await Desk.shop(.canaries, size: size)
    await runner.press(.char("+"), .char("a"))
    // The deck of this test has no plane to plan on: the sheet is handed the plan instead.
    try await runner.idle()
    let route = ShopMesh.ref("shop", "virtualservice", "reviews")
    var plan = Plan(
      id: "pt1x9k3", intent: .weights(WeightsIntent(route: route, weights: [])), summary: "reviews: v1 → 50, v2 → 50",
      steps: Desk.receipts[0].plan.steps)
    plan.blastRadius = BlastRadius(
      lines: ["≈80/s of 266/s move to v2, 2 ready → 66.5/s each"], movedRPS: 80, callers: ["shop/storefront-v1"])
    plan.warnings = ["Argo CD shop owns this object (label argocd.argoproj.io/instance) and may undo the edit"]
    plan.verdicts = [DryRunVerdict(step: 0, accepted: true, message: "strict fields ok")]
    plan.steps[0].state = .pending
    let number = await runner.state.planNumber
    await runner.send(.planned(number, plan))
    await runner.send(.rehearsed(number, plan))
    try compare("plan", size, await runner.text())
    await runner.press(.char("w"), .char("c"), .char("?"))
    try compare("plan-help", size, await runner.text())
    await runner.press(.escape, .enter)
    try await runner.idle()
    // The deck has no plane to apply it to either: what a plane would tell is handed over.
    var sheet = try #require(await runner.state.plan)
    (sheet.phase, sheet.number) = (.applying(plan), number)
    try compare(
      "plan-waiting", size, await Self.text(of: sheet, size, [.waiting(step: 0, acknowledged: 37, proxies: 40)]))
    await runner.stop()
  }

  /// The screen with a plan sheet that got so far.
  private static func text(
    of sheet: PlanSheet, _ size: Size, _ progress: [Executor.Progress]
  ) async throws -> String {
    let runner = try await Desk.shop(.canaries, size: size)
    var state = await runner.state
    await runner.stop()
    state.plan = sheet
    state.plan?.progress = progress
    let screen = MemoryScreen(size: size, glyphs: .unicode, depth: .trueColor)
    screen.show(DashboardView.frame(state, in: screen.viewport(theme: state.theme)), theme: state.theme)
    return screen.frame.text()
  }

  @Test(arguments: sizes)
  func aPlanThatWaitsForItsConfirmationLooksAsRecorded(_ size: Size) async throws {
    let runner = try await Desk.shop(.journal, size: size)
    var receipts = Desk.receipts
    receipts[0].confirmBy = Instant(seconds: ShopMesh.now.seconds + 272)
    await runner.send(.receipts(receipts, awaiting: [receipts[0].plan.id]))
    try await runner.idle()
    try compare("unconfirmed", size, await runner.text())
    await runner.stop()
  }

  /// Two clusters as one mesh; and the same when one was lost four minutes ago: what was known of it stays, with its age.
  @Test(arguments: [ScreenID.topology, .services, .planes], sizes)
  func twoClustersLookAsRecorded(_ screen: ScreenID, _ size: Size) async throws {
    for (name, lost) in [("clusters", nil), ("clusters-lost", 240)] as [(String, Double?)] {
      let runner = try await Desk.shop(screen, size: size, view: TwoClusters.view(lost: lost))
      let text = await runner.text()
      if lost != nil { #expect(text.contains("4m"), "its age is told") }
      try compare("\(screen.rawValue)-\(name)", size, text)
      await runner.stop()
    }
  }
}
