import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// The plane over Consul in memory: what is read, what is written, and what happens when others write too.
@Suite(.timeLimit(.minutes(10))) struct ConsulPlaneTests {
  static func ref(_ kind: String, _ name: String) -> ObjectRef {
    ObjectRef(plane: "vms", namespace: kind == "proxy-defaults" ? "" : "default", kind: kind, name: name)
  }

  static func snapshot(_ plane: ConsulPlane) async throws -> MeshSnapshot {
    let changes = Mutex<[MeshChange]>([])
    try await plane.read(nil, namespace: nil) { part in changes.withLock { $0 += part } }
    var snapshot = MeshSnapshot()
    for change in changes.withLock({ $0 }) { snapshot.apply(change) }
    return snapshot
  }

  static func shift(_ plane: ConsulPlane, _ v1: String, _ v2: String) async throws -> Step {
    let intent = try #require(
      WeightsIntent(route: ref("service-splitter", "stock"), typed: [("v1", v1), ("v2", v2)]))
    return try #require(try await plane.steps(for: .weights(intent), in: MeshSnapshot()).first)
  }

  static func weights(_ consul: FakeConsul) -> [JSONValue?] {
    (consul.entry("service-splitter/stock")?["Splits"]?.array ?? []).map { $0["Weight"] }
  }

  /// What takes a step back, demanded to find what the step left.
  static func inverse(_ step: Step, _ outcome: StepOutcome) -> Step {
    Step(
      object: step.object, path: step.path, write: step.inverse,
      precondition: Precondition(version: outcome.version.isEmpty ? nil : outcome.version), inverse: step.write)
  }

  @Test func aMeshIsReadWithItsServicesSubsetsAndRoutes() async throws {
    let snapshot = try await Self.snapshot(try FakeConsul.stock().plane())
    #expect(snapshot.services.keys.map(\.name).sorted() == ["orders", "stock"])
    #expect(snapshot.workloads.keys.map(\.name).sorted() == ["orders", "stock-v1", "stock-v2"])
    #expect(snapshot.readiness[Self.ref("workload", "stock-v1")]?.ready == 1)
    #expect(snapshot.readiness[Self.ref("workload", "stock-v1")]?.total == 2)
    #expect(snapshot.readiness[Self.ref("workload", "stock-v2")]?.proxy == .sidecar)
    #expect(snapshot.services[Self.ref("service", "stock")]?.ports.map(\.appProtocol) == ["http"])
    #expect(snapshot.meshes["vms"]?.trustDomain == "f00.consul")
    let split = try #require(snapshot.routes[Self.ref("service-splitter", "stock")])
    let rules = ConsulRules()
    #expect(rules.shares(of: split.rules[0]) == [0.9, 0.1])
    let target = rules.routing(in: snapshot, plane: "vms").target(of: split.rules[0].backends[1], in: split)
    #expect(target.workloads.map(\.name) == ["stock-v2"] && target.service?.name == "stock")
    let router = try #require(snapshot.routes[Self.ref("service-router", "stock")])
    #expect(router.rules[0].timeout == 2 && router.rules[0].retries?.attempts == 2)
    #expect(router.rules[0].matches[0].uri == .prefix("/audit"))
  }

  @Test func whatATransparentSidecarMayCallIsAskedOfTheServers() async throws {
    let consul = FakeConsul.stock()
    consul.register("web", mode: "transparent")
    let topology: JSONValue = ["Upstreams": [["Name": "orders", "Source": "specific-intention"]]]
    consul.change { state in
      state.answers["/v1/internal/ui/service-topology/web"] = HTTPResponse(
        status: 200, body: JSONWriter.bytes(topology))
    }
    let snapshot = try await Self.snapshot(try consul.plane())
    #expect(snapshot.egressScopes[Self.ref("upstreams", "web")]?.hosts == ["orders"])
    #expect(snapshot.egressScopes[Self.ref("upstreams", "orders")]?.hosts == ["stock"])
    #expect(consul.requests.count { $0.url.hasSuffix("/service-topology/web?kind=") } == 1)
    #expect(!consul.requests.contains { $0.url.contains("/service-topology/orders") })
  }

  @Test func aQuestionThatIsRefusedIsAGapAndOneWithoutAnAnswerFails() async throws {
    let consul = FakeConsul.stock()
    consul.register("web", mode: "transparent")
    func answer(_ status: Int, _ words: String) {
      consul.change {
        $0.answers["/v1/internal/ui/service-topology/web"] = HTTPResponse(status: status, body: Array(words.utf8))
      }
    }
    answer(403, "Permission denied: token lacks permission 'service:read'")
    let plane = try consul.plane()
    let snapshot = try await Self.snapshot(plane)
    #expect(snapshot.services.count == 3)
    guard case .stale(let reason, _)? = snapshot.feeds[MeshSnapshot.FeedKey(plane: "vms", kind: "upstreams")] else {
      Issue.record("the gap is not told: \(snapshot.feeds)")
      return
    }
    #expect(reason.contains("service:read"))
    answer(500, "No cluster leader")
    let error = await #expect(throws: MeshError.self) { try await Self.snapshot(plane) }
    #expect(error?.code == .unreachable)
  }

  @Test func whoMayCallOnlyWithATokenIsToldSo() async throws {
    let consul = FakeConsul.stock()
    consul.store([
      "Kind": "jwt-provider", "Name": "okta", "Issuer": "https://login.example",
      "JSONWebKeySet": ["Remote": ["URI": "https://login.example/keys"]],
    ])
    consul.store([
      "Kind": "service-intentions", "Name": "stock", "JWT": ["Providers": [["Name": "okta"]]],
      "Sources": [["Name": "orders", "Action": "allow"]],
    ])
    let plane = try consul.plane()
    let snapshot = try await Self.snapshot(plane)
    #expect(
      snapshot.accessPolicies[Self.ref("service-intentions", "stock")]?.rules
        == ["asks for a token of okta", "allow orders"])
    let providers = try await plane.natives("jwt-provider", namespace: nil)
    #expect(providers.map(\.ref.name) == ["okta"])
    // What an intention leads to is made before it.
    let kinds = plane.configurationKinds
    let (first, second) = (kinds.firstIndex(of: "jwt-provider"), kinds.firstIndex(of: "service-intentions"))
    #expect((first ?? .max) < (second ?? .min))
  }

  @Test func problemsAreFound() async throws {
    let consul = FakeConsul.stock()
    consul.store([
      "Kind": "service-splitter", "Name": "orders",
      "Splits": [["Weight": 50, "ServiceSubset": "v9"], ["Weight": .number("49.99"), "Service": "nobody"]],
    ])
    consul.store(["Kind": "service-defaults", "Name": "orders", "Protocol": "tcp"])
    let findings = ConsulRules().findings(in: try await Self.snapshot(try consul.plane()), plane: "vms")
    #expect(Set(findings.map(\.code)) == ["MD5101", "MD5102", "MD5103", "MD5104", "MD5105"])
    #expect(findings.first { $0.code == "MD5101" }?.message.contains("not 99.99") == true)
    #expect(findings.first { $0.code == "MD5105" }?.message.contains("orders has stock as an upstream") == true)
  }

  @Test func aShiftTouchesNothingElseAndItsInversePutsAllBack() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let before = try #require(consul.entry("service-splitter/stock"))
    let step = try await Self.shift(plane, "66.67", "33.33")
    let outcome = try await plane.apply(step)
    #expect(Self.weights(consul) == [.number("66.67"), .number("33.33")])
    #expect(consul.entry("service-splitter/stock")?["Meta"] == before["Meta"])
    _ = try await plane.apply(Self.inverse(step, outcome))
    let after = try #require(consul.entry("service-splitter/stock"))
    #expect(ConsulEdit.bare(after) == ConsulEdit.bare(before))
  }

  @Test func weightsThatDoNotMakeAHundredAreNeverSent() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let error = await #expect(throws: MeshError.self) { try await Self.shift(plane, "90", "10.01") }
    #expect(error?.code == .refused && error?.message.contains("must be 100, not 100.01") == true)
    #expect(!consul.requests.contains { $0.method != .get })
  }

  @Test func aWriteInBetweenIsAConflictAndStays() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let step = try await Self.shift(plane, "80", "20")
    consul.store([
      "Kind": "service-splitter", "Name": "stock",
      "Splits": [["Weight": 50, "ServiceSubset": "v1"], ["Weight": 50, "ServiceSubset": "v2"]],
    ])
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == .conflict)
    #expect(Self.weights(consul) == [50, 50])
  }

  @Test func aWriteInTheLastMomentIsToldByConsulsFalse() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let step = try await Self.shift(plane, "80", "20")
    consul.change { state in
      state.beforeWrite = { consul in
        consul.store([
          "Kind": "service-splitter", "Name": "stock",
          "Splits": [["Weight": 50, "ServiceSubset": "v1"], ["Weight": 50, "ServiceSubset": "v2"]],
        ])
      }
    }
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == .conflict && error?.message.contains("false") == true)
    #expect(Self.weights(consul) == [50, 50])
  }

  static let rules: [(RuleIntent, JSONValue)] = [
    (
      RuleIntent(route: ref("service-router", "stock"), timeout: .set(1.5)),
      ["ServiceSubset": "v1", "RequestTimeout": "1.5s", "NumRetries": 2, "RetryOnConnectFailure": true]
    ),
    (
      RuleIntent(route: ref("service-router", "stock"), timeout: .remove),
      ["ServiceSubset": "v1", "NumRetries": 2, "RetryOnConnectFailure": true]
    ),
    (
      RuleIntent(
        route: ref("service-router", "stock"),
        retries: .set(RetrySetting(attempts: 3, retryOn: "connect-failure,503"))),
      [
        "ServiceSubset": "v1", "RequestTimeout": "2s", "NumRetries": 3, "RetryOnConnectFailure": true,
        "RetryOnStatusCodes": [503],
      ]
    ),
    (
      RuleIntent(
        route: ref("service-router", "stock"),
        headers: .set(HeaderSetting(request: HeaderSetting.Changes(overwritten: ["x-a": "b"])))),
      [
        "ServiceSubset": "v1", "RequestTimeout": "2s", "NumRetries": 2, "RetryOnConnectFailure": true,
        "RequestHeaders": ["Set": ["x-a": "b"]],
      ]
    ),
  ]

  @Test(arguments: rules) func aRuleIsSetAndTakenBack(_ intent: RuleIntent, _ destination: JSONValue) async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let before = try #require(consul.entry("service-router/stock"))
    let step = try #require(try await plane.steps(for: .rule(intent), in: MeshSnapshot()).first)
    let outcome = try await plane.apply(step)
    #expect(
      consul.entry("service-router/stock")?["Routes"]?[0]?["Destination"]?.isEquivalent(to: destination) == true)
    _ = try await plane.apply(Self.inverse(step, outcome))
    let after = try #require(consul.entry("service-router/stock"))
    #expect(ConsulEdit.bare(after).isEquivalent(to: ConsulEdit.bare(before)))
  }

  @Test func aModeIsMadeWhereThereIsNoEntryAndGoesWithTheInverse() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let snapshot = try await Self.snapshot(plane)
    let intent = MTLSIntent(
      plane: "vms", scope: .workload, namespace: "default", workload: "stock-v2", mode: .permissive)
    let step = try #require(try await plane.steps(for: .mtls(intent), in: snapshot).first)
    let outcome = try await plane.apply(step)
    #expect(consul.entry("service-defaults/stock")?["MutualTLSMode"]?.string == "permissive")
    let workload = try #require(snapshot.workloads[Self.ref("workload", "stock-v1")])
    let changed = try await Self.snapshot(plane)
    let accepted = ConsulRules().mtls(in: changed, plane: "vms").accepted(by: workload, port: nil)
    #expect(accepted.mode == .permissive && accepted.reasons[0].source?.object.kind == "service-defaults")
    #expect(ConsulRules().mtls(in: snapshot, plane: "vms").accepted(by: workload, port: nil).mode == .strict)
    _ = try await plane.apply(Self.inverse(step, outcome))
    #expect(consul.entry("service-defaults/stock") == nil)
  }

  @Test func whatConsulCannotDoIsRefusedWithAReason() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    func refusal(_ intent: Intent) async -> String {
      do throws(MeshError) {
        _ = try await plane.steps(for: intent, in: MeshSnapshot())
        return "taken"
      } catch {
        return error.code == .refused ? error.message : "\(error.code)"
      }
    }
    let mode = MTLSIntent(plane: "vms", scope: .workload, namespace: "default", workload: "stock", mode: .disable)
    #expect(await refusal(.mtls(mode)).contains("cannot be disabled"))
    let space = MTLSIntent(plane: "vms", scope: .namespace, namespace: "default", mode: .strict)
    #expect(await refusal(.mtls(space)).contains("not for a namespace"))
    let fault = RuleIntent(route: Self.ref("service-router", "stock"), fault: .set(FaultSetting(abortStatus: 500)))
    #expect(await refusal(.rule(fault)).contains("no faults"))
    consul.store(["Kind": "mesh", "Name": "mesh"])
    let permissive = MTLSIntent(plane: "vms", scope: .mesh, mode: .permissive)
    #expect(await refusal(.mtls(permissive)).contains("AllowEnablingPermissiveMutualTLS"))
  }

  @Test func refusalsAreSaidInConsulsWordsWithTheirKind() async throws {
    let texts: [(Int, String, MeshError.Code)] = [
      (403, "Permission denied: token lacks permission 'service:write' on \"stock\"", .forbidden),
      (403, "ACL not found", .unauthenticated), (500, "No cluster leader", .unreachable),
      (500, "the sum of all split weights must be 100, not 90.000000", .refused),
      (404, "Config entry not found", .notFound),
      (429, "Your IP is issuing too many concurrent connections", .unreachable),
      (412, "precondition", .conflict),
    ]
    for (status, text, code) in texts {
      let consul = FakeConsul.stock()
      consul.change {
        $0.answers["/v1/config/service-splitter/stock"] = HTTPResponse(status: status, body: Array(text.utf8))
      }
      let plane = try consul.plane()
      let error = await #expect(throws: MeshError.self) {
        try await plane.native(Self.ref("service-splitter", "stock"))
      }
      #expect(error?.code == code && error?.message.contains(text) == true, "\(error?.description ?? "")")
    }
  }

  static let writes: [(Int, String, MeshError.Code)] = [
    (500, "rpc error making call: rpc error making call: EOF", .unknownOutcome),
    (500, "leadership lost while committing log", .unknownOutcome), (502, "", .unknownOutcome),
    (504, "upstream request timeout", .unknownOutcome), (200, "<html>please log in</html>", .unknownOutcome),
    // Through an agent that is no server, a refusal comes with the words of the call before it.
    (500, "rpc error making call: the sum of all split weights must be 100, not 90.000000", .refused),
    (403, "rpc error making call: Permission denied: token lacks permission 'service:write'", .forbidden),
    (429, "too many requests", .unreachable), (503, "rate limit exceeded, try again later", .unreachable),
  ]

  @Test(arguments: writes)
  func whatAFailingServerMayHaveStoredIsOfUnknownOutcome(
    _ status: Int, _ text: String, _ code: MeshError.Code
  ) async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane()
    let step = try await Self.shift(plane, "80", "20")
    consul.change { $0.answers["/v1/config"] = HTTPResponse(status: status, body: Array(text.utf8)) }
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == code, "\(error?.description ?? "")")
    #expect(consul.requests.count { $0.method == .put } == 1)
  }

  @Test func otherDatacentersPartitionsAndPeersAreToldWhereThereAreAny() async throws {
    let consul = FakeConsul.stock()
    let bare = try await consul.plane().check()
    #expect(!bare.contains { $0.name == "places" })
    consul.change { state in
      for (path, json) in [
        ("/v1/status/leader", "10.0.0.1:8300" as JSONValue), ("/v1/catalog/datacenters", ["dc1", "dc2"]),
        ("/v1/partitions", [["Name": "default"], ["Name": "team-a"]]),
        (
          "/v1/peerings",
          [
            [
              "Name": "east", "State": "ACTIVE",
              "StreamStatus": ["ImportedServices": ["a", "b"], "ExportedServices": []],
            ],
            ["Name": "west", "State": "FAILING"],
          ]
        ),
      ] { state.answers[path] = HTTPResponse(status: 200, body: JSONWriter.bytes(json)) }
    }
    let check = try #require(try await consul.plane().check().first { $0.name == "places" })
    #expect(
      check.detail
        == "datacenters dc1, dc2 (dc1 is read); partitions default, team-a (default is read); peer east active "
        + "(2 services imported, 0 exported); peer west failing (0 services imported, 0 exported)")
    #expect(check.result == .warning && check.remedy == "look at the peer: consul peering read -name west")
  }

  @Test func aChainsSplitterIsWhatIsProgrammed() async throws {
    let consul = FakeConsul.stock()
    let chain: JSONValue = [
      "Chain": [
        "ServiceName": "stock",
        "Nodes": [
          "splitter:stock.default.default": [
            "Type": "splitter", "Name": "stock.default.default",
            "Splits": [
              ["Weight": 90, "NextNode": "resolver:v1.stock.default.default.dc1"],
              ["Weight": 10, "NextNode": "resolver:v2.stock.default.default.dc1"],
            ],
          ],
          "resolver:v1.stock.default.default.dc1": [
            "Type": "resolver", "Resolver": ["Target": "v1.stock.default.default.dc1"],
          ],
          "resolver:v2.stock.default.default.dc1": [
            "Type": "resolver", "Resolver": ["Target": "v2.stock.default.default.dc1"],
          ],
        ],
        "Targets": [
          "v1.stock.default.default.dc1": ["Service": "stock", "ServiceSubset": "v1"],
          "v2.stock.default.default.dc1": ["Service": "stock", "ServiceSubset": "v2"],
        ],
      ]
    ]
    consul.change { $0.answers["/v1/discovery-chain/stock"] = HTTPResponse(status: 200, body: JSONWriter.bytes(chain)) }
    let plane = try consul.plane()
    let snapshot = try await Self.snapshot(plane)
    let route = try #require(snapshot.routes[Self.ref("service-splitter", "stock")])
    let report = await plane.programmed(for: [route], in: snapshot)
    let programmed = ConsulRules().routing(in: snapshot, plane: "vms").programmed(route.rules[0], of: route, in: report)
    #expect(programmed.map { $0.value?.weight } == [9_000, 1_000])
  }
}
