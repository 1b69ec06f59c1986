import MeshModel
import Testing

@testable import MeshPlanes

/// what Istio's server and client rules come to: what comes of a call, every cell.
@Suite struct IstioVerdictTests {
  enum Client: String, Sendable, CaseIterable {
    case auto, istioMutual = "ISTIO_MUTUAL", disable = "DISABLE", simple = "SIMPLE", mutual = "MUTUAL", unmeshed
  }
  enum Server: String, Sendable, CaseIterable {
    case strict = "STRICT", permissive = "PERMISSIVE", disable = "DISABLE", noSidecar
  }

  static let table: [Client: [MTLSVerdict.Outcome]] = [
    .auto: [.mtls, .mtls, .plaintext, .plaintext],
    .istioMutual: [.mtls, .mtls, .breaks, .breaks],
    .disable: [.breaks, .plaintext, .plaintext, .plaintext],
    .unmeshed: [.breaks, .plaintext, .plaintext, .plaintext],
    .simple: [.breaks, .applicationTLS, .applicationTLS, .applicationTLS],
    .mutual: [.breaks, .applicationTLS, .applicationTLS, .applicationTLS],
  ]

  @Test(arguments: Client.allCases, Server.allCases)
  func decidesAsTheTableSays(client: Client, server: Server) throws {
    let column = try #require(Server.allCases.firstIndex(of: server))
    let expected = try #require(Self.table[client]?[column])
    var mesh = SmallMesh()
    mesh.add("cart", proxy: server == .noSidecar ? .none : .sidecar)
    if server != .noSidecar {
      // A workload policy: a namespace's DISABLE would make auto callers send plaintext before they look at the
      // instance.
      mesh.peer("w", in: "shop", try #require(MTLSMode(rawValue: server.rawValue)), selector: ["app": "cart"])
    }
    if client != .auto, client != .unmeshed {
      try mesh.add(
        objects: IstioClientChoiceTests.rule("d", "shop", #""trafficPolicy":{"tls":{"mode":"\#(client.rawValue)"}}"#))
    }
    let caller = MTLSClient(namespace: "web", proxy: client == .unmeshed ? .none : .sidecar)
    let verdict = IstioMTLS(mesh.snapshot, plane: "lab").verdict(
      client: caller, service: try mesh.service("cart"), port: 80)
    #expect(verdict.outcome == expected)
    #expect(verdict.reasons.count >= 3)
  }

  @Test func aStrictWorkloadInADisabledNamespaceBreaksAutoCallers() throws {
    var mesh = SmallMesh()
    mesh.add("cart")
    mesh.peer(in: "shop", .disable)
    mesh.peer("w", in: "shop", .strict, selector: ["app": "cart"])
    let mtls = IstioMTLS(mesh.snapshot, plane: "lab")
    let verdict = mtls.verdict(client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 80)
    #expect(verdict.server == .strict)
    #expect(verdict.client == "plaintext")
    #expect(verdict.outcome == .breaks)
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD0502" })
  }

  @Test func aDisabledPortUnderAStrictParentIsSafe() throws {
    var mesh = SmallMesh()
    mesh.add("cart", ports: [ServicePort(name: "", port: 9000, targetPort: 9090, appProtocol: "http")])
    mesh.peer("w", in: "shop", .strict, selector: ["app": "cart"], ports: [9090: .disable])
    let verdict = IstioMTLS(mesh.snapshot, plane: "lab").verdict(
      client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 9000)
    #expect(verdict.server == .disable)
    #expect(verdict.outcome == .plaintext)
  }

  @Test func theWorstInstanceDecides() throws {
    var mesh = SmallMesh()
    mesh.add("cart", version: "v1", count: 3)
    mesh.add("cart", version: "v2", proxy: .none)
    try mesh.add(objects: IstioClientChoiceTests.rule("d", "shop", IstioClientChoiceTests.mutual))
    let verdict = IstioMTLS(mesh.snapshot, plane: "lab").verdict(
      client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 80)
    #expect(verdict.outcome == .breaks)
    #expect(verdict.reasons.last?.text == "so it is for 1 of 4 instances; the others differ")
  }

  @Test func anInstanceNotLabelledAsTakingMeshTLSGetsPlaintext() throws {
    var mesh = SmallMesh()
    mesh.add("cart", speaksTLS: false)
    mesh.peer(in: "shop", .strict)
    let verdict = IstioMTLS(mesh.snapshot, plane: "lab").verdict(
      client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 80)
    #expect(verdict.outcome == .breaks)
  }

  @Test func saysNothingOfAServiceWithoutInstancesOrAnUnknownSubset() throws {
    var mesh = SmallMesh()
    mesh.add("cart", count: 0)
    let mtls = IstioMTLS(mesh.snapshot, plane: "lab")
    let client = MTLSClient(namespace: "web")
    #expect(mtls.verdict(client: client, service: try mesh.service("cart"), port: 80).outcome == .unknown)
    #expect(mtls.verdict(client: client, service: try mesh.service("cart"), port: 80, subset: "v9").outcome == .unknown)
  }
}
