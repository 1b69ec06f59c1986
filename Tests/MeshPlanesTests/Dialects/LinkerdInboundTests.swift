import MeshModel
import Testing

@testable import MeshPlanes

/// What ports let in by default, by annotation, by network, and by policies of every kind.
@Suite struct LinkerdInboundTests {
  /// A mesh of a server and three callers: meshed, without a proxy, and a VM.
  struct World {
    var snapshot = MeshSnapshot()

    init(cluster: String? = nil, namespace: String? = nil, template: String? = nil, instances: String? = nil) {
      snapshot.meshes["lab"] = MeshSettings(
        rootNamespace: "linkerd", defaultInbound: cluster, clusterNetworks: ["10.0.0.0/8"])
      func annotations(_ word: String?) -> [String: String]? { word.map { [DefaultInbound.annotation: $0] } }
      snapshot.apply(
        .upsert(
          .namespace(
            Namespace(
              ref: SmallMesh.ref("namespace", "", "shop"), labels: [:], annotations: annotations(namespace)))))
      for (name, proxy, address) in [
        ("books", ProxyMode.sidecar, "10.1.0.1"), ("web", .sidecar, "10.1.0.2"), ("plain", .none, "10.1.0.3"),
        ("far", .sidecar, "203.0.113.7"),
      ] {
        let ref = SmallMesh.ref("workload", "shop", name)
        snapshot.apply(
          .upsert(
            .workload(
              Workload(
                ref: ref, labels: ["app": name], serviceAccount: name, nativeKind: "deployment",
                annotations: name == "books" ? annotations(template) : nil))))
        snapshot.apply(
          .upsert(
            .endpoint(
              Endpoint(
                ref: SmallMesh.ref("pod", "shop", name), workload: ref, labels: ["app": name], address: address,
                isReady: true, proxy: proxy, acceptsMeshTLS: false,
                annotations: name == "books" ? annotations(instances) : nil))))
      }
      snapshot.apply(
        .upsert(
          .service(
            Service(
              ref: SmallMesh.ref("service", "shop", "books"), hosts: ["books.shop.svc.cluster.local"],
              ports: [ServicePort(name: "http", port: 80, targetPort: 8080, appProtocol: "http")],
              selector: ["app": "books"]))))
    }

    mutating func add(_ text: String) throws {
      for entity in try LinkerdDialect().entities(from: try JSONValue(parsing: text), plane: "lab") {
        snapshot.apply(.upsert(entity))
      }
    }

    func workload(_ name: String) throws -> Workload {
      try #require(snapshot.workloads[SmallMesh.ref("workload", "shop", name)])
    }

    func outcome(_ client: String) throws -> MTLSVerdict {
      let service = try #require(snapshot.services[SmallMesh.ref("service", "shop", "books")])
      return LinkerdDialect().mtls(in: snapshot, plane: "lab")
        .verdict(client: try workload(client), server: try workload("books"), service: service, port: 80)
    }
  }

  @Test(
    arguments: [
      ("all-unauthenticated", .mtls, .plaintext, .mtls, .permissive),
      ("all-authenticated", .mtls, .breaks, .mtls, .strict),
      ("cluster-unauthenticated", .mtls, .plaintext, .breaks, .permissive),
      ("cluster-authenticated", .mtls, .breaks, .breaks, .strict), ("deny", .breaks, .breaks, .breaks, .strict),
      ("audit", .mtls, .plaintext, .mtls, .permissive), ("nonsense", .unknown, .unknown, .unknown, .permissive),
    ] as [(String, MTLSVerdict.Outcome, MTLSVerdict.Outcome, MTLSVerdict.Outcome, MTLSMode)])
  func theDefaultPolicySaysWhoIsLetIn(
    _ word: String, _ meshed: MTLSVerdict.Outcome, _ plain: MTLSVerdict.Outcome, _ far: MTLSVerdict.Outcome,
    _ mode: MTLSMode
  ) throws {
    let world = World(namespace: word)
    for (client, wanted) in [("web", meshed), ("plain", plain), ("far", far)] {
      let verdict = try world.outcome(client)
      #expect(verdict.outcome == wanted, "\(client): \(verdict.reasons)")
      #expect(verdict.server == mode)
    }
  }

