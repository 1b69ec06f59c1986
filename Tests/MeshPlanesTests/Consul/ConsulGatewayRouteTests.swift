import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// API gateways of Consul and the routes bound to them: read, weighed, edited by check-and-set.
@Suite(.timeLimit(.minutes(10))) struct ConsulGatewayRouteTests {
  typealias Base = ConsulPlaneTests

  static let route = Base.ref("http-route", "shop")

  /// A gateway with a route to two versions of a shop and one to a database.
  static func edge() -> FakeConsul {
    let consul = FakeConsul.stock()
    consul.store([
      "Kind": "api-gateway", "Name": "edge",
      "Listeners": [
        [
          "Name": "web", "Port": 8443, "Protocol": "http", "Hostname": "*.shop.example",
          "TLS": ["Certificates": [["Kind": "inline-certificate", "Name": "shop"]]],
        ],
        ["Name": "db", "Port": 5432, "Protocol": "tcp"],
      ],
      "Status": ["Conditions": [["Type": "Accepted", "Status": "True", "Reason": "Accepted"]]],
    ])
    consul.store([
      "Kind": "http-route", "Name": "shop", "Meta": ["team": "web"], "Hostnames": ["www.shop.example"],
      "Parents": [["Kind": "api-gateway", "Name": "edge", "SectionName": "web"]],
      "Rules": [
        [
          "Matches": [
            [
              "Method": "GET", "Path": ["Match": "prefix", "Value": "/stock"],
              "Headers": [["Match": "exact", "Name": "X-Beta", "Value": "yes"]],
              "Query": [["Match": "present", "Name": "debug", "Value": ""]],
            ]
          ],
          "Filters": [
            "Headers": [["Set": ["x-from": "edge"], "Add": JSONValue.null, "Remove": JSONValue.null]],
            "URLRewrite": ["Path": "/"], "RetryFilter": ["NumRetries": 3, "RetryOn": ["5xx"]],
            "TimeoutFilter": ["RequestTimeout": 2_500_000_000, "IdleTimeout": 0],
          ],
          "ResponseFilters": ["Headers": JSONValue.null],
          "Services": [["Name": "stock", "Weight": 3], ["Name": "orders", "Weight": 1]],
        ]
      ],
      "Status": [
        "Conditions": [
          ["Type": "Accepted", "Status": "True", "Reason": "Accepted"],
          [
            "Type": "Bound", "Status": "True", "Reason": "Bound",
            "Resource": ["Kind": "api-gateway", "Name": "edge", "SectionName": "web"],
          ],
        ]
      ],
    ])
    consul.store([
      "Kind": "tcp-route", "Name": "db", "Parents": [["Kind": "api-gateway", "Name": "edge"]],
      "Services": [["Name": "orders"]],
    ])
    return consul
  }

  static func shift(_ plane: ConsulPlane, _ stock: String, _ orders: String) async throws -> Step {
    let intent = try #require(WeightsIntent(route: route, typed: [("stock", stock), ("orders", orders)]))
    return try #require(try await plane.steps(for: .weights(intent), in: MeshSnapshot()).first)
  }

  @Test func theyAreReadWithConditionsWeightsAndStatus() async throws {
    let snapshot = try await Base.snapshot(try Self.edge().plane())
    let gateway = try #require(snapshot.gateways[Base.ref("api-gateway", "edge")])
    #expect(gateway.listeners.map(\.port) == [8443, 5432] && gateway.listeners.map(\.tls) == ["SIMPLE", nil])
    let route = try #require(snapshot.routes[Self.route])
    #expect(route.hosts == ["www.shop.example"] && route.attachedTo == ["edge/web"])
    let rule = try #require(route.rules.first)
    let match = try #require(rule.matches.first)
    #expect(match.uri == .prefix("/stock") && match.method == .exact("GET"))
    #expect(match.headers == ["x-beta": .exact("yes")] && match.queryParams == ["debug": .present])
    #expect(rule.timeout == 2.5 && rule.retries == RetrySetting(attempts: 3, retryOn: "5xx"))
    #expect(rule.headers?.request.overwritten == ["x-from": "edge"] && rule.action == "rewrite to /")
    #expect(ConsulRules().shares(of: rule) == [0.75, 0.25])
    let routing = ConsulRules().routing(in: snapshot, plane: "vms")
    #expect(routing.target(of: rule.backends[0], in: route).workloads.map(\.name) == ["stock-v1", "stock-v2"])
    let report = ProgrammedReport(at: Instant(seconds: 1))
    let programmed = routing.programmed(rule, of: route, in: report)
    #expect(programmed.map { $0.value?.share } == [0.75, 0.25] && programmed[0].value?.acknowledged == 1)
    let database = try #require(snapshot.routes[Base.ref("tcp-route", "db")])
    #expect(database.rules[0].layer == .tcp && database.rules[0].backends.map(\.host) == ["orders"])
    #expect(ConsulRules().shares(of: database.rules[0]) == [1])
    #expect(routing.programmed(database.rules[0], of: database, in: report)[0].reason?.contains("not reported") == true)
    #expect(ConsulRules().findings(in: snapshot, plane: "vms").allSatisfy { $0.object.kind == "service-intentions" })
  }

  @Test func aShiftIsAProportionWrittenByCheckAndSetAndTakenBack() async throws {
    let consul = Self.edge()
    let plane = try consul.plane()
    let before = try #require(consul.entry("http-route/shop"))
    let step = try await Self.shift(plane, "7", "5")
    #expect(step.precondition.isAtomic)
    let outcome = try await plane.apply(step)
    let put = try #require(consul.requests.last { $0.method == .put })
    #expect(put.url.hasSuffix("/v1/config?cas=\(step.precondition.version ?? "")"))
    // What the gateways' controller reports is its own.
    #expect(try JSONValue(parsing: put.body ?? [])["Status"] == nil)
    let services = consul.entry("http-route/shop")?["Rules"]?[0]?["Services"]
    #expect(services?[0]?["Weight"] == 7 && services?[1]?["Weight"] == 5)
    _ = try await plane.apply(Base.inverse(step, outcome))
    let after = try #require(consul.entry("http-route/shop"))
    #expect(ConsulEdit.bare(after) == ConsulEdit.bare(before))
  }

  static let rules: [(RuleIntent, [String], JSONValue?)] = [
    (RuleIntent(route: route, timeout: .set(1.5)), ["Filters", "TimeoutFilter", "RequestTimeout"], 1_500_000_000),
    (RuleIntent(route: route, timeout: .remove), ["Filters", "TimeoutFilter"], ["IdleTimeout": 0]),
    (
      RuleIntent(route: route, retries: .set(RetrySetting(attempts: 5, retryOn: "connect-failure,503"))),
      ["Filters", "RetryFilter"],
      ["NumRetries": 5, "RetryOn": ["connect-failure"], "RetryOnStatusCodes": [503]]
    ),
    (RuleIntent(route: route, retries: .remove), ["Filters", "RetryFilter"], nil),
    (
      RuleIntent(
        route: route, headers: .set(HeaderSetting(request: HeaderSetting.Changes(removed: ["x-debug"])))),
      ["Filters", "Headers"], [["Add": [:], "Remove": ["x-debug"], "Set": [:]]]
    ),
  ]

  @Test(arguments: rules)
  func aRuleIsSetAndTakenBack(_ intent: RuleIntent, _ path: [String], _ value: JSONValue?) async throws {
    let consul = Self.edge()
    let plane = try consul.plane()
    let before = try #require(consul.entry("http-route/shop"))
    let step = try #require(try await plane.steps(for: .rule(intent), in: MeshSnapshot()).first)
    let outcome = try await plane.apply(step)
    let after = consul.entry("http-route/shop")?["Rules"]?[0]
    let found = path.reduce(after) { $0?[$1] }
    #expect(
      value.map { found?.isEquivalent(to: $0) == true } ?? (found == nil), "\(after.map { JSONWriter.text($0) } ?? "")")
    #expect(after?["Filters"]?["URLRewrite"] == ["Path": "/"])
    _ = try await plane.apply(Base.inverse(step, outcome))
    let back = try #require(consul.entry("http-route/shop"))
    #expect(ConsulEdit.bare(back).isEquivalent(to: ConsulEdit.bare(before)))
  }

  @Test func whatConsulWouldStoreOtherwiseIsRefused() async throws {
    let consul = Self.edge()
    let plane = try consul.plane()
    let none = await #expect(throws: MeshError.self) { try await Self.shift(plane, "100", "0") }
    #expect(none?.code == .refused && none?.message.contains("stores a weight of 0 as 1") == true)
    #expect(none?.remedy?.contains("take it out of the rule") == true)
    let fraction = await #expect(throws: MeshError.self) { try await Self.shift(plane, "2.5", "1") }
    #expect(fraction?.code == .refused && fraction?.message.contains("2.5 is none") == true)
    let intent = try #require(WeightsIntent(route: Base.ref("tcp-route", "db"), typed: [("orders", "1")]))
    let single = await #expect(throws: MeshError.self) {
      try await plane.steps(for: .weights(intent), in: MeshSnapshot())
    }
    #expect(single?.code == .refused && single?.message.contains("no weights") == true)
    #expect(!consul.requests.contains { $0.method != .get })
  }

  @Test func whatTheGatewaysControllerFindsWrongIsAFinding() async throws {
    let consul = Self.edge()
    var entry = try #require(consul.entry("http-route/shop"))
    entry["Status"] = [
      "Conditions": [
        [
          "Type": "Bound", "Status": "False", "Reason": "FailedToBind", "Message": "service nobody does not exist",
          "Resource": ["Kind": "api-gateway", "Name": "edge", "SectionName": "web"],
        ]
      ]
    ]
    consul.store(entry)
    let snapshot = try await Base.snapshot(try consul.plane())
    let finding = try #require(
      ConsulRules().findings(in: snapshot, plane: "vms").first { $0.code == "MD5106" })
    #expect(finding.object == Self.route)
    #expect(finding.message.contains("not Bound at gateway edge:web: FailedToBind: service nobody does not exist"))
    let route = try #require(snapshot.routes[Self.route])
    let weights = ConsulRules().routing(in: snapshot, plane: "vms").programmed(
      route.rules[0], of: route, in: ProgrammedReport(at: Instant(seconds: 1)))
    #expect(weights[0].value?.acknowledged == 0 && weights[0].value?.proxies == 1)
  }

  @Test func serversOlderThanAKindHaveNoneOfItAndLackNothing() async throws {
    let consul = FakeConsul.stock()
    for kind in ["api-gateway", "http-route", "tcp-route"] {
      consul.change {
        $0.answers["/v1/config/\(kind)"] = HTTPResponse(
          status: 400, body: Array("Bad request: invalid config entry kind: \(kind)".utf8))
      }
    }
    let snapshot = try await Base.snapshot(try consul.plane())
    #expect(snapshot.routes.count == 2)
    let states = snapshot.feeds.filter { $0.key.plane == "vms" }.map(\.value)
    #expect(states.allSatisfy { if case .live = $0 { true } else { false } })
  }
}
