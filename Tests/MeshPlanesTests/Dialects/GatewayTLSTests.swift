import MeshModel
import Testing

@testable import MeshPlanes

/// TLS at a gateway's two sides, and when a route of it is in effect.
@Suite struct GatewayTLSTests {
  static func policy(_ version: String, _ validation: String) -> String {
    """
    {"apiVersion":"gateway.networking.k8s.io/\(version)","kind":"BackendTLSPolicy","metadata":{"name":"pay","namespace":"shop",
     "generation":3},"spec":{"targetRefs":[{"group":"","kind":"Service","name":"pay","sectionName":"https"},
     {"group":"","kind":"Service","name":"ledger"}],"validation":\(validation)},"status":{"ancestors":[{"ancestorRef":{
     "name":"edge"},"controllerName":"c","conditions":[{"type":"Accepted","status":"False","observedGeneration":3,
     "reason":"Invalid","message":"no such ConfigMap"}]}]}}
    """
  }

  static func entities(_ text: String) throws -> [Entity] {
    try GatewayAPIDialect().entities(from: JSONValue(parsing: text), plane: "lab")
  }

  static func snapshot(_ texts: String...) throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    for text in texts { for entity in try entities(text) { snapshot.apply(.upsert(entity)) } }
    return snapshot
  }

  @Test(
    arguments: [
      (
        "v1", #"{"hostname":"pay.example","wellKnownCACertificates":"System"}"#,
        "certificate of pay.example by system authorities"
      ),
      (
        "v1alpha3", #"{"hostname":"pay.example","caCertificateRefs":[{"group":"","kind":"ConfigMap","name":"ca"}]}"#,
        "certificate of pay.example by authorities of ca"
      ),
      (
        "v1",
        #"{"hostname":"h","subjectAltNames":[{"type":"URI","uri":"spiffe://d/pay"}],"wellKnownCACertificates":"System"}"#,
        "certificate of spiffe://d/pay by system authorities"
      ),
    ])
  func aBackendTLSPolicySaysHowGatewaysReachItsServices(version: String, validation: String, words: String) throws {
    let snapshot = try Self.snapshot(Self.policy(version, validation))
    let first = try #require(snapshot.destinations[SmallMesh.ref("backendtlspolicy", "shop", "pay")])
    #expect(first.host == "pay")
    #expect(first.settings.tls == .simple)
    #expect(first.settings.verification == "port https: \(words)")
    let second = try #require(snapshot.destinations[SmallMesh.ref("backendtlspolicy", "shop", "pay:ledger")])
    #expect(second.host == "ledger")
    #expect(second.settings.verification == words)
    let codes = GatewayAPIDialect().findings(in: snapshot, plane: "lab").map(\.code)
    #expect(codes == ["MD2106", "MD2106"])
  }

  static func gateway(_ kind: String, _ listeners: String, programmed: String = "True", seen: Int = 2) -> String {
    """
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"\(kind)","metadata":{"name":"edge","namespace":"shop",
     "generation":2},"spec":{"gatewayClassName":"c","parentRef":{"name":"main"},"listeners":[\(listeners)]},
     "status":{"conditions":[{"type":"Programmed","status":"\(programmed)","observedGeneration":\(seen),"reason":"r",
     "message":"m"}]}}
    """
  }

  @Test func aListenerThatEndsTLSNamesItsCertificates() throws {
    let secured =
      #"{"name":"https","port":443,"protocol":"HTTPS","tls":{"certificateRefs":[{"name":"edge-cert"}]}}"#
    let bare = #"{"name":"https","port":443,"protocol":"HTTPS","tls":{"mode":"Terminate"}}"#
    let passing = #"{"name":"tls","port":444,"protocol":"TLS","tls":{"mode":"Passthrough"}}"#
    let whole = try Self.snapshot(Self.gateway("Gateway", "\(secured),\(passing)"))
    let gateway = try #require(whole.gateways[SmallMesh.ref("gateway.gateway.networking.k8s.io", "shop", "edge")])
    #expect(gateway.listeners.map(\.certificates) == [["edge-cert"], []])
    #expect(gateway.listeners.map(\.tls) == ["Terminate", "Passthrough"])
    #expect(GatewayAPIDialect().findings(in: whole, plane: "lab").isEmpty)
    let lacking = try Self.snapshot(Self.gateway("Gateway", bare))
    #expect(GatewayAPIDialect().findings(in: lacking, plane: "lab").map(\.code) == ["MD2108"])
  }

  @Test func aListenerSetAddsListenersToItsGateway() throws {
    let snapshot = try Self.snapshot(
      Self.gateway("ListenerSet", #"{"name":"http","port":8080,"protocol":"HTTP"}"#))
    let set = try #require(snapshot.gateways[SmallMesh.ref("listenerset", "shop", "edge")])
    #expect(set.selector == ["gateway.networking.k8s.io/gateway-name": "main"])
    #expect(set.listeners.map(\.port) == [8080])
  }

  static let route = """
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"r","namespace":"shop","generation":1},
     "spec":{"parentRefs":[{"name":"edge"}],"rules":[{"backendRefs":[{"name":"a","port":80,"weight":1000000},
     {"name":"b","port":80,"weight":0}]}]},"status":{"parents":[{"parentRef":{"name":"edge"},"controllerName":"c",
     "conditions":[{"type":"Accepted","status":"ACCEPTED","observedGeneration":1,"reason":"r","message":""},
     {"type":"ResolvedRefs","status":"RESOLVED","observedGeneration":SEEN,"reason":"r","message":""}]}]}}
    """

  @Test(
    arguments: [
      ("True", "True", 1, "True", 2, 1), ("False", "True", 1, "True", 2, 0), ("True", "False", 1, "True", 2, 0),
      ("True", "True", 0, "True", 2, 0), ("True", "True", 1, "False", 2, 0), ("True", "True", 1, "True", 1, 0),
    ])
  func aRouteIsInEffectWhereItsParentsAndItsGatewaySaySo(
    accepted: String, resolved: String, seen: Int, programmed: String, gatewaySeen: Int, acknowledged: Int
  ) throws {
    let text = Self.route.replacing("ACCEPTED", with: accepted).replacing("RESOLVED", with: resolved)
      .replacing("SEEN", with: String(seen))
    let snapshot = try Self.snapshot(
      text, Self.gateway("Gateway", "", programmed: programmed, seen: gatewaySeen))
    let route = try #require(snapshot.routes[SmallMesh.ref("httproute", "shop", "r")])
    let report = ProgrammedReport(at: Instant(seconds: 9))
    let found = GatewayAPIDialect().routing(in: snapshot, plane: "lab")
      .programmed(try #require(route.rules.first), of: route, in: report)
    #expect(found.map { $0.value?.acknowledged } == [acknowledged, acknowledged])
    #expect(found.map { $0.value?.share } == [1, 0])
  }
}
