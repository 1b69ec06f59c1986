import MeshModel
import Testing

@testable import MeshPlanes

/// What a BackendTLSPolicy makes of the calls of gateways.
@Suite struct BackendTLSVerdictTests {
  static func policy(section: String? = nil, accepted: String = "True") -> String {
    let port = section.map { #","sectionName":"\#($0)""# } ?? ""
    return """
      {"apiVersion":"gateway.networking.k8s.io/v1","kind":"BackendTLSPolicy","metadata":{"name":"web-tls","namespace":"shop"},
       "spec":{"targetRefs":[{"group":"","kind":"Service","name":"web"\(port)}],
       "validation":{"hostname":"web.example.com","wellKnownCACertificates":"System"}},
       "status":{"ancestors":[{"ancestorRef":{"name":"edge"},"controllerName":"c","conditions":[
       {"type":"Accepted","status":"\(accepted)","reason":"r","message":"m"}]}]}}
      """
  }

  static func verdict(
    _ proxy: ProxyMode, _ server: MTLSMode, _ policies: String...
  ) throws -> MTLSVerdict {
    var mesh = SmallMesh()
    mesh.add("web")
    mesh.add("edge", proxy: proxy)
    mesh.peer(in: "shop", server)
    for text in policies {
      for entity in try GatewayAPIDialect().entities(from: JSONValue(parsing: text), plane: "lab") {
        mesh.snapshot.apply(.upsert(entity))
      }
    }
    return IstioMTLS(mesh.snapshot, plane: "lab").verdict(
      client: try mesh.workload("edge-v1"), service: try mesh.service("web"), port: 80)
  }

  @Test func aGatewayBeginsTLSOfItsOwn() throws {
    let verdict = try Self.verdict(.gateway, .permissive, Self.policy())
    #expect(verdict.outcome == .applicationTLS)
    #expect(verdict.reasons.first?.text.hasPrefix("BackendTLSPolicy web-tls has gateways begin TLS") == true)
    #expect(verdict.reasons.first?.source?.object.name == "web-tls")
    #expect(try Self.verdict(.gateway, .strict, Self.policy()).outcome == .breaks)
  }

  @Test func itIsForNobodyElseAndForItsPortAlone() throws {
    #expect(try Self.verdict(.sidecar, .permissive, Self.policy()).outcome == .mtls)
    #expect(try Self.verdict(.gateway, .permissive, Self.policy(section: "admin")).outcome == .mtls)
    #expect(try Self.verdict(.gateway, .permissive, Self.policy(section: "http")).outcome == .applicationTLS)
    #expect(try Self.verdict(.gateway, .permissive, Self.policy(accepted: "False")).outcome == .mtls)
  }
}
