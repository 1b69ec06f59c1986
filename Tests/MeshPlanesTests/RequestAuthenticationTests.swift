import MeshModel
import Testing

@testable import MeshPlanes

/// RequestAuthentication: whom it is for, the issuers whose tokens it takes, and what is wrong with it.
@Suite struct RequestAuthenticationTests {
  static func authentication(_ spec: String, namespace: String = "shop", version: String = "v1") -> String {
    #"{"apiVersion":"security.istio.io/\#(version)","kind":"RequestAuthentication","metadata":{"name":"sessions","namespace":"\#(namespace)"},"spec":\#(spec)}"#
  }

  static func rules(_ selector: String) -> String {
    #"{"selector":{"matchLabels":\#(selector)},"jwtRules":[{"issuer":"https://accounts.example.com"}]}"#
  }

  static func policy(_ text: String) throws -> AccessPolicy {
    let policies: [AccessPolicy] = try IstioFixtures.entities(text: text).compactMap {
      if case .accessPolicy(let value) = $0 { value } else { nil }
    }
    #expect(policies.count == 1)
    return try #require(policies.first)
  }

  static func findings(_ mesh: SmallMesh, _ text: String) throws -> [Finding] {
    var mesh = mesh
    try mesh.add(objects: text)
    return IstioAnalysis(mesh.snapshot, plane: "lab").findings()
  }

  static func shop() -> SmallMesh {
    var mesh = SmallMesh()
    mesh.add("cart")
    return mesh
  }

  /// As Istio's documentation of RequestAuthentication has it, with what a rule may say besides its issuer.
  @Test(arguments: ["v1", "v1beta1"])
  func readsWhomItIsForAndTheIssuersItTakes(version: String) throws {
    let spec = """
      {"selector":{"matchLabels":{"app":"cart","version":"v1"}},
       "jwtRules":[
        {"issuer":"https://accounts.example.com","jwksUri":"https://accounts.example.com/keys","audiences":["shop"],
         "fromHeaders":[{"name":"x-jwt","prefix":"Bearer "}],"fromParams":["token"],"forwardOriginalToken":true},
        {"jwks":"{ \\"keys\\":[] }","outputClaimToHeaders":[{"header":"x-sub","claim":"sub"}],"issuer":"staff@example.com"}]}
      """
    let policy = try Self.policy(Self.authentication(spec, version: version))
    #expect(
      policy
        == AccessPolicy(
          ref: SmallMesh.ref("requestauthentication", "shop", "sessions"), selector: ["app": "cart", "version": "v1"],
          action: "JWT", rules: ["token of https://accounts.example.com", "token of staff@example.com"]))
    #expect(policy.principals.isEmpty, "tokens are no identities of the mesh")
    #expect(policy.targets.isEmpty)
  }

  @Test(arguments: ["{}", "null", #"{"jwtRules":[]}"#, #"{"selector":{},"jwtRules":null}"#])
  func whatDemandsNothingIsForAllOfItsNamespace(spec: String) throws {
    let policy = try Self.policy(Self.authentication(spec))
    #expect(policy.action == "JWT")
    #expect(policy.selector.isEmpty)
    #expect(policy.rules.isEmpty)
    let cart = try Self.shop().workload("cart-v1")
    #expect(policy.isFor(cart))
  }

  @Test func aSelectorIsForTheWorkloadsOfItsNamespaceThatHaveItsLabels() throws {
    let cart = try Self.shop().workload("cart-v1")
    #expect(try Self.policy(Self.authentication(Self.rules(#"{"app":"cart"}"#))).isFor(cart))
    #expect(try !Self.policy(Self.authentication(Self.rules(#"{"app":"web"}"#))).isFor(cart))
    #expect(try !Self.policy(Self.authentication(Self.rules(#"{"app":"cart"}"#), namespace: "web")).isFor(cart))
  }

  @Test func targetsAreOfItsOwnNamespaceUnlessTheyNameAnother() throws {
    let policy = try Self.policy(
      Self.authentication(
        #"{"jwtRules":[{"issuer":"x"}],"targetRefs":["#
          + #"{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"waypoint"},"#
          + #"{"kind":"Service","group":"","name":"cart","namespace":"web"},"#
          + #"{"group":"gateway.networking.k8s.io","kind":"GatewayClass","name":"istio-waypoint"}]}"#))
    #expect(
      policy.targets == [
        SmallMesh.ref("gateway.gateway.networking.k8s.io", "shop", "waypoint"), SmallMesh.ref("service", "web", "cart"),
        SmallMesh.ref("gatewayclass", "shop", "istio-waypoint"),
      ])
    #expect(policy.rules == ["token of x"])
    let cart = try Self.shop().workload("cart-v1")
    #expect(!policy.isFor(cart))
  }

  @Test func theRecordedListHasNone() throws {
    let file = "kubernetes/istio/requestauthentications.v1.json"
    #expect(try IstioFixtures.json(file)["kind"]?.string == "RequestAuthenticationList")
    #expect(try IstioFixtures.entities(file).isEmpty)
  }

  @Test func aMalformedRuleIsAFault() {
    let text = Self.authentication(#"{"jwtRules":[{"issuer":["x"]}]}"#)
    #expect(throws: JSONError.self) { try Self.policy(text) }
  }

  @Test func labelsThatNoWorkloadHasAreFound() throws {
    let findings = try Self.findings(Self.shop(), Self.authentication(Self.rules(#"{"app":"nosuch"}"#)))
    #expect(findings.map(\.code) == ["MD0004"])
    let found = try #require(findings.first)
    #expect(found.object == SmallMesh.ref("requestauthentication", "shop", "sessions"))
    #expect(found.pointer == "/spec/selector/matchLabels")
    #expect(found.equivalents == ["KIA0004", "IST0127"])
    #expect(found.message == "no workload in shop has the labels app=nosuch")
    #expect(try Self.findings(Self.shop(), Self.authentication(Self.rules(#"{"app":"cart"}"#))).isEmpty)
  }

  @Test func inTheRootNamespaceItSelectsInAll() throws {
    func found(_ selector: String) throws -> [String] {
      let text = Self.authentication(Self.rules(selector), namespace: "istio-system")
      return try Self.findings(Self.shop(), text).map(\.message)
    }
    #expect(try found(#"{"app":"cart"}"#).isEmpty)
    #expect(try found(#"{"app":"nosuch"}"#) == ["no workload has the labels app=nosuch"])
  }

  @Test func tokensNeedNoMeshTLS() throws {
    var mesh = Self.shop()
    mesh.peer(in: "shop", .disable)
    let findings = try Self.findings(mesh, Self.authentication(Self.rules(#"{"app":"cart"}"#)))
    #expect(!findings.contains { $0.code == "MD0105" })
  }
}
