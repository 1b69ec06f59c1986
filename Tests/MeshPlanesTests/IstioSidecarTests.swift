import MeshModel
import Testing

@testable import MeshPlanes

/// Sidecars: whom they are for, the hosts they tell proxies of, and what is wrong with them.
@Suite struct IstioSidecarTests {
  static func sidecar(_ spec: String, namespace: String = "shop", version: String = "v1") -> String {
    #"{"apiVersion":"networking.istio.io/\#(version)","kind":"Sidecar","metadata":{"name":"own","namespace":"\#(namespace)"},"spec":\#(spec)}"#
  }

  static let cart = #"{"workloadSelector":{"labels":{"app":"cart"}},"egress":[{"hosts":["./*"]}]}"#

  static func scopes(_ text: String) throws -> [EgressScope] {
    let scopes: [EgressScope] = try IstioFixtures.entities(text: text).compactMap {
      if case .egressScope(let value) = $0 { value } else { nil }
    }
    return scopes
  }

  static func well(_ settings: MeshSettings = MeshSettings()) -> SmallMesh {
    var mesh = SmallMesh(settings: settings)
    mesh.add("cart")
    mesh.add("ingress", in: "istio-system")
    return mesh
  }

  static func findings(_ mesh: SmallMesh, _ objects: String...) throws -> [Finding] {
    var mesh = mesh
    for object in objects { try mesh.add(objects: object) }
    return IstioAnalysis(mesh.snapshot, plane: "lab").findings()
  }

  /// As Istio's documentation of Sidecar has it: listeners with a port and without, and a listener for what comes in.
  @Test(arguments: ["v1", "v1beta1", "v1alpha3"])
  func readsTheWorkloadsAndTheHostsOfEveryListener(version: String) throws {
    let spec = """
      {"workloadSelector":{"labels":{"app":"cart","version":"v1"}},
       "ingress":[{"port":{"number":9080,"protocol":"HTTP","name":"in"},"defaultEndpoint":"unix:///var/run/own.sock"}],
       "outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"},
       "egress":[{"port":{"number":9080,"protocol":"HTTP","name":"out"},"bind":"127.0.0.1","hosts":["shop/*"]},
        {"captureMode":"IPTABLES","hosts":["istio-system/*","./redis.shop.svc.cluster.local"]}]}
      """
    let scopes = try Self.scopes(Self.sidecar(spec, version: version))
    #expect(
      scopes == [
        EgressScope(
          ref: SmallMesh.ref("sidecar", "shop", "own"), selector: ["app": "cart", "version": "v1"],
          hosts: ["shop/*", "istio-system/*", "./redis.shop.svc.cluster.local"])
      ])
    #expect(scopes.first?.namesCallees == false, "patterns of what may be seen are no calls")
  }

  @Test(arguments: [
    "{}", "null", #"{"egress":[]}"#, #"{"egress":null,"workloadSelector":null}"#, #"{"workloadSelector":{}}"#,
    #"{"workloadSelector":{"labels":{}},"egress":[{"port":{"number":80,"protocol":"HTTP","name":"x"}}]}"#,
    #"{"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}}"#,
  ])
  func whatSelectsNothingAndNamesNothingIsEmpty(spec: String) throws {
    let scope = try #require(try Self.scopes(Self.sidecar(spec)).first)
    #expect(scope.selector.isEmpty)
    #expect(scope.hosts.isEmpty)
  }

  @Test func theRecordedListHasNone() throws {
    #expect(try IstioFixtures.json("kubernetes/istio/sidecars.v1.json")["kind"]?.string == "SidecarList")
    #expect(try IstioFixtures.entities("kubernetes/istio/sidecars.v1.json").isEmpty)
  }

  @Test func aMalformedSidecarIsAFault() {
    let text = Self.sidecar(#"{"egress":[{"hosts":"./*"}]}"#)
    #expect(throws: JSONError.self) { try Self.scopes(text) }
  }

  @Test func aSidecarForTheWholeMeshSelectsNoWorkloads() throws {
    let ingress = #"{"workloadSelector":{"labels":{"app":"ingress"}},"egress":[{"hosts":["*/*"]}]}"#
    let findings = try Self.findings(Self.well(), Self.sidecar(ingress, namespace: "istio-system"))
    #expect(findings.map(\.code) == ["MD1006"])
    let found = try #require(findings.first)
    #expect(found.severity == .warning)
    #expect(found.object == SmallMesh.ref("sidecar", "istio-system", "own"))
    #expect(found.pointer == "/spec/workloadSelector")
    #expect(found.equivalents == ["KIA1006"])
    #expect(found.message == "a Sidecar for the whole mesh cannot select workloads")
    #expect(found.remedy == "Take the selector away")
  }

  @Test func theRootNamespaceIsTheOneTheMeshNames() throws {
    let settings = MeshSettings(rootNamespace: "shop")
    #expect(try Self.findings(Self.well(settings), Self.sidecar(Self.cart)).map(\.code) == ["MD1006"])
    let ingress = #"{"workloadSelector":{"labels":{"app":"ingress"}}}"#
    #expect(try Self.findings(Self.well(settings), Self.sidecar(ingress, namespace: "istio-system")).isEmpty)
  }

  @Test(arguments: [
    ("shop", cart), ("shop", #"{"egress":[{"hosts":["./*"]}]}"#), ("istio-system", #"{"egress":[{"hosts":["./*"]}]}"#),
    ("istio-system", #"{"workloadSelector":{"labels":{}},"egress":[{"hosts":["./*"]}]}"#),
  ])
  func aSidecarThatIsWellIsNotFound(namespace: String, spec: String) throws {
    #expect(try Self.findings(Self.well(), Self.sidecar(spec, namespace: namespace)).isEmpty)
  }

  @Test func labelsThatNoWorkloadOfItsNamespaceHasAreFound() throws {
    let findings = try Self.findings(Self.well(), Self.sidecar(Self.cart, namespace: "web"))
    #expect(findings.map(\.code) == ["MD0004"])
    let found = try #require(findings.first)
    #expect(found.object == SmallMesh.ref("sidecar", "web", "own"))
    #expect(found.pointer == "/spec/workloadSelector")
    #expect(found.equivalents == ["KIA0004", "IST0127"])
    #expect(found.message == "no workload in web has the labels app=cart")
    var idle = Self.well()
    idle.add("cart", in: "web", count: 0)
    #expect(try Self.findings(idle, Self.sidecar(Self.cart, namespace: "web")).isEmpty, "it has no instance right now")
  }

  @Test func nothingIsFoundWhereInstancesAreNotKnownOrOnAnotherPlane() throws {
    let sidecar = Self.sidecar(Self.cart, namespace: "istio-system")
    #expect(try Self.findings(SmallMesh(), sidecar).isEmpty)
    var mesh = Self.well()
    mesh.snapshot.apply(
      .upsert(
        .egressScope(
          EgressScope(
            ref: ObjectRef(plane: "other", namespace: "istio-system", kind: "sidecar", name: "own"),
            selector: ["app": "cart"], hosts: ["./*"]))))
    #expect(try Self.findings(mesh).isEmpty)
    #expect(try Self.findings(mesh, sidecar).map(\.code).sorted() == ["MD0004", "MD1006"], "both hold of the same one")
  }
}
