import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstioDecodingTests {
  @Test(arguments: ["v1", "v1beta1", "v1alpha3"])
  func readsTheRecordedRoutesInEveryVersion(version: String) throws {
    let entities = try IstioFixtures.entities("kubernetes/istio/virtualservices.\(version).json")
    #expect(entities.count == 5)
    let reviews = try #require(IstioFixtures.route(entities, "reviews"))
    #expect(reviews.apiVersion == "networking.istio.io/\(version)")
    #expect(reviews.hosts == ["reviews"])
    #expect(reviews.attachedTo == ["mesh"])
    #expect(reviews.rules.map(\.name) == ["testers", "primary"])
    #expect(reviews.rules[0].matches.map(\.headers) == [["x-tester": .exact("yes")]])
    let primary = reviews.rules[1]
    #expect(primary.backends.map(\.name) == ["v1", "v2"])
    #expect(primary.backends.map(\.weight) == [80, 20])
    #expect(primary.backends[1].pointer == "/spec/http/1/route/1")
    #expect(primary.fault == FaultSetting(delay: 2, delayPercent: 0.1))
    #expect(primary.mirrors == [MirrorSetting(host: "reviews", subset: "v3", percent: 5)])
    let storefront = try #require(IstioFixtures.route(entities, "storefront"))
    #expect(storefront.attachedTo == ["shop-gateway"])
    #expect(storefront.rules[0].timeout == 2)
    #expect(storefront.rules[0].retries == RetrySetting(attempts: 2, perTryTimeout: 0.5, retryOn: "5xx,reset"))
    let orders = try #require(IstioFixtures.route(entities, "orders-db"))
    #expect(orders.rules.map(\.layer) == [.tcp])
    #expect(orders.rules[0].matches[0].port == 5432)
    #expect(orders.createdAt.seconds == 1_795_345_318)
    #expect(try #require(IstioFixtures.route(entities, "ledger")).exportTo == ["."])
  }

  @Test("rules that say the same share what they say, and keep what they say otherwise")
  func repeatedSettings() throws {
    func rule(_ subset: String, _ weight: Int) -> String {
      """
      {"match": [{"uri": {"prefix": "/a"}}], "timeout": "3s", "retries": {"attempts": 2, "retryOn": "5xx"},
       "route": [{"destination": {"host": "reviews.shop.svc.cluster.local", "subset": "\(subset)"}, "weight": \(weight)}]}
      """
    }
    let object = """
      {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "r", "namespace": "shop"},
       "spec": {"hosts": ["reviews"], "http": [\(rule("v1", 1)), \(rule("v1", 2)), \(rule("v2", 3)),
        {"timeout": null, "retries": null, "route": [{"destination": {"host": "b"}}]}]}}
      """
    let entities = try IstioObjects.entities(fromNative: JSONValue(parsing: object), plane: "p")
    guard case .route(let route)? = entities.first else {
      Issue.record("no route")
      return
    }
    #expect(route.rules.map(\.timeout) == [3, 3, 3, nil])
    #expect(route.rules.map { $0.retries?.attempts } == [2, 2, 2, nil])
    #expect(route.rules.flatMap { $0.backends.map(\.name) } == ["v1", "v1", "v2", "b"])
    #expect(route.rules.flatMap { $0.backends.map(\.weight) } == [1, 2, 3, nil])
    #expect(
      route.rules.flatMap { $0.backends.map(\.pointer.description) } == (0..<4).map { "/spec/http/\($0)/route/0" })
    #expect(route.rules.prefix(3).allSatisfy { $0.matches == [RuleMatch(uri: .prefix("/a"))] })
  }

  @Test("owners are told by labels and annotations alone that other tools set")
  func owners() throws {
    let object = """
      {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "r", "namespace": "shop",
       "labels": {"app": "r", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "web"},
       "annotations": {"argocd.argoproj.io/tracking-id": "shop:x/y", "note": "by hand"}}, "spec": {"hosts": ["r"]}}
      """
    guard case .route(let route)? = try IstioObjects.entities(fromNative: JSONValue(parsing: object), plane: "p").first
    else {
      Issue.record("no route")
      return
    }
    #expect(route.owners.map { "\($0.tool) \($0.name)" } == ["Argo CD shop", "Helm web"])
  }

  @Test func readsEveryRecordedKind() throws {
    func only(_ file: String) throws -> [Entity] { try IstioFixtures.entities("kubernetes/istio/\(file).v1.json") }
    guard case .destination(let reviews) = try #require(only("destinationrules").last) else {
      Issue.record("no policy")
      return
    }
    #expect(reviews.subsets.map(\.name) == ["v1", "v2", "v3"])
    #expect(reviews.settings.tls == .istioMutual)
    #expect(reviews.settings.loadBalancer == "LEAST_REQUEST")
    #expect(reviews.settings.outlierDetection == "out for 30s after 5 5xx in 10s")
    guard case .gateway(let gateway) = try #require(only("gateways").first) else {
      Issue.record("no gateway")
      return
    }
    #expect(gateway.listeners.map(\.port) == [443])
    #expect(gateway.listeners[0].tls == "SIMPLE")
    let services: [Service] = try only("serviceentries").compactMap {
      if case .service(let value) = $0 { value } else { nil }
    }
    #expect(services.map(\.runtime) == [.external, .vm])
    #expect(services.map(\.role) == [.tcp, .grpc])
    #expect(services.map(\.isExternal) == [true, false])
    let policies: [MTLSPolicy] = try only("peerauthentications").compactMap {
      if case .mtlsPolicy(let value) = $0 { value } else { nil }
    }
    #expect(policies.map(\.mode) == [.permissive, .strict, .strict])
    #expect(policies[2].ports == [9090: .disable])
    #expect(policies[2].selector == ["app": "cart"])
    guard case .accessPolicy(let access) = try #require(only("authorizationpolicies").first) else {
      Issue.record("no access policy")
      return
    }
    #expect(access.principals == ["cluster.local/ns/payments/sa/checkout"])
    #expect(access.action == "ALLOW")
    guard case .workload(let group) = try #require(only("workloadgroups").first) else {
      Issue.record("no workload")
      return
    }
    #expect(group.runtime == .vm)
    #expect(group.labels == ["app": "mainframe"])
    let endpoints: [Endpoint] = try only("workloadentries").compactMap {
      if case .endpoint(let value) = $0 { value } else { nil }
    }
    #expect(endpoints.map(\.address) == ["10.9.0.1", "10.9.0.2"])
    #expect(endpoints.allSatisfy { $0.runtime == .vm })
  }

  @Test func readsTheSpellingsOfIstio11() throws {
    let entities = try IstioFixtures.entities(
      text: """
        {"apiVersion":"networking.istio.io/v1alpha3","kind":"VirtualService","metadata":{"name":"a","namespace":"n"},
         "spec":{"hosts":["a"],"http":[{"mirror":{"host":"b"},"mirror_percent":25,"appendHeaders":{"x":"1"},
          "removeResponseHeaders":["server"],"websocketUpgrade":true,
          "fault":{"abort":{"percent":10,"httpStatus":503}},
          "route":[{"destination":{"host":"a","subset":"v1","port":{"number":80}}}]}]}}
        """)
    let rule = try #require(IstioFixtures.route(entities, "a")?.rules.first)
    #expect(rule.mirrors == [MirrorSetting(host: "b", percent: 25)])
    #expect(rule.headers?.request.added == ["x": "1"])
    #expect(rule.headers?.response.removed == ["server"])
    #expect(rule.fault?.abortPercent == 10)
    #expect(rule.backends[0].port == 80)
  }

  @Test(
    arguments: [
      ("", 0), (#","percent":5"#, 5), (#","percentage":{"value":0.5}"#, 0.5), (#","percentage":{}"#, 0),
      (#","percentage":{"value":7},"percent":5"#, 7), (#","percent":5,"percentage":{"value":7}"#, 7),
      (#","percentage":null,"percent":5"#, 5),
    ] as [(String, Double)])
  func aFaultHitsTheShareThatIsWritten(share: String, expected: Double) throws {
    let entities = try IstioFixtures.entities(
      text: #"{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a","namespace":"n"},"#
        + #""spec":{"hosts":["a"],"http":[{"fault":{"delay":{"fixedDelay":"2s"\#(share)},"#
        + #""abort":{"httpStatus":503\#(share)}},"route":[{"destination":{"host":"a"}}]}]}}"#)
    let fault = try #require(IstioFixtures.route(entities, "a")?.rules.first?.fault)
    #expect(fault == FaultSetting(delay: 2, delayPercent: expected, abortStatus: 503, abortPercent: expected))
  }

  @Test(arguments: [
    ("AuthorizationPolicy", #""rules":[{}]"#), ("RequestAuthentication", #""jwtRules":[{"issuer":"x"}]"#),
  ])
  func aPolicyForGatewaysAndServicesIsForNoWorkloadByItsLabels(kind: String, rules: String) throws {
    let entities = try IstioFixtures.entities(
      text:
        #"{"apiVersion":"security.istio.io/v1","kind":"\#(kind)","metadata":{"name":"p","namespace":"shop"},"spec":{"#
        + #""targetRefs":[{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"waypoint"},"#
        + #"{"kind":"Service","group":"","name":"cart"}],"targetRef":{"kind":"ServiceEntry","name":"old"},\#(rules)}}"#)
    guard case .accessPolicy(let policy) = try #require(entities.first) else {
      Issue.record("no access policy")
      return
    }
    #expect(
      policy.targets == [
        SmallMesh.ref("gateway.gateway.networking.k8s.io", "shop", "waypoint"),
        SmallMesh.ref("service", "shop", "cart"),
        SmallMesh.ref("serviceentry", "shop", "old"),
      ])
    let cart = Workload(
      ref: SmallMesh.ref("workload", "shop", "cart-v1"), labels: ["app": "cart"], nativeKind: "deployment")
    #expect(!policy.isFor(cart))
    var waypoint = cart
    waypoint.labels = ["gateway.networking.k8s.io/gateway-name": "waypoint"]
    #expect(policy.isFor(waypoint))
    var general = policy
    general.targets = []
    #expect(general.isFor(cart))
    general.selector = ["app": "web"]
    #expect(!general.isFor(cart))
  }

  @Test func tellsDelegatesActionsAndConditionsItHasNoWordFor() throws {
    let entities = try IstioFixtures.entities(
      text: """
        {"kind":"VirtualService","spec":{"http":[
          {"delegate":{"name":"inner"}},{"redirect":{"authority":"x.example","uri":"/a","redirectCode":302}},
          {"directResponse":{"status":503}},
          {"match":[{"uri":{"prefix":"/a"},"tomorrow":{"x":1}},{"headers":{"X-Any":{}}}],
           "rewrite":{"uri":"/b"},"mirrors":[{"destination":{"host":"m"},"percentage":{"value":1.5}},{"destination":{"host":"k"}}],
           "route":[{"destination":{"host":"a"}},{"destination":{"host":"a","port":{"number":81}},"weight":3}]}],
          "hosts":["a"]},"metadata":{"namespace":"n","name":"a"},"apiVersion":"networking.istio.io/v1beta1"}
        """)
    let rules = try #require(IstioFixtures.route(entities, "a")).rules
    #expect(rules[0].delegate?.description == "lab/n/virtualservice/inner")
    #expect(
      rules.map(\.action) == ["delegate to inner", "redirect to x.example/a (302)", "answer 503", "rewrite path to /b"])
    #expect(rules[3].matches[0].others == ["tomorrow"])
    #expect(rules[3].matches[1].headers == ["x-any": .present])
    #expect(rules[3].mirrors.map(\.percent) == [1.5, 100])
    #expect(rules[3].backends.map(\.name) == ["a", "a:81"])
    #expect(rules[3].backends.map(\.weight) == [nil, 3])
  }

  @Test(arguments: [
    (#"{"labels":{"argocd.argoproj.io/instance":"shop"}}"#, "Argo CD", "shop"),
    (
      #"{"annotations":{"argocd.argoproj.io/tracking-id":"shop:networking.istio.io/VirtualService:a/b"}}"#, "Argo CD",
      "shop"
    ),
    (#"{"labels":{"kustomize.toolkit.fluxcd.io/name":"apps"}}"#, "Flux", "apps"),
    (
      #"{"labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"r"}}"#, "Helm",
      "r"
    ),
    (#"{"ownerReferences":[{"apiVersion":"flagger.app/v1beta1","kind":"Canary","name":"c"}]}"#, "Flagger", "c"),
    (
      #"{"managedFields":[{"manager":"rollouts-controller","operation":"Update","fieldsV1":{"f:spec":{}}}]}"#,
      "Argo Rollouts", ""
    ),
    (#"{"annotations":{"config.kubernetes.io/origin":"path: x"}}"#, "Kustomize", "path: x"),
  ])
  func tellsWhoElseWritesAnObject(metadata: String, tool: String, name: String) throws {
    let meta = try JSONReader.read(Array(metadata.utf8)) { reader throws(JSONError) in try ObjectMetadata(&reader) }
    let owners = ObjectOwners.owners(of: meta)
    #expect(owners.map(\.tool) == [tool])
    #expect(owners.first?.name == name)
    #expect(owners.first?.evidence.isEmpty == false)
  }

  @Test(arguments: [
    ("2s", 2.0, "2s"), ("500ms", 0.5, "0.5s"), ("1h30m", 5400, "5400s"), ("1.5s", 1.5, "1.5s"), ("0", 0, "0s"),
    ("250us", 0.00025, "0.00025s"),
  ])
  func readsAndWritesDurations(text: String, seconds: Double, written: String) {
    #expect(GoDuration.seconds(text) == seconds)
    #expect(GoDuration.text(seconds) == written)
  }

  @Test(arguments: ["", "s", "5", "5x", "abc", "-"])
  func refusesWhatIsNoDuration(text: String) { #expect(GoDuration.seconds(text) == nil) }

  @Test func refusesDurationsThatCannotBe() {
    #expect(GoDuration.text(-1) == nil)
    #expect(GoDuration.text(.nan) == nil)
    #expect(GoDuration.text(1e300) == nil)
  }

  @Test(
    arguments: [
      ("http-web", nil, 8080, "http", Role.http), ("grpc", nil, 9000, "grpc", .grpc),
      ("tcp-x", nil, 5432, "tcp", .database),
      ("x", "kubernetes.io/h2c", 80, "http2", .http), ("redis", nil, 1, "redis", .cache),
      ("", nil, 9092, "kafka", .message),
      ("", nil, 1234, "tcp", .tcp), ("main", "mysql", 1, "mysql", .database),
      ("", "kubernetes.io/wss", 443, "https", .http), ("grpc-web-x", nil, 1, "grpc-web", .http),
    ] as [(String, String?, Int, String, Role)])
  func tellsProtocolsAndRoles(name: String, app: String?, port: Int, expected: String, role: Role) {
    let found = ApplicationProtocol.name(portName: name, appProtocol: app, port: port)
    #expect(found == expected)
    #expect(ApplicationProtocol.role(ofProtocol: found, port: port) == role)
  }

  @Test(
    arguments: [
      ("", "", "TCP", 8080, "", Role.http), ("", "", "TCP", 5432, "", .database), ("web", "", "TCP", 80, "", .http),
      ("tcp", "", "TCP", 1234, "tcp", .tcp), ("dns", "", "UDP", 53, "udp", .tcp),
      ("mqtt-in", "", "TCP", 1, "mqtt", .message),
      ("GRPC-api", "", "TCP", 9000, "grpc", .grpc), ("x", "kubernetes.io/wss", "TCP", 443, "https", .http),
    ] as [(String, String, String, Int, String, Role)])
  func aServicesPortThatSaysNothingIsForItsProxiesToTell(
    name: String, app: String, transport: String, port: Int, expected: String, role: Role
  ) {
    let found = ApplicationProtocol.declared(portName: name, appProtocol: app, transport: transport)
    #expect(found == expected)
    let ports = [ServicePort(name: name, port: port, targetPort: port, appProtocol: found)]
    #expect(CoreResources.role(of: ports) == role)
  }

  @Test func namesAMalformedObjectsFault() throws {
    let text =
      #"{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a"},"spec":{"http":[{"route":[{"weight":"x"}]}]}}"#
    #expect(throws: JSONError.self) { try IstioFixtures.entities(text: text) }
  }
}