  @Test func theTemplateGoesBeforeTheNamespaceAndThatBeforeTheCluster() throws {
    func word(_ world: World) throws -> String {
      LinkerdMTLS(world.snapshot, plane: "lab").fallback(of: try world.workload("books")).word
    }
    #expect(try word(World(cluster: "deny", namespace: "audit", template: "all-authenticated")) == "all-authenticated")
    #expect(try word(World(cluster: "deny", namespace: "audit")) == "audit")
    #expect(try word(World(cluster: "deny")) == "deny")
    let unknown = World()
    #expect(try word(unknown) == "all-unauthenticated")
    let reasons = try unknown.outcome("web").reasons.map(\.text).joined(separator: " ")
    #expect(reasons.contains("could not be read"))
  }

  @Test func instancesThatRunAnotherPolicyAreAFinding() throws {
    var world = World(namespace: "deny", instances: "all-unauthenticated")
    let books = SmallMesh.ref("workload", "shop", "books")
    var endpoint = try #require(world.snapshot.endpoints[SmallMesh.ref("pod", "shop", "books")])
    endpoint.annotations?["linkerd.io/proxy-version"] = "edge-26.8.3"
    world.snapshot.apply(.upsert(.endpoint(endpoint)))
    let found = LinkerdDialect().findings(in: world.snapshot, plane: "lab")
    #expect(found.map(\.code) == ["MD2404"])
    #expect(found.first?.object == books)
    endpoint.annotations?[DefaultInbound.annotation] = "deny"
    world.snapshot.apply(.upsert(.endpoint(endpoint)))
    #expect(LinkerdDialect().findings(in: world.snapshot, plane: "lab").isEmpty)
  }

