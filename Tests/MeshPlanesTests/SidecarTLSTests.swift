import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct SidecarTLSTests {
  static func listener(_ chains: String, direction: String = "INBOUND") throws -> [EnvoyListener] {
    let text = """
      {"configs":[{"@type":"x","name":"virtualInbound","active_state":{"listener":{"name":"virtualInbound",
        "address":{"socket_address":{"address":"0.0.0.0","port_value":15006}},"filter_chains":[\(chains)],
        "traffic_direction":"\(direction)"}}}]}
      """
    return try EnvoyListenerReader.serving(Array(text.utf8))
  }

  static let ends = """
    "transport_socket":{"name":"envoy.transport_sockets.tls","typed_config":{"@type":
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"}}
    """
  static let mesh = #"{"filter_chain_match":{"destination_port":8080,"transport_protocol":"tls"},\#(ends)}"#
  static let raw = #"{"filter_chain_match":{"destination_port":8080,"transport_protocol":"raw_buffer"}}"#
  static let passed = #"{"filter_chain_match":{"destination_port":8080,"transport_protocol":"tls"}}"#

  @Test(
    arguments: [
      (mesh, MTLSMode.strict), ("\(mesh),\(raw)", .permissive), (raw, .disable),
      ("\(mesh),\(passed),\(raw)", .permissive),
      ("\(mesh),\(passed)", .strict), (#"{"filter_chain_match":{"destination_port":8080}}"#, .disable),
    ])
  func theChainsOfAPortSayItsMode(chains: String, mode: MTLSMode) throws {
    let found = EnvoyTLSContexts.inbound(try Self.listener(chains))
    #expect(found.map(\.port) == [8080])
    #expect(found.first?.mode == mode)
  }

  @Test func aPortWithoutAChainOfItsOwnIsServedByTheOneForAll() throws {
    let trap = #"{"filter_chain_match":{"destination_port":15006}}"#
    let others = #"{"filter_chain_match":{"transport_protocol":"tls"},\#(Self.ends)}"#
    let tls = ProxyTLS(
      proxy: SmallMesh.ref("pod", "shop", "a"),
      inbound: EnvoyTLSContexts.inbound(try Self.listener("\(trap),\(others),\(Self.raw)")))
    #expect(tls.inbound.map(\.port) == [nil, 8080])
    #expect(tls.inbound(port: 9090)?.mode == .strict)
    #expect(tls.inbound(port: 8080)?.mode == .disable)
  }

  @Test func outboundListenersSayNothingOfWhatIsTaken() throws {
    #expect(EnvoyTLSContexts.inbound(try Self.listener(Self.mesh, direction: "OUTBOUND")).isEmpty)
  }

  @Test func aRecordedProxyWithoutCertificatesTakesPlaintext() throws {
    let listeners = try EnvoyListenerReader.serving(IstioFixtures.bytes("envoy/config_dump.json"))
    #expect(listeners.count == 7)
    #expect(
      EnvoyTLSContexts.inbound(listeners) == [InboundTLS(port: 8080, takesMeshTLS: false, takesPlaintext: true)])
    let hosts: Set = ["reviews.shop.svc.cluster.local"]
    let sent = try EnvoyTLSContexts.outbound(IstioFixtures.bytes("envoy/config_dump.json"), hosts: hosts)
    #expect(sent.map(\.subset) == [nil, "v1", "v2", "v3"] || sent.map(\.subset) == ["v1", "v2", "v3", nil])
    #expect(sent.allSatisfy { $0.sends == .plaintext && $0.port == 8080 })
  }

  static func cluster(_ socket: String) -> String {
    """
    {"configs":[{"@type":"x","cluster":{"name":"outbound|8080||a.shop.svc.cluster.local"\(socket)}},
                {"@type":"x","cluster":{"name":"outbound|8080||b.shop.svc.cluster.local"}},
                {"@type":"x","cluster":{"name":"inbound|8080||"}}]}
    """
  }

  static func socket(_ context: String) -> String {
    #","transport_socket":{"name":"envoy.transport_sockets.tls","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"\#(context)}}"#
  }

  @Test(
    arguments: [
      ("", OutboundTLS.Sends.plaintext),
      (
        socket(#","common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"default"}]},"sni":"x""#), .mesh
      ),
      (
        socket(#","common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"file-cert:/a~/b"}]}"#), .own
      ),
      (socket(#","sni":"x""#), .own),
      (
        #","transport_socket_matches":[{"name":"tlsMode-istio","match":{"tlsMode":"istio"}},{"name":"tlsMode-disabled","match":{}}]"#,
        .auto
      ),
      (#","transport_socket":{"name":"envoy.transport_sockets.raw_buffer"}"#, .plaintext),
    ])
  func theTransportSocketSaysWhatIsSent(socket: String, sends: OutboundTLS.Sends) throws {
    let found = try EnvoyTLSContexts.outbound(
      Array(Self.cluster(socket).utf8), hosts: ["a.shop.svc.cluster.local"])
    #expect(found == [OutboundTLS(host: "a.shop.svc.cluster.local", port: 8080, sends: sends)])
  }

  @Test func oneProxyOfEachWorkloadIsAskedAndTheRestSaysWhy() async throws {
    var mesh = SmallMesh()
    mesh.add("storefront", count: 2)
    mesh.add("legacy", proxy: .none)
    mesh.add("mute")
    var access = StoredObjects()
    let pods = mesh.snapshot.endpoints.keys.filter { $0.name.contains("storefront") }.sorted()
    let pod = try #require(pods.first)
    let dump = try IstioFixtures.bytes("envoy/config_dump.json")
    let admin = "\(pod.namespace)/\(pod.name):15000/config_dump?resource="
    access.answers["\(admin)dynamic_listeners&name_regex=virtualInbound"] = Array(#"{"configs":[]}"#.utf8)
    access.answers["\(admin)dynamic_listeners"] = dump
    access.answers[
      "\(admin)dynamic_active_clusters&name_regex=outbound%2E%2A%28reviews%5C%2Eshop%5C%2Esvc%5C%2Ecluster%5C%2Elocal%29&mask=cluster.name,cluster.transport_socket,cluster.transport_socket_matches"
    ] = dump
    func workload(_ name: String) -> ObjectRef { SmallMesh.ref("deployment", "shop", name) }
    let report = try #require(
      await IstioDialect().programmedTLS(
        [
          ProxyTLSQuestion(
            workload: workload("storefront-v1"), isServer: true, hosts: ["reviews.shop.svc.cluster.local"]),
          ProxyTLSQuestion(workload: workload("legacy-v1"), isServer: true),
          ProxyTLSQuestion(workload: workload("mute-v1"), isServer: true),
          ProxyTLSQuestion(workload: workload("gone-v1"), isServer: true),
        ], in: mesh.snapshot, using: access))
    let found = try #require(report.workloads[workload("storefront-v1")])
    #expect(found.proxy == pod)
    #expect(found.inbound(port: 8080)?.mode == .disable)
    #expect(found.outbound.count == 4)
    #expect(report.gaps[workload("legacy-v1")] == "no proxy")
    #expect(report.gaps[workload("gone-v1")] == "no instance is known")
    #expect(report.gaps[workload("mute-v1")]?.hasPrefix("its proxy does not tell: no answer") == true)
  }

  @Test func whoIsNotAskedSaysWhy() async throws {
    var mesh = SmallMesh()
    let names = (0..<IstioProxyTLS.sample + 2).map { "w\($0)" }
    for name in names { mesh.add(name) }
    mesh.add("ztunnelled", proxy: .ambient)
    func workload(_ name: String) -> ObjectRef { SmallMesh.ref("deployment", "shop", "\(name)-v1") }
    let report = try #require(
      await IstioDialect().programmedTLS(
        (names + ["ztunnelled"]).map { ProxyTLSQuestion(workload: workload($0), isServer: true) }, in: mesh.snapshot,
        using: StoredObjects()))
    #expect(report.gaps.count == IstioProxyTLS.sample + 1)
    #expect(names.suffix(2).allSatisfy { report.gaps[workload($0)] == nil })
    #expect(report.otherwise == "not asked: at most 40 proxies are at a time; narrow it to a namespace")
    #expect(report.gaps[workload("ztunnelled")] == "its node proxy is not asked")
  }

  @Test(
    arguments: [
      ([], "no instance is known"),
      ([(ProxyMode.none, true)], "no proxy"),
      ([(.ambient, true)], "its node proxy is not asked"),
      ([(.sidecar, false)], "no instance is ready"),
      ([(.sidecar, true)], nil),
      // One of those that were rolled out already.
      ([(.none, true), (.none, true), (.sidecar, true)], nil),
      ([(.gateway, true)], nil),
    ] as [([(ProxyMode, Bool)], String?)])
  func aWorkloadThatCannotBeAskedSaysWhy(instances: [(ProxyMode, Bool)], reason: String?) {
    var snapshot = MeshSnapshot()
    let workload = SmallMesh.ref("deployment", "shop", "w")
    for (number, (proxy, isReady)) in instances.enumerated() {
      snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: SmallMesh.ref("pod", "shop", "w-\(number)"), workload: workload, isReady: isReady, proxy: proxy,
              acceptsMeshTLS: false))))
    }
    #expect(snapshot.reasonNotToAsk(workload) == reason)
  }

  // MARK: Streams

  static let streams = """
    {"configs":[{"@type":"x","active_state":{"listener":{"name":"10.0.0.5_6379","traffic_direction":"OUTBOUND",
      "address":{"socket_address":{"address":"10.0.0.5","port_value":6379}},"filter_chains":[
      {"filters":[{"name":"envoy.filters.network.tcp_proxy","typed_config":{"@type":
         "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","stat_prefix":"x","weighted_clusters":{
         "clusters":[{"name":"outbound|6379|v1|cache.data.svc.cluster.local","weight":90},
                     {"name":"outbound|6379|v2|cache.data.svc.cluster.local","weight":10}]}}}],
       "metadata":{"filter_metadata":{"istio":{"config":
         "/apis/networking.istio.io/v1alpha3/namespaces/data/virtual-service/cache"}}}}]}}}]}
    """

  @Test func theWeightsOfAStreamAreThoseOfItsListener() throws {
    let proxy = SmallMesh.ref("pod", "shop", "a")
    let routes = IstioProgrammed.streams(try EnvoyListenerReader.serving(Array(Self.streams.utf8)), proxy: proxy)
    #expect(routes.map(\.port) == [6379])
    let route = try #require(
      IstioFixtures.route(
        try IstioFixtures.entities(
          text: """
            {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"cache","namespace":"data"},
             "spec":{"hosts":["cache"],"tcp":[{"route":[{"destination":{"host":"cache","subset":"v1"},"weight":80},
               {"destination":{"host":"cache","subset":"v2"},"weight":20}]}],
               "http":[{"route":[{"destination":{"host":"cache","subset":"v1"},"weight":80},
               {"destination":{"host":"cache","subset":"v2"},"weight":20}]}]}}
            """), "cache"))
    let report = ProgrammedReport(routes: routes, asked: [proxy], at: Instant(seconds: 0))
    let tcp = try #require(route.rules.first { $0.layer == .tcp })
    let found = try #require(ProgrammedWeights.of(route, rule: tcp, in: report).value)
    #expect(found.backends.map(\.weight) == [90, 10])
    let http = try #require(route.rules.first { $0.layer == .http })
    #expect(
      ProgrammedWeights.of(route, rule: http, in: report).reason == "none of 1 proxies asked has this rule",
      "a stream is not taken for the HTTP rule with the same backends")
  }

  @Test func aRecordedStreamLeadsBackToItsObject() throws {
    let proxy = SmallMesh.ref("pod", "shop", "storefront")
    let routes = IstioProgrammed.streams(
      try EnvoyListenerReader.serving(IstioFixtures.bytes("envoy/config_dump.json")), proxy: proxy)
    #expect(routes.map(\.origin) == ["/apis/networking.istio.io/v1alpha3/namespaces/data/virtual-service/orders-db"])
    #expect(routes.first?.clusters.map(\.host) == ["orders-db.data.svc.cluster.local"])
  }
}
