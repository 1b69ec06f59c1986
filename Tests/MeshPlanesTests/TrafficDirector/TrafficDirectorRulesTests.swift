import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// The arithmetic of weights, and what endpoint policies come to.
@Suite struct TrafficDirectorRulesTests {
  typealias Fault = TrafficDirectorWeights.Fault

  static let table: [([Int?], Fault?, [Double])] = [
    ([90, 10], Fault?.none, [0.9, 0.1]), ([1, 2], nil, [1.0 / 3, 2.0 / 3]), ([5], nil, [1]), ([0], nil, [1]),
    ([nil, nil], nil, [0.5, 0.5]), ([nil], nil, [1]), ([0, 0], .zeroSum, [0.5, 0.5]), ([3, 0], nil, [1, 0]),
    ([3, nil], .mixed, [1, 0]), ([-1, 2], .outOfRange(weight: -1), [0, 1]),
    ([2_147_483_647, 2_147_483_647], nil, [0.5, 0.5]),
    ([2_147_483_648, 1], .outOfRange(weight: 2_147_483_648), [2_147_483_648.0 / 2_147_483_649, 1 / 2_147_483_649.0]),
    ([2_147_483_647, 2_147_483_647, 2_147_483_647], .tooMuch, [1.0 / 3, 1.0 / 3, 1.0 / 3]),
  ]

  @Test(arguments: table) func weightsFollowTheAPIsOwnRule(_ weights: [Int?], _ fault: Fault?, _ shares: [Double]) {
    #expect(TrafficDirectorWeights.fault(weights) == fault)
    for (found, wanted) in zip(TrafficDirectorWeights.shares(weights), shares) { #expect(abs(found - wanted) < 1e-12) }
  }

  static let acceptances: [(JSONValue, ServerTLS)] = [
    (["mtlsPolicy": ["clientValidationCa": []]], ServerTLS.mutualStrict),
    (["mtlsPolicy": [:], "allowOpen": true], .mutualPermissive), (["serverCertificate": [:]], .oneWayStrict),
    (["serverCertificate": [:], "allowOpen": true], .oneWayPermissive), (["allowOpen": true], .plaintext),
  ]

  @Test(arguments: acceptances) func serverPoliciesAcceptWhatTheySay(_ json: JSONValue, _ accepted: ServerTLS) {
    #expect(TrafficDirectorSecurityReader.acceptance(json) == accepted)
  }

  static func policy(_ name: String, tls: String?, labels: [String: String] = [:], ports: [String] = []) -> JSONValue {
    var json: JSONValue = [
      "name": .string("projects/p/locations/global/endpointPolicies/\(name)"), "type": "SIDECAR_PROXY",
    ]
    json["endpointMatcher"] = [
      "metadataLabelMatcher": [
        "metadataLabelMatchCriteria": .string(labels.isEmpty ? "MATCH_ANY" : "MATCH_ALL"),
        "metadataLabels": .array(labels.map { ["labelName": .string($0.key), "labelValue": .string($0.value)] }),
      ]
    ]
    if let tls { json["serverTlsPolicy"] = .string("projects/9/locations/global/serverTlsPolicies/\(tls)") }
    if !ports.isEmpty { json["trafficPortSelector"] = ["ports": .array(ports.map(JSONValue.string))] }
    return json
  }

  static let server: [JSONValue] = [
    ["name": "projects/p/locations/global/serverTlsPolicies/strict", "mtlsPolicy": [:]],
    ["name": "projects/p/locations/global/serverTlsPolicies/open", "mtlsPolicy": [:], "allowOpen": true],
  ]

  static func snapshot(_ policies: [JSONValue], client: ClientTLSMode? = nil) throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    for json in server + policies {
      for entity in try TrafficDirectorRules().entities(from: json, plane: "gcp") { snapshot.apply(.upsert(entity)) }
    }
    let ref = TrafficDirectorPlaneTests.ref(TrafficDirectorBackendReader.clientPolicyKind, "reviews")
    snapshot.apply(
      .upsert(.destination(DestinationPolicy(ref: ref, host: "reviews", settings: .init(tls: client)))))
    return snapshot
  }

  static let modes: [([JSONValue], Int?, MTLSMode)] = [
    ([], Int?.none, MTLSMode.disable), ([policy("all", tls: "strict")], nil, .strict),
    ([policy("all", tls: "open")], nil, .permissive), ([policy("all", tls: nil)], nil, .disable),
    ([policy("a", tls: "strict", labels: ["app": "a"])], nil, .unset),
    ([policy("a", tls: "strict", labels: ["app": "a"]), policy("all", tls: "strict")], nil, .strict),
    ([policy("a", tls: "open", labels: ["app": "a"]), policy("all", tls: "strict")], nil, .unset),
    ([policy("p", tls: "open", ports: ["8080"]), policy("all", tls: "strict")], 8080, .permissive),
    ([policy("p", tls: "open", ports: ["8080"]), policy("all", tls: "strict")], 9090, .strict),
    ([policy("all", tls: "unread")], nil, .unset),
  ]

