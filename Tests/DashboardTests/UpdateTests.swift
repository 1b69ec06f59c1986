import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// Keys in, state and effects out.
@Suite struct UpdateTests {
  @Test func noTwoKeysOfAScreenCollide() {
    #expect(Keymap(DashboardBindings.all).collisions().isEmpty)
  }

  @Test(arguments: ScreenID.allCases)
  func digitsOpenScreens(_ screen: ScreenID) async throws {
    let runner = try await Desk.shop(.overview)
    await runner.press(.char(screen.key))
    try await runner.idle()
    #expect(await runner.state.screen == screen)
    #expect(await runner.text().contains(screen.title.text))
    await runner.stop()
  }

  @Test func returnOnTheOverviewOpensTheRowOnItsScreen() async throws {
    let runner = try await Desk.shop(.overview)
    await runner.press(.down, .enter)
    try await runner.idle()
    #expect(await runner.state.screen == .canaries)
    guard case .backend(let row)? = await runner.state.chosenRow else {
      Issue.record("no backend is chosen")
      return
    }
    #expect(row.split.route.name == "ledger" && row.backend?.name == "v2")
    await runner.stop()
  }

  @Test func theChoiceNeverRestsOnAHead() async throws {
    let runner = try await Desk.shop(.canaries)
    for key: Key in [.up, .home, .down, .down, .down, .up, .up, .end, .pageUp] {
      await runner.press(key)
      #expect(await runner.state.chosenRow?.isHead == false)
    }
    await runner.stop()
  }

  @Test func filtersNarrowWhileTypedAndEscapeGoesBack() async throws {
    let runner = try await Desk.shop(.services)
    await runner.press(.char("/"))
    await runner.type("err > 0.3%")
    try await runner.idle()
    #expect(await runner.state.rows.map(\.native?.name) == ["ledger"])
    await runner.press(.escape)
    try await runner.idle()
    #expect(await runner.state.rows.count == 7)
    await runner.stop()
  }

  @Test func sortingGoesThroughTheColumnsAndTurnsRound() async throws {
    let runner = try await Desk.shop(.services)
    await runner.press(.char("s"), .char("s"))
    try await runner.idle()
    #expect(await runner.state.place.sort == SortOrder(column: "rps", isAscending: false))
    #expect(await runner.state.rows.first?.native?.name == "cart")
    await runner.press(.char("S"))
    try await runner.idle()
    #expect(await runner.state.rows.last?.native?.name == "cart")
    await runner.stop()
  }

  @Test func copyHandsOverTheIdentifier() async throws {
    let runner = try await Desk.shop(.services)
    await runner.press(.char("x"))
    #expect(await runner.copied == ["prod/legacy/service/mainframe"])
    await runner.stop()
  }

  @Test func arrowsFollowTheBusiestEdges() async throws {
    let runner = try await Desk.shop(.topology)
    #expect(await runner.state.place.chosen == "prod/shop/workload/storefront-v1")
    await runner.press(.right)
    #expect(await runner.state.place.chosen == "prod/shop/workload/cart-v1")
    await runner.press(.right)
    #expect(await runner.state.place.chosen == "prod/payments/workload/ledger-v1")
    await runner.press(.left)
    #expect(await runner.state.place.chosen == "prod/shop/workload/cart-v1")
    await runner.press(.char("f"))
    try await runner.idle()
    #expect(await runner.state.data[.topology]?.graph?.boxes.count == 5)
    await runner.stop()
  }

