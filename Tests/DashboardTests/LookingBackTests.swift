import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// Marks, columns, and the steps back through what this process saw.
@Suite struct LookingBackTests {
  /// Views at five seconds' distance, the number of each told by the readiness of one plane's age.
  static func views(_ count: Int) -> [MeshView] {
    (0..<count).map { step in
      var view = ShopMesh.view()
      view.at = Instant(seconds: ShopMesh.now.seconds - Double(count - step) * 5)
      if case .known(var report, let source, _)? = view.traffic[ShopMesh.plane] {
        report.at = view.at
        for place in report.edges.indices { report.edges[place].traffic.rates = [.success: Double(step + 1) * 10] }
        view.traffic[ShopMesh.plane] = .known(report, source: source, at: view.at)
      }
      return view
    }
  }

  private func rps(_ runner: HeadlessRunner<DashboardProgram>) async -> Double? { await runner.state.summary?.rps }

  @Test func stepsBackAndForwardThroughWhatWasSeen() async throws {
    let runner = try await Desk.shop(.services, earlier: Self.views(5))
    let newest = try #require(await rps(runner))
    await runner.press(.char("["))
    try await runner.idle()
    let before = try #require(await rps(runner))
    #expect(before == 9 * 50)
    #expect(await runner.text().contains("the past: 5s ago"))
    await runner.press(.char("["))
    try await runner.idle()
    #expect(await rps(runner) == 9 * 40)
    await runner.press(.char("]"))
    try await runner.idle()
    #expect(await rps(runner) == before)
    await runner.press(.char("]"))
    try await runner.idle()
    #expect(await rps(runner) == newest)
    #expect(await runner.state.pastIndex == nil)
    #expect(!(await runner.text().contains("the past")))
    await runner.stop()
  }

  @Test func whatComesMeanwhileIsShownOnTheWayBack() async throws {
    let runner = try await Desk.shop(.services, earlier: Self.views(3))
    await runner.press(.char("["), .char("["))
    try await runner.idle()
    let past = await rps(runner)
    var later = Self.views(1)[0]
    later.at = Instant(seconds: ShopMesh.now.seconds + 30)
    await runner.send(.view(later))
    try await runner.idle()
    #expect(await rps(runner) == past, "the past stands still")
    await runner.press(.char("p"))
    try await runner.idle()
    #expect(await rps(runner) == 9 * 10)
    #expect(await runner.state.isPaused == false)
    await runner.stop()
  }

  @Test func beforeTheFirstViewThereIsNothing() async throws {
    let runner = try await Desk.shop(.services)
    for _ in 0..<5 { await runner.press(.char("[")) }
    try await runner.idle()
    #expect(await runner.text().contains("remembers what it saw itself"))
    await runner.press(.char("p"))
    try await runner.idle()
    #expect(await runner.state.pastIndex == nil)
    await runner.stop()
  }

  @Test func nothingIsWrittenFromThePast() async throws {
    let runner = try await Desk.shop(.canaries, earlier: Self.views(3))
    await runner.press(.char("["), .char("+"))
    try await runner.idle()
    #expect(await runner.state.drafts.isEmpty)
    #expect(await runner.text().contains("this is the past"))
    await runner.stop()
  }

  @Test func onlySoManyViewsAreKept() async throws {
    let runner = try await Desk.shop(.services, earlier: Self.views(80))
    #expect(await runner.state.past.count == Update.mostKept)
    #expect(await runner.state.trends.count == 60)
    await runner.stop()
  }

  @Test func aRowShowsTheRequestsOfThisSession() async throws {
    let runner = try await Desk.shop(.services, size: Size(width: 160, height: 50), earlier: Self.views(8))
    let line = try #require(await runner.text().split(separator: "\n").first { $0.contains("shop/cart") })
    #expect(line.contains("▁▂"), "\(line)")
    await runner.press(.char("["), .char("["), .char("["), .char("["), .char("["))
    try await runner.idle()
    let past = try #require(await runner.text().split(separator: "\n").first { $0.contains("shop/cart") })
    #expect(past != line, "what came later is not known there")
    await runner.stop()
  }

  @Test(arguments: ["cart", "cart.shop", "cart.shop.svc.cluster.local"])
  func aRowFindsItsRequestsHoweverTelemetryWritesItsHost(_ host: String) throws {
    var view = ShopMesh.view()
    guard case .known(var report, let source, let at)? = view.traffic[ShopMesh.plane] else { return }
    for place in report.edges.indices where report.edges[place].destination.service.hasPrefix("cart.") {
      report.edges[place].destination.service = host
    }
    view.traffic[ShopMesh.plane] = .known(report, source: source, at: at)
    let summary = Summary(view, findings: [])
    let cart = ShopMesh.ref("shop", "service", "cart")
    #expect(summary.rates[cart] == 340)
    #expect(Summary.key(ofHost: "cart.shop.svc.cluster.local", near: cart, in: view.snapshot) == cart)
    #expect(summary.rates[ShopMesh.ref("shop", "workload", "cart-v1")] == 340)
  }

  @Test func theTrendOfConnectionsIsThatOfTheirBytes() async throws {
    let earlier = Self.views(8).enumerated().map { step, view in
      var view = view
      guard case .known(var report, let source, let at)? = view.traffic[ShopMesh.plane] else { return view }
      for place in report.edges.indices where report.edges[place].transport == "tcp" {
        report.edges[place].traffic.rates = [:]
        report.edges[place].traffic.bytesInPerSecond = Double(step) * 1000
      }
      view.traffic[ShopMesh.plane] = .known(report, source: source, at: at)
      return view
    }
    let runner = try await Desk.shop(.services, size: Size(width: 160, height: 50), earlier: earlier)
    let line = try #require(await runner.text().split(separator: "\n").first { $0.contains("shop/redis") })
    #expect(line.contains("█"), "\(line)")
    await runner.stop()
  }

  @Test func marksAreCopiedTogetherAndTakenOffByEscape() async throws {
    let runner = try await Desk.shop(.services)
    await runner.press(.space, .space)
    #expect(await runner.text().contains("2 marked"))
    await runner.press(.char("x"))
    #expect(await runner.text().contains("copied 2 identifiers"))
    await runner.press(.escape)
    #expect(await runner.state.place.marked.isEmpty)
    await runner.stop()
  }

  @Test func columnsAreLeftOutAndComeBackButNeverTheName() async throws {
    let runner = try await Desk.shop(.services, size: Size(width: 160, height: 50))
    #expect(await runner.text().contains("P99"))
    await runner.press(.char("o"))
    for _ in 0..<3 { await runner.press(.down) }
    await runner.press(.space)
    await runner.press(.home)
    await runner.press(.space)
    #expect(await runner.text().contains("it stays"))
    await runner.press(.escape)
    try await runner.idle()
    let text = await runner.text()
    #expect(await runner.state.hiddenColumns == ["services": ["P99"]])
    #expect(text.contains("SERVICE") && !text.contains("P99  "))
    await runner.press(.char("o"))
    for _ in 0..<3 { await runner.press(.down) }
    await runner.press(.space, .escape)
    #expect(await runner.state.hiddenColumns["services"] == [])
    await runner.stop()
  }
}
