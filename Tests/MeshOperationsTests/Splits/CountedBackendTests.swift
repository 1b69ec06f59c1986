import MeshModel
import MeshPlanes
import MeshTelemetry
import Testing

@testable import MeshOperations

/// Shares of backends where proxies count by route, by rule or by service.
@Suite struct CountedBackendTests {
  static let at = Instant(seconds: 1000)

  static func flow(
    _ backend: String, _ rate: Double, kind: String = "httproute", route: String = "api", rule: Int? = nil
  ) -> BackendFlow {
    BackendFlow(
      routeKind: kind, namespace: "shop", route: route, rule: rule, backend: backend,
      traffic: Traffic(rates: [.success: rate], n: rate * 60, window: 60, at: at))
  }

  static func rule(_ hosts: String...) -> Rule {
    Rule(backends: hosts.map { Backend(name: $0, host: $0, weight: 1, pointer: "") }, pointer: "")
  }

  /// The counted requests of each backend of the first rule, or the reasons.
  static func counted(_ flows: [BackendFlow], _ rules: [Rule]) -> [String]? {
    let route = Route(
      ref: ObjectRef(plane: "p", namespace: "shop", kind: "httproute", name: "api"), dialect: .gatewayAPI,
      apiVersion: "v1", hosts: [], attachedTo: [], rules: rules, version: "1", createdAt: at, owners: [])
    let report = TrafficReport(edges: [], queries: [], window: 60, at: at, backends: flows)
    let view = MeshView(traffic: ["p": .known(report, source: "t", at: at)], at: at)
    return TrafficIndex(view, plane: "p").counted(rules[0], 0, of: route)?.map { known in
      known.value.map { String(Int($0.n.rounded())) } ?? known.reason ?? ""
    }
  }

  @Test func eachWayOfCountingIsUnderstood() {
    let two = Self.rule("a", "b")
    #expect(Self.counted([], [two]) == nil)
    #expect(Self.counted([Self.flow("a", 9), Self.flow("b", 1)], [two]) == ["540", "60"])
    #expect(Self.counted([Self.flow("#0", 9, rule: 0), Self.flow("#1", 1, rule: 0)], [two]) == ["540", "60"])
    #expect(Self.counted([Self.flow("a", 9, route: "other")], [two]) == nil)
    let together = "the gateway counts the backends of this rule together"
    #expect(Self.counted([Self.flow("", 9, rule: 0)], [two]) == [together, together])
    #expect(Self.counted([Self.flow("", 9, rule: 1)], [two, Self.rule("c")]) == nil)
    #expect(
      Self.counted([Self.flow("a", 9, kind: "", route: ""), Self.flow("b", 3, kind: "", route: "")], [two])
        == ["540", "180"])
  }

  @Test func whatRulesShareIsNotToldApart() {
    let rules = [Self.rule("a", "b"), Self.rule("b")]
    let reason = "metrics do not tell the rules of this route apart"
    #expect(Self.counted([Self.flow("a", 9), Self.flow("b", 1)], rules) == [reason, reason])
    let byService = "the gateway counts by service, and rules of this route share one"
    #expect(Self.counted([Self.flow("a", 9, kind: "", route: "")], rules) == [byService, byService])
    #expect(
      Self.counted([Self.flow("#0", 9, rule: 0), Self.flow("#1", 1, rule: 0)], rules) == ["540", "60"],
      "counted by rule, a shared backend is no matter")
  }
}