  @Test func anEdgeIsChosenFollowedAndOpened() async throws {
    let runner = try await Desk.shop(.topology)
    func edge() async -> String? { await runner.state.topology.edge.map { "\($0.source.name)>\($0.destination.name)" } }
    await runner.press(.tab)
    #expect(await edge() == "storefront-v1>cart-v1", "the busiest is first")
    await runner.press(.tab)
    #expect(await edge() == "storefront-v1>reviews-v1")
    #expect(await runner.text().contains("▌→ shop/reviews-v1"))
    await runner.press(.right)
    #expect(await runner.state.place.chosen == "prod/shop/workload/reviews-v1", "the arrow follows the chosen edge")
    await runner.press(.char("v"))
    guard case .text(let sheet)? = await runner.state.overlay else { return #expect(Bool(false), "no sheet") }
    for words in [
      "from  prod/shop/workload/storefront-v1", "to    prod/shop/workload/reviews-v1",
      "CALLS reviews.shop.svc.cluster.local over http", "212/s, err 0.1%, n=12.7k", "p50 14ms, p95 42ms, p99 84ms",
      "mTLS 100%", "identities are not known", "measured 2s ago",
      "  requests  ", "get edges --namespace shop --plane prod --output wide",
    ] {
      #expect(sheet.copied.contains(words), "\(words)")
    }
    await runner.press(.escape)
    #expect(await runner.state.overlay == nil)
    #expect(await edge() != nil)
    await runner.press(.escape)
    #expect(await edge() == nil)
    await runner.stop()
  }

  @Test func anEdgeOfBytesTellsThemAndNoRequests() async throws {
    let runner = try await Desk.shop(.topology)
    await runner.press(.right, .backTab, .char("v"))
    guard case .text(let sheet)? = await runner.state.overlay else { return #expect(Bool(false), "no sheet") }
    #expect(sheet.copied.contains("to    prod/shop/workload/redis-v1"), "what has no requests is last")
    #expect(sheet.copied.contains("1.4MB/s both ways") && !sheet.copied.contains("p99"))
    await runner.stop()
  }

  @Test func anEdgeBetweenPlanesTellsWhatEachEndSays() async throws {
    let runner = try await Desk.shop(.topology, view: TwoClusters.view())
    await runner.press(.tab, .tab, .char("v"))
    guard case .text(let sheet)? = await runner.state.overlay else { return #expect(Bool(false), "no sheet") }
    #expect(sheet.copied.contains("to    west/payments/workload/ledger-v1"))
    for words in [
      "as said: east 43/s, west 43/s", "the caller's end, on east", "the server's end, on west", "east: Prometheus",
      "west: Prometheus",
    ] {
      #expect(sheet.copied.contains(words), "\(words)")
    }
    await runner.stop()
  }

  @Test func theFormOfARuleGivesAnIntentOfWhatChangedAlone() async throws {
    let runner = try await Desk.shop(.routes)
    await runner.press(.down, .char("e"))
    await runner.press(.ctrl("u"))
    await runner.type("500ms")
    await runner.press(.tab, .ctrl("u"))
    await runner.type("3")
    await runner.press(.enter)
    guard case .apply(.rule(let intent))? = await runner.state.plan?.purpose else {
      Issue.record("no plan was asked for")
      return
    }
    #expect(intent.timeout == .set(0.5))
    #expect(intent.retries == .set(RetrySetting(attempts: 3, retryOn: "5xx")))
    #expect(intent.fault == nil && intent.mirror == nil && intent.headers == nil)
    #expect(intent.route.name == "ledger" && intent.rule == "1")
    await runner.stop()
  }

  @Test func aFormThatCannotBeUsedSaysWhyAndStays() async throws {
    let runner = try await Desk.shop(.routes)
    await runner.press(.down, .char("e"), .ctrl("u"))
    await runner.type("soon\n")
    #expect(await runner.text().contains("no time such as 2s"))
    #expect(await runner.state.plan == nil)
    await runner.stop()
  }

  @Test func theFormOfAModeGivesAnIntentForThePortInstancesListenOn() async throws {
    let runner = try await Desk.shop(.mtls)
    await runner.press(.char("m"), .right)
    await runner.press(.enter)
    guard case .apply(.mtls(let intent))? = await runner.state.plan?.purpose else {
      Issue.record("no plan was asked for")
      return
    }
    #expect(
      intent
        == MTLSIntent(
          plane: "prod", scope: .port, namespace: "payments", workload: "ledger-v1", port: 8080, mode: .strict))
    await runner.stop()
  }

  @Test func aCheckCannotBeApplied() async throws {
    let runner = try await Desk.shop(.mtls)
    await runner.press(.char("c"), .enter)
    let number = await runner.state.planNumber
    try await runner.idle()
    await runner.send(.planned(number, Desk.receipts[0].plan))
    await runner.send(.rehearsed(number, Desk.receipts[0].plan))
    await runner.press(.enter)
    #expect(await runner.state.plan?.isBusy == false)
    #expect(await runner.text().contains("this is a check"))
    await runner.stop()
  }

  @Test func aRiskIsTakenByATypedWordAlone() async throws {
    let runner = try await Desk.shop(.mtls)
    await runner.press(.char(":"))
    await runner.type("mtls set namespace/shop STRICT\n")
    try await runner.idle()
    let number = await runner.state.planNumber
    var plan = Desk.receipts[0].plan
    plan.intent = .mtls(MTLSIntent(plane: ShopMesh.plane, scope: .namespace, namespace: "shop", mode: .strict))
    plan.blastRadius.unknowns = ["callers are not known (no telemetry source)"]
    // The deck of the test has no plane, and says so; the plan made by hand is put in its place.
    await runner.send(.planned(number, plan))
    await runner.send(.rehearsed(number, plan))
    #expect(await runner.text().contains("cannot be told: callers are not known"))
    await runner.press(.enter)
    #expect(await runner.text().contains("type shop to apply all the same"))
    await runner.feed(.paste("shop\n"))
    #expect(await runner.state.plan?.confirmation?.text == "", "a paste is no confirmation")
    await runner.type("shopp\n")
    #expect(await runner.state.plan?.isBusy == false)
    #expect(await runner.state.plan?.confirmation == nil)
    await runner.press(.enter)
    await runner.press(.escape)
    #expect(await runner.state.plan != nil, "Esc leaves the question, not the sheet")
    await runner.press(.enter)
    await runner.type("shop")
    #expect(await runner.state.plan?.isBusy == false)
    await runner.press(.enter)
    // It went out with the risk taken: what stops it is that this desk has no plane.
    try await runner.wait(text: "there is no plane")
    await runner.stop()
  }

  @Test func aPlanThatACrashLeftOpenHeadsTheOverviewAndIsTakenBackBeforeAnOlderOne() async throws {
    let runner = try await Desk.shop()
    var open = Desk.receipts[0]
    (open.plan.id, open.result) = ("pt1xopen", .unknown)
    await runner.send(.receipts([open] + Desk.receipts))
    try await runner.idle()
    guard case .attention(let first)? = await runner.state.rows.first else { return #expect(Bool(false), "no rows") }
    #expect(first.subject == "pt1xopen" && first.state == "unfinished plan")
    await runner.press(.char("5"), .char("u"))
    #expect(await runner.state.plan?.plan?.id == "pt1xopen")
    await runner.stop()
  }

  @Test func whatWasWrittenInTheEditorIsKeptUntilItIsApplied() async throws {
    let runner = try await Desk.shop(.routes)
    let route = ShopMesh.ref("shop", "virtualservice", "reviews")
    let intent = ObjectIntent(ref: route, json: ShopMesh.reviewsObject([("v1", 1)]))
    await runner.send(.edited(intent, text: "/tmp/meshdeck-x/reviews.yaml"))
    // The desk has no plane, so no plan can be made.
    try await runner.wait(text: "there is no plane")
    #expect(await runner.text().contains("what you wrote is kept in"))
    await runner.press(.escape)
    #expect(await runner.state.plan == nil)
    #expect(await runner.text().contains("what you wrote is kept in /tmp/meshdeck-x"))
    await runner.stop()
  }

  @Test func anAnswerToAnOlderPlanIsDropped() async throws {
    let runner = try await Desk.shop(.canaries)
    await runner.press(.char(":"))
    await runner.type("canary set reviews v1=1 v2=2\n")
    try await runner.idle()
    await runner.send(.planned(0, Desk.receipts[0].plan))
    #expect(await runner.state.plan?.plan == nil)
    await runner.stop()
  }

  @Test func aDraftIsDroppedAndSaidSoWhenSomebodyElseChangesTheWeights() async throws {
    let runner = try await Desk.shop(.canaries)
    await runner.press(.end, .char("+"))
    #expect(await runner.state.drafts.count == 1)
    await runner.send(.view(ShopMesh.view(reviews: [("v1", 10), ("v2", 90)])))
    try await runner.idle()
    #expect(await runner.state.drafts.isEmpty)
    #expect(await runner.text().contains("somebody else changed the weights"))
    await runner.stop()
  }

  @Test func themesChangeInTurnAndByName() async throws {
    let runner = try await Desk.shop(.overview)
    let first = await runner.state.theme.name
    await runner.press(.char("t"))
    #expect(await runner.state.theme.name != first)
    await runner.press(.char(":"))
    await runner.type("theme mono\n")
    #expect(await runner.state.theme.name == "mono")
    await runner.stop()
  }
}