  @Test(arguments: modes) func whatIsAcceptedFollowsThePolicies(_ policies: [JSONValue], _ port: Int?, _ mode: MTLSMode)
    throws
  {
    let rules = TrafficDirectorMTLS(try Self.snapshot(policies), plane: "gcp")
    let workload = Workload(
      ref: TrafficDirectorPlaneTests.ref("workload", "w"), labels: [:], nativeKind: "instancegroup")
    let (found, reasons) = rules.accepted(by: workload, port: port)
    #expect(found == mode)
    #expect(!reasons.isEmpty)
    if mode == .unset { #expect(reasons.contains { $0.text.contains("was not read") || $0.text.contains("labels") }) }
  }

  static let verdicts: [(String?, ClientTLSMode?, MTLSVerdict.Outcome)] = [
    ("strict", ClientTLSMode.mutual, MTLSVerdict.Outcome.mtls), ("strict", nil, .breaks), ("strict", .simple, .breaks),
    ("open", nil, .plaintext), ("open", .mutual, .mtls), (nil, nil, .plaintext), (nil, .mutual, .breaks),
  ]

  @Test(arguments: verdicts)
  func aCallComesOfBothEnds(_ tls: String?, _ client: ClientTLSMode?, _ outcome: MTLSVerdict.Outcome) throws {
    let rules = TrafficDirectorMTLS(try Self.snapshot([Self.policy("all", tls: tls)], client: client), plane: "gcp")
    let workload = Workload(
      ref: TrafficDirectorPlaneTests.ref("workload", "w"), labels: [:], nativeKind: "instancegroup")
    let service = Service(ref: TrafficDirectorPlaneTests.ref("service", "reviews"), hosts: ["reviews"], ports: [])
    #expect(rules.verdict(client: workload, server: workload, service: service, port: 80).outcome == outcome)
  }

  @Test func aModeIsSetOnEveryServerPolicyInUse() async throws {
    let fake = FakeTrafficDirector.shop()
    fake.store(
      "serverTlsPolicies/open",
      ["mtlsPolicy": ["clientValidationCa": [["certificateProviderInstance": [:]]]], "allowOpen": true])
    fake.store("endpointPolicies/all", Self.policy("all", tls: "open"))
    let plane = try fake.plane()
    let strict = MTLSIntent(plane: "gcp", scope: .mesh, mode: .strict)
    let steps = try await plane.steps(for: .mtls(strict), in: MeshSnapshot())
    #expect(steps.map(\.object.name) == ["open"])
    _ = try await plane.apply(steps[0])
    #expect(fake["serverTlsPolicies/open"]?["allowOpen"] == nil)
    #expect(fake.writes.first?.url.hasSuffix("updateMask=allowOpen") == true)
    #expect(try await plane.steps(for: .mtls(strict), in: MeshSnapshot()).isEmpty)
    let narrow = MTLSIntent(plane: "gcp", scope: .workload, namespace: "global", workload: "w", mode: .strict)
    await #expect { _ = try await plane.steps(for: .mtls(narrow), in: MeshSnapshot()) } throws: {
      ($0 as? MeshError)?.code == .refused && ($0 as? MeshError)?.remedy?.hasPrefix("say mesh") == true
    }
  }

  @Test func conditionsAreReadByTheirRoutesKind() throws {
    func condition(_ json: JSONValue, _ layer: Rule.Layer) -> RuleMatch? {
      TrafficDirectorMatchReader(match: json, layer: layer).condition()
    }
    #expect(condition([:], .http) == nil)
    #expect(condition(["fullPathMatch": "/a", "ignoreCase": true], .http)?.ignoreUriCase == true)
    let headers = condition(
      ["headers": [["header": "A", "suffixMatch": "x"], ["header": "B", "presentMatch": true, "invertMatch": true]]],
      .http)
    #expect(headers?.others == ["a *x"] && headers?.withoutHeaders["b"] == .present)
    #expect(condition(["method": ["grpcService": "s", "grpcMethod": "m"]], .grpc)?.uri == .exact("/s/m"))
    #expect(condition(["method": ["grpcService": "s"]], .grpc)?.uri == .prefix("/s/"))
    #expect(condition(["address": "10.0.0.1/32", "port": "70"], .tcp)?.port == 70)
    #expect(condition(["sniHost": ["a.b"], "alpn": ["h2"]], .tls)?.sniHosts == ["a.b"])
  }

  @Test func whatFollowsARuleForEverythingIsNotReached() throws {
    let json: JSONValue = [
      "name": "projects/p/locations/global/httpRoutes/x", "hostnames": ["x"], "meshes": ["m/meshes/a"],
      "rules": [["action": [:]], ["matches": [["prefixMatch": "/a"]], "action": [:]]],
    ]
    var snapshot = MeshSnapshot()
    for entity in try TrafficDirectorRules().entities(from: json, plane: "gcp") { snapshot.apply(.upsert(entity)) }
    let findings = TrafficDirectorRules().findings(in: snapshot, plane: "gcp")
    #expect(findings.map(\.code) == ["MD4204"])
    #expect(findings.first?.pointer == "/rules/1")
  }
}
