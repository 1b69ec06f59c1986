import MeshModel
import Testing

@testable import MeshPlanes

/// What servers accept by the policies of Istio 1.0 to 1.5. Source: Istio 1.1 and 1.4 as named in the code.
@Suite struct AuthenticationPolicyTests {
  static func policy(_ name: String, _ spec: String, created: String = "2019-01-01T00:00:00Z") -> String {
    #"{"apiVersion":"authentication.istio.io/v1alpha1","kind":"Policy","metadata":{"name":"\#(name)","namespace":"shop","resourceVersion":"7","creationTimestamp":"\#(created)"},"spec":\#(spec)}"#
  }

  static func mesh(_ spec: String, name: String = "default") -> String {
    #"{"apiVersion":"authentication.istio.io/v1alpha1","kind":"MeshPolicy","metadata":{"name":"\#(name)","resourceVersion":"7"},"spec":\#(spec)}"#
  }

  static let ports = [
    ServicePort(name: "http", port: 80, targetPort: 8080, appProtocol: "http"),
    ServicePort(name: "http-ops", port: 9000, targetPort: 9090, appProtocol: "http"),
  ]

  static func shop(_ objects: String...) throws -> MeshSnapshot {
    var mesh = SmallMesh(settings: MeshSettings(autoMTLS: false))
    mesh.add("cart", ports: ports)
    for object in objects { try mesh.add(objects: object) }
    return mesh.snapshot
  }

