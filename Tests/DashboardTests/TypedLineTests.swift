import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// What lines typed after `:` lead to.
@Suite struct TypedLineTests {
  private func typed(
    _ line: String, on screen: ScreenID = .overview, isReadOnly: Bool = false
  ) async throws -> HeadlessRunner<DashboardProgram> {
    let runner = try await Desk.shop(screen, isReadOnly: isReadOnly)
    await runner.press(.char(":"))
    await runner.type(line + "\n")
    try await runner.idle()
    return runner
  }

  @Test func getOpensTheListAndNarrowsIt() async throws {
    let runner = try await typed("get workloads -n payments")
    let state = await runner.state
    await runner.stop()
    #expect(state.screen == .services && state.place.isAlternate)
    #expect(state.place.filter == "ns = payments")
    #expect(!state.rows.isEmpty && state.rows.allSatisfy { $0.native?.namespace == "payments" })
  }

  @Test func whatFollowsTheKindIsAFilter() async throws {
    let runner = try await typed("get service -p prod err > 0.3%", on: .services)
    let state = await runner.state
    await runner.stop()
    #expect(state.place.filter == "plane = prod and (err > 0.3%)")
    #expect(state.rows.map(\.native?.name) == ["ledger"])
  }

  @Test(arguments: [ScreenID.overview, .services])
  func describeOpensAServiceFromAnywhere(_ screen: ScreenID) async throws {
    let runner = try await typed("describe service/reviews -n shop", on: screen)
    let state = await runner.state
    await runner.stop()
    #expect(state.screen == .services && !state.place.isAlternate)
    #expect(state.place.detail == "prod/shop/service/reviews")
    #expect(state.data[.services]?.detail?.contains { $0.text == "WORKLOADS" } == true)
  }

  @Test func describeOpensARouteWithAllItsRules() async throws {
    let runner = try await typed("meshdeck describe route/cart --namespace shop --plane prod")
    let state = await runner.state
    await runner.stop()
    guard state.screen == .routes, case .rule(let row)? = state.chosenRow, case .text(let sheet)? = state.overlay else {
      return #expect(Bool(false), "no route is open")
    }
    #expect(row.route.ref.name == "cart" && row.index == 0)
    #expect(sheet.copied.contains("shop/cart rule 0") && sheet.copied.contains("shop/cart rule late"))
  }

  @Test func describeGoesToAProxy() async throws {
    let runner = try await typed("describe proxy/storefront-v1-2")
    let state = await runner.state
    await runner.stop()
    guard state.screen == .proxies, case .proxy(let row)? = state.chosenRow else {
      return #expect(Bool(false), "no proxy is chosen")
    }
    #expect(row.state.ref.name == "storefront-v1-2")
  }

  @Test func settingsOfARouteOpenThePlanSheet() async throws {
    let runner = try await typed(
      "route set shop/reviews --rule primary --request-timeout 3s --mirror reviews:v3 --mirror-percent 5")
    let plan = await runner.state.plan
    await runner.stop()
    guard case .apply(.rule(let intent))? = plan?.purpose else { return #expect(Bool(false), "no plan was asked for") }
    var expected = RuleIntent(route: ShopMesh.ref("shop", "virtualservice", "reviews"), rule: "primary")
    expected.timeout = .set(3)
    expected.mirror = .set(MirrorSetting(host: "reviews", subset: "v3", percent: 5))
    #expect(intent == expected)
  }

  @Test func readOnlyRefusesThem() async throws {
    let runner = try await typed("route set shop/reviews --retries none", isReadOnly: true)
    #expect(await runner.state.plan == nil)
    #expect(await runner.text().contains("read-only"))
    await runner.stop()
  }
}