  @Test func aWordThatIsNoPolicyIsAFinding() throws {
    #expect(
      LinkerdDialect().findings(in: World(namespace: "open").snapshot, plane: "lab").map(\.code) == ["MD2403"])
  }

  static let server = """
    {"apiVersion":"policy.linkerd.io/v1beta3","kind":"Server","metadata":{"name":"books","namespace":"shop",
     "labels":{"tier":"web"}},"spec":{"podSelector":{"matchExpressions":[{"key":"app","operator":"In","values":["books"]}]},
     "port":8080,"accessPolicy":"deny"}}
    """

  static func policy(_ target: String, _ refs: String) -> String {
    """
    {"apiVersion":"policy.linkerd.io/v1alpha1","kind":"AuthorizationPolicy","metadata":{"name":"p","namespace":"shop"},
     "spec":{"targetRef":\(target),"requiredAuthenticationRefs":[\(refs)]}}
    """
  }

  static let serverTarget = #"{"group":"policy.linkerd.io","kind":"Server","name":"books"}"#
  static let networks = """
    {"apiVersion":"policy.linkerd.io/v1alpha1","kind":"NetworkAuthentication","metadata":{"name":"lan","namespace":"shop"},
     "spec":{"networks":[{"cidr":"10.1.0.0/24","except":["10.1.0.2/32"]}]}}
    """
  static let identities = """
    {"apiVersion":"policy.linkerd.io/v1alpha1","kind":"MeshTLSAuthentication","metadata":{"name":"ids","namespace":"shop"},
     "spec":{"identities":["*.shop.serviceaccount.identity.linkerd.cluster.local"]}}
    """

  @Test func everyAuthenticationThatAPolicyRequiresMustBeMet() throws {
    let refs = #"{"kind":"MeshTLSAuthentication","name":"ids"},{"kind":"NetworkAuthentication","name":"lan"}"#
    var world = World()
    for text in [Self.server, Self.policy(Self.serverTarget, refs), Self.identities, Self.networks] {
      try world.add(text)
    }
    // The identity fits all three; 10.1.0.2 is excepted, 203.0.113.7 is elsewhere.
    #expect(try world.outcome("web").outcome == .breaks)
    #expect(try world.outcome("far").outcome == .breaks)
    #expect(try world.outcome("plain").outcome == .breaks)
    try world.add(Self.networks.replacing(#","except":["10.1.0.2/32"]"#, with: ""))
    let verdict = try world.outcome("web")
    #expect(verdict.outcome == .mtls)
    #expect(verdict.server == .strict)
    let needs = verdict.reasons.map(\.text).joined(separator: "\n")
    #expect(
      needs.contains(
        "a caller needs the identity *.shop.serviceaccount.identity.linkerd.cluster.local (ids) and an address in "
          + "10.1.0.0/24 (lan)"), "\(needs)")
  }

  @Test func addressesThatAreNotKnownLeaveItOpen() throws {
    var world = World()
    try world.add(Self.server)
    try world.add(Self.policy(Self.serverTarget, #"{"kind":"NetworkAuthentication","name":"lan"}"#))
    try world.add(Self.networks)
    #expect(try world.outcome("plain").outcome == .plaintext)
    world.snapshot.apply(.remove(SmallMesh.ref("pod", "shop", "plain")))
    #expect(try world.outcome("plain").outcome == .unknown)
  }

  @Test(
    arguments: [
      (#"{"unauthenticated":true}"#, .mtls, .plaintext), (#"{"meshTLS":{"unauthenticatedTLS":true}}"#, .mtls, .breaks),
      (#"{"meshTLS":{"serviceAccounts":[{"name":"web"}]}}"#, .mtls, .breaks),
      (#"{"meshTLS":{"serviceAccounts":[{"name":"other"}]}}"#, .breaks, .breaks),
      (#"{"unauthenticated":true,"networks":[{"cidr":"10.1.0.3/32"}]}"#, .breaks, .plaintext),
    ] as [(String, MTLSVerdict.Outcome, MTLSVerdict.Outcome)])
  func aServerAuthorizationChoosesServersByLabels(
    _ client: String, _ meshed: MTLSVerdict.Outcome, _ plain: MTLSVerdict.Outcome
  ) throws {
    var world = World()
    try world.add(Self.server)
    try world.add(
      """
      {"apiVersion":"policy.linkerd.io/v1beta1","kind":"ServerAuthorization","metadata":{"name":"a","namespace":"shop"},
       "spec":{"server":{"selector":{"matchLabels":{"tier":"web"}}},"client":\(client)}}
      """)
    #expect(try world.outcome("web").outcome == meshed)
    #expect(try world.outcome("plain").outcome == plain)
  }

  @Test func aPolicyOfARouteLetsInForThatRouteAlone() throws {
    var world = World()
    try world.add(Self.server)
    try world.add(
      """
      {"apiVersion":"policy.linkerd.io/v1beta3","kind":"HTTPRoute","metadata":{"name":"reads","namespace":"shop"},
       "spec":{"parentRefs":[{"group":"policy.linkerd.io","kind":"Server","name":"books"}],
       "rules":[{"matches":[{"method":"GET"}]}]}}
      """)
    try world.add(
      Self.policy(
        #"{"group":"policy.linkerd.io","kind":"HTTPRoute","name":"reads"}"#, #"{"kind":"ServiceAccount","name":"web"}"#)
    )
    let verdict = try world.outcome("web")
    #expect(verdict.outcome == .mtls)
    #expect(verdict.reasons.last?.text.hasSuffix("for requests of route reads alone") == true)
    #expect(try world.outcome("far").outcome == .breaks)
  }

  @Test func aPortThatBypassesTheProxyIsPlaintext() throws {
    var world = World(namespace: "deny")
    var books = try #require(world.snapshot.endpoints[SmallMesh.ref("pod", "shop", "books")])
    books.annotations = ["config.linkerd.io/skip-inbound-ports": "25,8000-8100"]
    world.snapshot.apply(.upsert(.endpoint(books)))
    #expect(try world.outcome("web").outcome == .plaintext)
    #expect(try world.outcome("plain").outcome == .plaintext)
  }

  @Test func machinesOutsideTheClusterAreInstances() throws {
    var world = World()
    try world.add(
      """
      {"apiVersion":"workload.linkerd.io/v1beta1","kind":"ExternalWorkload","metadata":{"name":"ledger-vm","namespace":"shop",
       "labels":{"app":"ledger"}},"spec":{"meshTLS":{"identity":"spiffe://root.linkerd.cluster.local/ledger",
       "serverName":"ledger.shop"},"ports":[{"port":9000}],"workloadIPs":[{"ip":"192.0.2.9"}]},
       "status":{"conditions":[{"type":"Ready","status":"True"}]}}
      """)
    let ref = SmallMesh.ref("externalworkload", "shop", "ledger-vm")
    let workload = try #require(world.snapshot.workloads[ref])
    #expect(workload.runtime == .vm)
    let endpoint = try #require(world.snapshot.endpoints[ref])
    #expect(endpoint.address == "192.0.2.9" && endpoint.isReady && endpoint.proxy == .sidecar)
    #expect(world.snapshot.readiness[ref]?.ready == 1)
    try world.add(Self.server)
    try world.add(Self.policy(Self.serverTarget, #"{"kind":"MeshTLSAuthentication","name":"ids"}"#))
    try world.add(
      Self.identities.replacing(
        "*.shop.serviceaccount.identity.linkerd.cluster.local", with: "spiffe://root.linkerd.cluster.local/ledger"))
    let service = try #require(world.snapshot.services[SmallMesh.ref("service", "shop", "books")])
    let rules = LinkerdDialect().mtls(in: world.snapshot, plane: "lab")
    let verdict = rules.verdict(client: workload, server: try world.workload("books"), service: service, port: 80)
    #expect(verdict.outcome == .mtls)
    #expect(try world.outcome("web").outcome == .breaks)
  }

  @Test func limitsAndWaysOutAreShown() throws {
    var world = World()
    try world.add(
      """
      {"apiVersion":"policy.linkerd.io/v1alpha1","kind":"HTTPLocalRateLimitPolicy","metadata":{"name":"calm","namespace":"shop"},
       "spec":{"targetRef":{"group":"policy.linkerd.io","kind":"Server","name":"books"},"total":{"requestsPerSecond":100},
       "identity":{"requestsPerSecond":20},"overrides":[{"requestsPerSecond":50,"clientRefs":[{"kind":"ServiceAccount",
       "name":"web"}]}]}}
      """)
    try world.add(
      """
      {"apiVersion":"policy.linkerd.io/v1alpha1","kind":"EgressNetwork","metadata":{"name":"out","namespace":"shop"},
       "spec":{"trafficPolicy":"Deny","networks":[{"cidr":"0.0.0.0/0","except":["10.0.0.0/8"]}]}}
      """)
    let limit = try #require(world.snapshot.accessPolicies[SmallMesh.ref("httplocalratelimitpolicy", "shop", "calm")])
    #expect(limit.rules == ["all callers together 100/s", "each identity 20/s", "shop/web 50/s"])
    let out = try #require(world.snapshot.accessPolicies[SmallMesh.ref("egressnetwork", "shop", "out")])
    #expect(out.action == "EGRESS DENY")
    #expect(out.rules == ["to 0.0.0.0/0 except 10.0.0.0/8: only what a route lets out"])
  }

  @Test func settingsComeFromTheValuesOfTheInstallation() {
    let text = """
      clusterDomain: cluster.local
      identityTrustDomain: mesh.example
      clusterNetworks: 10.0.0.0/8,fd00::/8
      linkerdVersion: edge-26.8.3
      proxy: {defaultInboundPolicy: cluster-authenticated, image: {version: x}}
      """
    let settings = LinkerdSettings.settings(values: text)
    #expect(settings?.trustDomain == "mesh.example")
    #expect(settings?.defaultInbound == "cluster-authenticated")
    #expect(settings?.clusterNetworks == ["10.0.0.0/8", "fd00::/8"])
    #expect(settings?.version == "edge-26.8.3")
    #expect(LinkerdSettings.settings(values: "- no mapping") == nil)
  }
}