  static func accepted(_ snapshot: MeshSnapshot, port: Int? = nil) throws -> (mode: MTLSMode, reasons: [Reason]) {
    let ref = SmallMesh.ref("deployment", "shop", "cart-v1")
    return IstioMTLS(snapshot, plane: "lab").accepted(by: try #require(snapshot.workloads[ref]), port: port)
  }

  @Test(arguments: [
    (#"{"peers":[{"mtls":null}]}"#, MTLSMode.strict), (#"{"peers":[{"mtls":{}}]}"#, .strict),
    (#"{"peers":[{"mtls":{"mode":"STRICT"}}]}"#, .strict), (#"{"peers":[{"mtls":{"mode":0}}]}"#, .strict),
    (#"{"peers":[{"mtls":{"mode":"PERMISSIVE"}}]}"#, .permissive), (#"{"peers":[{"mtls":{"mode":1}}]}"#, .permissive),
    (#"{"peers":[{"jwt":{"issuer":"x"}},{"mtls":{"mode":"PERMISSIVE"}},{"mtls":{}}]}"#, .permissive),
    (#"{"peers":[{"mtls":{}}],"peerIsOptional":true}"#, .strict), (#"{"peers":[]}"#, .disable), ("{}", .disable),
    (#"{"origins":[{"jwt":{"issuer":"x"}}]}"#, .disable), ("null", .disable),
  ])
  func theFirstMutualMethodCounts(spec: String, mode: MTLSMode) throws {
    #expect(try Self.accepted(Self.shop(Self.mesh(spec))).mode == mode)
    #expect(try Self.accepted(Self.shop(Self.policy("default", spec))).mode == mode)
  }

  @Test func theMostSpecificPolicyCountsWhole() throws {
    let strict = #""peers":[{"mtls":{}}]"#
    let permissive = #""peers":[{"mtls":{"mode":"PERMISSIVE"}}]"#
    let none = try Self.accepted(Self.shop(Self.mesh("{\(strict)}", name: "other")))
    #expect(none.mode == .disable)
    #expect(none.reasons.first?.text.contains("plaintext only") == true)
    #expect(try Self.accepted(Self.shop(Self.mesh("{\(strict)}"))).mode == .strict)
    let space = try Self.accepted(Self.shop(Self.mesh("{\(strict)}"), Self.policy("default", "{}")))
    #expect(space.mode == .disable)
    let service = try Self.shop(
      Self.mesh("{\(strict)}"), Self.policy("default", "{}"),
      Self.policy("cart", #"{"targets":[{"name":"cart"}],\#(permissive)}"#),
      Self.policy("ops", #"{"targets":[{"name":"cart","ports":[{"name":"http-ops"}]}],\#(strict)}"#))
    #expect(try Self.accepted(service).mode == .permissive)
    #expect(try Self.accepted(service, port: 8080).mode == .permissive)
    let port = try Self.accepted(service, port: 9090)
    #expect(port.mode == .strict)
    #expect(port.reasons.first?.source?.object.name == "ops")
    #expect(IstioMTLS(service, plane: "lab").exceptionalPorts == [9090])
    // A port of the container that no service leads to has no listener.
    let workload = try #require(service.workloads[SmallMesh.ref("deployment", "shop", "cart-v1")])
    #expect(IstioMTLS(service, plane: "lab").serverMode(workload: workload, port: 7070).mode == .disable)
  }

  @Test func aPolicyForAPortTakesTheServicesNumberAndNotTheContainers() throws {
    let strict = #"{"targets":[{"name":"cart","ports":[{"number":8080}]}],"peers":[{"mtls":{}}]}"#
    let snapshot = try Self.shop(Self.policy("cart", strict))
    #expect(try Self.accepted(snapshot, port: 8080).mode == .disable)
    #expect(IstioAnalysis(snapshot, plane: "lab").findings().contains { $0.code == "MD0004" })
  }

  @Test func callersGoByDestinationRulesAlone() throws {
    let strict = Self.policy("default", #"{"peers":[{"mtls":{}}]}"#)
    var snapshot = try Self.shop(strict)
    func verdict() throws -> MTLSVerdict {
      let ref = SmallMesh.ref("service", "shop", "cart")
      return IstioMTLS(snapshot, plane: "lab").verdict(
        client: MTLSClient(namespace: "shop"), service: try #require(snapshot.services[ref]), port: 80)
    }
    #expect(try verdict().outcome == .breaks)
    #expect(try verdict().client == "plaintext")
    #expect(IstioAnalysis(snapshot, plane: "lab").findings().map(\.code).contains("MD0503"))
    for entity in try IstioFixtures.entities(
      text: IstioClientChoiceTests.rule("d", "shop", #""trafficPolicy":{"tls":{"mode":"ISTIO_MUTUAL"}}"#))
    { snapshot.apply(.upsert(entity)) }
    #expect(try verdict().outcome == .mtls)
    #expect(!IstioAnalysis(snapshot, plane: "lab").findings().map(\.code).contains("MD0503"))
    let feed = MeshSnapshot.FeedKey(plane: "lab", kind: "policy.authentication.istio.io")
    snapshot.feeds[feed] = .live(Instant(seconds: 1))
    snapshot.apply(.remove(SmallMesh.ref("policy.authentication.istio.io", "shop", "default")))
    #expect(try verdict().outcome == .breaks)
  }

  @Test("Where both are served, PeerAuthentication counts; Istio 1.6 reads nothing else")
  func bothGenerations() throws {
    var mesh = SmallMesh()
    mesh.add("cart", ports: Self.ports)
    try mesh.add(objects: Self.policy("default", "{}"))
    mesh.snapshot.feeds[MeshSnapshot.FeedKey(plane: "lab", kind: "peerauthentication")] = .live(Instant(seconds: 1))
    let before = try Self.accepted(mesh.snapshot)
    #expect(before.mode == .disable)
    #expect(before.reasons.first?.text.contains("1.5") == true)
    var newer = mesh
    newer.snapshot.meshes["lab"] = MeshSettings(version: "default")
    #expect(try Self.accepted(newer.snapshot).mode == .permissive)
    #expect(IstioAnalysis(newer.snapshot, plane: "lab").findings().map(\.code) == ["MD0506"])
    mesh.peer(in: "istio-system", .strict)
    #expect(try Self.accepted(mesh.snapshot).mode == .strict)
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings().map(\.code).contains("MD0506"))
  }

  @Test("only the MeshPolicy with the name default is used, and any other is found")
  func namesOfMeshPolicies() throws {
    func findings(_ snapshot: MeshSnapshot) -> [Finding] { IstioAnalysis(snapshot, plane: "lab").findings() }
    let other = Self.mesh(#"{"peers":[{"mtls":{}}]}"#, name: "other")
    let permissive = Self.mesh(#"{"peers":[{"mtls":{"mode":"PERMISSIVE"}}]}"#)
    let alone = try Self.shop(other)
    #expect(findings(alone).map(\.code) == ["MD0507"])
    let found = try #require(findings(alone).first)
    #expect(found.severity == .error)
    #expect(found.object == SmallMesh.ref("meshpolicy", "", "other"))
    #expect(found.pointer == "/metadata/name")
    #expect(found.message == "only the MeshPolicy with the name default is used: this one has no effect")
    #expect(found.remedy == "Name it default, or delete it")
    #expect(try Self.accepted(alone).mode == .disable)
    let both = try Self.shop(other, permissive)
    #expect(findings(both).map { "\($0.code) \($0.object.name)" } == ["MD0507 other"])
    #expect(try Self.accepted(both).mode == .permissive)
    let named = try Self.shop(permissive, Self.policy("other", "{}"))
    #expect(findings(named).isEmpty, "a Policy may have any name")
    var newer = alone
    newer.feeds[MeshSnapshot.FeedKey(plane: "lab", kind: "peerauthentication")] = .live(Instant(seconds: 1))
    newer.meshes["lab"] = MeshSettings(version: "default")
    #expect(findings(newer).map(\.code) == ["MD0506"], "no name helps where PeerAuthentication alone is read")
  }
}
