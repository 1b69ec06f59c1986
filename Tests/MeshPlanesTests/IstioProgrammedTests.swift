import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstioProgrammedTests {
  static let pod = ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "storefront-v1-0")

  static func access(sync: String, dump: String, stats: String? = nil) throws -> StoredObjects {
    var access = StoredObjects()
    access.objects = [
      try IstioFixtures.native(
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"istiod-1","namespace":"istio-system","labels":{"app":"istiod"}}}"#
      ),
      try IstioFixtures.native(
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"istiod-2","namespace":"istio-system","labels":{"app":"istiod"}}}"#
      ),
    ]
    access.answers["istio-system/istiod-1:8080/debug/syncz"] = try IstioFixtures.bytes(sync)
    access.answers["istio-system/istiod-2:8080/debug/syncz"] = Array("null".utf8)
    let admin = "shop/storefront-v1-0:15000"
    access.answers["\(admin)/config_dump?resource=dynamic_route_configs"] = try IstioFixtures.bytes(dump)
    access.answers["\(admin)/certs"] = try IstioFixtures.bytes("envoy/certs.json")
    if let stats {
      access.answers["\(admin)/stats?format=json&filter=update_rejected"] = try IstioFixtures.bytes(stats)
    }
    return access
  }

  static func reviews() throws -> Route {
    try #require(IstioFixtures.route(try IstioFixtures.entities("kubernetes/istio/virtualservices.v1.json"), "reviews"))
  }

  static func report(_ access: StoredObjects) async throws -> ProgrammedReport {
    try #require(await IstioDialect().programmed(for: [try reviews()], in: MeshSnapshot(), using: access))
  }

  @Test(arguments: [
    ("istiod/syncz.json", "envoy/config_dump.dynamic_route_configs.json", [80, 20]),
    (
      "envoy/after-weight-change/istiod.syncz.json", "envoy/after-weight-change/config_dump.dynamic_route_configs.json",
      [55, 45]
    ),
    ("istiod/syncz.json", "envoy/config_dump.json", [80, 20]),
  ])
  func readsTheWeightsAProxyRuns(sync: String, dump: String, weights: [Int]) async throws {
    let report = try await Self.report(Self.access(sync: sync, dump: dump))
    #expect(report.gaps == [])
    #expect(report.proxies.map(\.ref) == [Self.pod])
    #expect(report.proxies[0].version == "1.14.3")
    #expect(report.proxies[0].sync.values.allSatisfy { $0 == .synced })
    #expect(report.asked == [Self.pod])
    let route = try Self.reviews()
    let known = ProgrammedWeights.of(route, rule: route.rules[1], in: report)
    let found = try #require(known.value)
    #expect(found.backends.map(\.name) == ["v1", "v2"])
    #expect(found.backends.map(\.weight) == weights)
    #expect(found.backends.map(\.share) == weights.map { Double($0) / 100 })
    #expect(found.agreeing == [Self.pod])
    #expect(found.acknowledged == 1)
    #expect(found.connected == 1)
    #expect(ProgrammedWeights.of(route, rule: route.rules[0], in: report).value == nil, "it has no weights to tell")
  }

  @Test func tellsARejectionFromTheProxysOwnCounters() async throws {
    let report = try await Self.report(
      Self.access(
        sync: "envoy/nack/istiod.syncz.json", dump: "envoy/config_dump.dynamic_route_configs.json",
        stats: "envoy/nack/stats.update_rejected.json"))
    let state = try #require(report.proxies.first)
    #expect(state.sync[.cds] == .rejected("the proxy rejected 1 CDS update"))
    #expect(state.sync[.rds] == .synced)
    #expect(state.rejection == "the proxy rejected 1 CDS update")
    let route = try Self.reviews()
    let found = try #require(ProgrammedWeights.of(route, rule: route.rules[1], in: report).value)
    #expect(found.acknowledged == 0)
    #expect(found.rejections == [Self.pod: "the proxy rejected 1 CDS update"])
  }

  @Test func withoutCountersARejectionIsStale() throws {
    let states = try SyncReader.proxies(try IstioFixtures.bytes("envoy/nack/istiod.syncz.json"), plane: "lab")
    #expect(states.first?.sync[.cds] == .stale)
    #expect(states.first?.sync[.lds] == .synced)
  }

  @Test func readsTheNewerFormWithTheProxysWords() throws {
    let text = """
      [{"cluster_id":"K","proxy":"a.b.shop","proxy_type":"sidecar","istio_version":"1.29.0","resources":{
        "type.googleapis.com/envoy.config.cluster.v3.Cluster":{"sent":"1","acked":"1","sentTime":"x"},
        "type.googleapis.com/envoy.config.route.v3.RouteConfiguration":{"sent":"2","acked":"1","lastError":"bad route"},
        "type.googleapis.com/envoy.config.listener.v3.Listener":{"sent":"3","acked":"2"},"type.googleapis.com/x.Y":{"sent":"1"}}}]
      """
    let state = try #require(try SyncReader.proxies(Array(text.utf8), plane: "lab").first)
    #expect(state.ref.description == "lab/shop/pod/a.b")
    #expect(state.sync == [.cds: .synced, .rds: .rejected("bad route"), .lds: .stale, .eds: .notSent])
    #expect(state.rejection == "bad route")
  }

  @Test func saysWhyNothingIsKnown() async throws {
    let report = try await Self.report(StoredObjects())
    #expect(
      report.gaps == [
        "no ready istiod pod (label app=istiod) in istio-system", "no proxy is known that could be asked",
      ])
    let route = try Self.reviews()
    #expect(ProgrammedWeights.of(route, rule: route.rules[1], in: report).reason == report.gaps[0])
  }

  @Test("what is told of routes counts as read when it was first told, and is kept once")
  func routesAt() async throws {
    let dump = "envoy/config_dump.dynamic_route_configs.json"
    let earlier = try await Self.report(Self.access(sync: "istiod/syncz.json", dump: dump))
    func later(_ change: (inout ProgrammedReport) -> Void) -> ProgrammedReport {
      var report = ProgrammedReport(
        proxies: [], routes: earlier.routes, asked: earlier.asked, at: Instant(seconds: earlier.at.seconds + 60))
      report.sent = earlier.sent
      change(&report)
      report.share(with: earlier)
      return report
    }
    #expect(earlier.routesAt == earlier.at)
    #expect(later { _ in }.routesAt == earlier.at)
    #expect(later { $0.gaps = ["a gap"] }.routesAt == earlier.at)
    #expect(later { $0.routes.removeLast() }.routesAt.seconds == earlier.at.seconds + 60)
    #expect(later { $0.asked = [] }.routesAt.seconds == earlier.at.seconds + 60)
    #expect(later { $0.sent = $0.asked }.routesAt.seconds == earlier.at.seconds + 60)
    var another = Self.pod
    another.name = "another"
    func joined(_ change: (inout [ProgrammedRoute]) -> Void = { _ in }) -> Instant {
      var own = earlier.routes
      for index in own.indices { own[index].proxy = another }
      change(&own)
      return later { report in
        report.asked.append(another)
        report.routes += own
      }.routesAt
    }
    #expect(joined() == earlier.at, "that another runs the same is nothing new")
    #expect(joined { $0 += $0 } != earlier.at, "it runs more")
    #expect(joined { $0 = [] } == earlier.at, "one without routes says nothing of them")
    #expect(
      joined { own in
        own = own.map {
          ProgrammedRoute(
            proxy: another, domains: $0.domains, name: $0.name, origin: $0.origin, clusters: $0.clusters, port: 81)
        }
      } != earlier.at, "the same on another port is something else")
    let other = later { report in
      report.asked.append(another)
      report.routes.removeLast()
    }
    #expect(other.routesAt != earlier.at, "one of those known runs less")
  }

  @Test("what several dialects tell of a plane's proxies is told together")
  func gathering() {
    let refs = ["a", "b"].map { ObjectRef(plane: "east", namespace: "shop", kind: "pod", name: $0) }
    var report = ProgrammedReport(at: Instant(seconds: 0))
    for (ref, unasked) in zip(refs, [3, 4]) {
      var part = ProgrammedReport(
        proxies: [ProxyState(ref: ref)], asked: [ref], gaps: ["\(ref.name) is late"], at: Instant(seconds: 0))
      part.unasked = unasked
      report.add(part)
    }
    #expect(report.proxies.map(\.ref) == refs && report.counts.connected == 2 && report.asked == refs)
    #expect(report.unasked == 7 && report.gaps == ["a is late", "b is late"])
  }

  @Test("one proxy's word is not the only one, however much it tells", arguments: [(0, 2), (64 << 20, 3)])
  func budget(bytes: Int, asked: Int) async throws {
    var access = try Self.access(sync: "istiod/syncz.json", dump: "envoy/config_dump.dynamic_route_configs.json")
    let dump = try #require(access.answers["shop/storefront-v1-0:15000/config_dump?resource=dynamic_route_configs"])
    let names = ["storefront-v1-0", "storefront-v2-0", "storefront-v3-0"]
    for name in names { access.answers["shop/\(name):15000/config_dump?resource=dynamic_route_configs"] = dump }
    access.answers["istio-system/istiod-1:8080/debug/syncz"] = Array(
      "[\(names.map { #"{"proxy":"\#($0).shop","cluster_sent":"1","cluster_acked":"1"}"# }.joined(separator: ","))]"
        .utf8)
    let dialect = IstioDialect()
    // What is known of two costs nothing the next time, and leaves room for another.
    for asked in [asked, names.count] {
      let report = await IstioProgrammed(dialect: dialect, access: access, budget: bytes)
        .report(for: [try Self.reviews()], in: MeshSnapshot())
      #expect(report.asked.map(\.name) == Array(names.prefix(asked)))
      #expect(report.gaps.count == (asked < names.count ? 1 : 0))
      #expect(report.unasked == names.count - asked)
    }
  }

  /// What istiod says of a proxy, and how often the proxy is then asked in four looks at it, of which the last finds other
  /// words.
  @Test(
    "a proxy is asked again when istiod says something else of it, and twice where it has not taken all",
    arguments: [
      (#""route_sent":"2","route_acked":"2""#, #""route_sent":"3","route_acked":"3""#, 2),
      (#""route_sent":"3","route_acked":"1""#, #""route_sent":"3","route_acked":"3""#, 3),
      (#""route_sent":"3","route_acked":"1""#, #""route_sent":"4","route_acked":"1""#, 3),
      // Endpoints say nothing of routes.
      (
        #""route_sent":"2","route_acked":"2""#,
        #""route_sent":"2","route_acked":"2","endpoint_sent":"3","endpoint_acked":"2""#, 1
      ),
      (
        #""resources":{"RDS":{"sent":"3","acked":"1"}}"#,
        #""resources":{"RDS":{"sent":"3","acked":"1","lastError":"no such cluster"}}"#, 3
      ),
      // istiod tells no version of what the proxy runs.
      (#""endpoint_sent":"2","endpoint_acked":"2""#, #""endpoint_sent":"3","endpoint_acked":"2""#, 4),
    ])
  func asking(first: String, then: String, times: Int) async throws {
    var access = try Self.access(sync: "istiod/syncz.json", dump: "envoy/config_dump.dynamic_route_configs.json")
    let path = "shop/storefront-v1-0:15000/config_dump?resource=dynamic_route_configs"
    let dump = access.answers[path]
    let (dialect, reviews) = (IstioDialect(), try Self.reviews())
    var asked = 0
    for words in [first, first, first, then] {
      let sync = #"[{"proxy":"storefront-v1-0.shop",\#(words)}]"#
      access.answers["istio-system/istiod-1:8080/debug/syncz"] = Array(sync.utf8)
      // What is kept of it needs no answer.
      access.answers[path] = nil
      let kept = try #require(await dialect.programmed(for: [reviews], in: MeshSnapshot(), using: access))
      guard kept.asked.isEmpty else { continue }
      asked += 1
      access.answers[path] = dump
      let report = try #require(await dialect.programmed(for: [reviews], in: MeshSnapshot(), using: access))
      #expect(report.asked == [Self.pod])
    }
    #expect(asked == times)
  }

  @Test func aProxyIsFoundByItsName() {
    func state(_ name: String, sent: UInt64 = 0) -> ProxyState {
      ProxyState(ref: ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: name), sent: sent)
    }
    let states = [state("a"), state("b", sent: 1), state("b", sent: 2), state("d")]
    #expect(states.indices.map { states.place(of: states[$0].ref) } == [0, 2, 2, 3], "the last of two")
    #expect(states.place(of: state("c").ref) == nil && states.place(of: state("0").ref) == nil)
    #expect(states.place(of: state("e").ref) == nil && [].place(of: state("a").ref) == nil)
  }

  @Test func aQuestionIsMadeAnewForOtherRoutesAndAnotherConfiguration() throws {
    let memo = QuestionMemo()
    var made = 0
    func ask(_ routes: [Route], _ generation: Int, domain: String = "cluster.local") -> IstioProgrammed.Question {
      memo.question(of: routes, in: generation) {
        made += 1
        var settings = MeshSettings()
        settings.domain = domain
        return IstioProgrammed.Question(of: routes, called: routes, roots: [:], settings)
      }
    }
    let route = try Self.reviews()
    var newer = route
    newer.version = "later"
    newer.hosts = ["ratings"]
    let first = ask([route], 1)
    #expect(ask([route], 1) == first && made == 1)
    #expect(ask([newer], 1) != first && made == 2)
    #expect(ask([], 1).domains.isEmpty && made == 3)
    #expect(ask([route], 2, domain: "mesh.local") != first && made == 4)
    _ = (ask([route], 0), ask([route], 0))
    #expect(made == 6, "what was put together by hand has no generation")
  }

  @Test func aProxyThatDoesNotAnswerIsAGapAndNotAnError() async throws {
    var access = try Self.access(sync: "istiod/syncz.json", dump: "envoy/config_dump.json")
    access.answers = access.answers.filter { !$0.key.contains("15000") }
    let report = try await Self.report(access)
    #expect(report.proxies.count == 1)
    #expect(report.asked.isEmpty)
    #expect(report.gaps.count == 1)
  }

  /// A delegate whose rules stand in the place of a root's rule, as a proxy has them.
  ///
  /// - Parameters:
  ///   - outer: The name of the rule that hands on; `inner` and the empty one are the delegate's.
  @Test(arguments: [("outer", "outer-inner", "outer"), ("", "inner", "")])
  func aDelegateIsToldByItsRoot(outer: String, inner: String, plain: String) async throws {
    var mesh = SmallMesh()
    try mesh.add(
      objects: IstioAnalysisTests.vs(
        "root", #"{"hosts":["reviews"],"http":[{"name":"\#(outer)","delegate":{"name":"part","namespace":"teams"}}]}"#),
      IstioAnalysisTests.vs(
        "part",
        #"{"http":[{"name":"inner","match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"a"},"weight":60},{"destination":{"host":"b"},"weight":40}]},{"route":[{"destination":{"host":"a"},"weight":10},{"destination":{"host":"b"},"weight":90}]}]}"#,
        namespace: "teams"))
    let part = try #require(mesh.snapshot.routes[SmallMesh.ref("virtualservice", "teams", "part")])
    func route(_ name: String, _ weights: (Int, Int)) -> String {
      let clusters = [("a", weights.0), ("b", weights.1)].map {
        #"{"name":"outbound|80||\#($0.0).teams.svc.cluster.local","weight":\#($0.1)}"#
      }
      return
        #"{"name":"\#(name)","metadata":{"filter_metadata":{"istio":{"config":"/apis/networking.istio.io/v1alpha3/namespaces/shop/virtual-service/root"}}},"route":{"weighted_clusters":{"clusters":[\#(clusters.joined(separator: ","))]}}}"#
    }
    let dump = """
      {"configs":[{"route_config":{"name":"80","virtual_hosts":[{"domains":["reviews.shop.svc.cluster.local"],
        "routes":[\(route(inner, (60, 40))),\(route(plain, (10, 90)))]}]}}]}
      """
    var access = try Self.access(sync: "istiod/syncz.json", dump: "envoy/config_dump.json")
    access.answers["shop/storefront-v1-0:15000/config_dump?resource=dynamic_route_configs"] = Array(dump.utf8)
    let report = try #require(await IstioDialect().programmed(for: [part], in: mesh.snapshot, using: access))
    let routing = IstioDialect().routing(in: mesh.snapshot, plane: "lab")
    func weights(_ rule: Int) -> [Int?] {
      routing.programmed(part.rules[rule], of: part, in: report).map { $0.value?.weight }
    }
    #expect(weights(0) == [60, 40])
    #expect(weights(1) == [10, 90])
    mesh.snapshot.apply(.remove(SmallMesh.ref("virtualservice", "shop", "root")))
    let alone = IstioDialect().routing(in: mesh.snapshot, plane: "lab").programmed(part.rules[0], of: part, in: report)
    #expect(alone.map(\.reason) == Array(repeating: "no VirtualService hands requests on to this one", count: 2))
  }

  @Test func zerosThatTheProxyLeavesOutAreZero() throws {
    let text = """
      {"configs":[{"route_config":{"name":"http.80","virtual_hosts":[{"domains":["reviews.shop.svc.cluster.local"],"routes":[
        {"route":{"weighted_clusters":{"clusters":[{"name":"outbound|80|v1|reviews.shop.svc.cluster.local","weight":100},
          {"name":"outbound|80|v2|reviews.shop.svc.cluster.local"}]}}},
        {"route":{"cluster":"inbound|80||"}},{"redirect":{}}]}]}}]}
      """
    let routes = try RoutesReader.routes(Array(text.utf8), proxy: Self.pod)
    #expect(routes.count == 1)
    #expect(routes[0].clusters.map(\.weight) == [100, 0])
    #expect(routes[0].port == 80)
  }

  @Test func readsDaysLeftOfCertificates() throws {
    #expect(try EnvoyAdminAnswers.certificateDaysLeft(try IstioFixtures.bytes("envoy/certs.json")) == nil)
    let text =
      #"{"certificates":[{"ca_cert":[{"days_until_expiration":"3"}],"cert_chain":[{"days_until_expiration":"29"}]},{"cert_chain":[{"days_until_expiration":"1"}]}]}"#
    #expect(try EnvoyAdminAnswers.certificateDaysLeft(Array(text.utf8)) == 1)
  }

  @Test func readsSettingsOfTheMesh() throws {
    let recorded = IstioSettingsReader.settings(meshConfig: try IstioFixtures.json("istiod/mesh.json"))
    #expect(recorded.autoMTLS == false)
    #expect(recorded.rootNamespace == "istio-system")
    #expect(recorded.allowsUnknownHosts)
    let yaml =
      "rootNamespace: mesh\nenableAutoMtls: false\ntrustDomain: td\noutboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n"
    let read = try #require(IstioSettingsReader.settings(yaml: yaml))
    #expect(read == MeshSettings(rootNamespace: "mesh", autoMTLS: false, trustDomain: "td", allowsUnknownHosts: false))
    #expect(IstioSettingsReader.settings(yaml: "- a") == nil)
    let own = try #require(
      IstioSettingsReader.settings(yaml: "defaultServiceExportTo: ['.']\ndefaultVirtualServiceExportTo: ['*']\n"))
    #expect(own.serviceExportTo == ["."])
    #expect(own.routeExportTo == [] && own.destinationExportTo == [])
    #expect(
      IstioSettingsReader.settings(meshConfig: ["defaultDestinationRuleExportTo": [".", "web"]]).destinationExportTo
        == [".", "web"])
  }
}
