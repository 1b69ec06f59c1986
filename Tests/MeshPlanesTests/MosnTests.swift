import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// A fleet of MOSNs played by a server that answers in the shapes of MOSN's own source.
@Suite struct MosnTests {
  static let secret = "-----BEGIN EC PRIVATE KEY-----\\nc2VjcmV0\\n-----END EC PRIVATE KEY-----"

  static let dump = """
    {"mosn_config":{"node":{"id":"sidecar~10.0.0.9","cluster":"shop"},"dynamic_resources":{"ads_config":{
        "api_type":"GRPC","grpc_services":[{"envoy_grpc":{"cluster_name":"xds-grpc"}}]}},
      "cluster_manager":{"tls_context":{"status":true,"private_key":"\(secret)"}}},
     "listener":{"ingress":{"name":"ingress","type":"ingress","address":"0.0.0.0:2045","bind_port":true,"filter_chains":[
       {"tls_context_set":[{"status":true,"server_name":"shop.example","verify_client":true,"require_client_cert":true,
          "cert_chain":"-----BEGIN CERTIFICATE-----","private_key":"\(secret)"}],
        "filters":[{"type":"proxy","config":{"downstream_protocol":"Http1","upstream_protocol":"Http1","router_config_name":"web"}}]}]},
      "open":{"name":"open","address":"127.0.0.1:2046","filter_chains":[{"tls_context":{"status":true,"fall_back":true,
          "verify_client":true},"filters":[{"type":"tcp_proxy","config":{"cluster":"db"}}]}]}},
     "cluster":{
       "reviews.v1":{"name":"reviews.v1","type":"SIMPLE","lb_type":"LB_RANDOM","circuit_breakers":[{"max_connections":1024}],
         "tls_context":{"status":true,"cert_chain":"c","private_key":"\(secret)","server_name":"reviews"},
         "hosts":[{"address":"10.1.0.1:8080","weight":1},{"address":"10.1.0.2:8080","weight":1}]},
       "reviews.v2":{"name":"reviews.v2","type":"EDS","lb_type":"LB_ROUNDROBIN","hosts":[{"address":"10.1.0.3:8080"}]},
       "db":{"name":"db","type":"STRICT_DNS","hosts":[{"address":"db.internal:5432"}]}},
     "routers":{"web":{"router_config_name":"web","virtual_hosts":[{"name":"shop","domains":["shop.example","*"],"routers":[
       {"match":{"prefix":"/reviews","headers":[{"name":"X-Tester","value":"1"}]},
        "route":{"cluster_name":"reviews.v2","timeout":"3s","retry_policy":{"retry_on":true,"retry_timeout":"1s","num_retries":2}}},
       {"match":{"prefix":"/"},"route":{"weighted_clusters":[{"cluster":{"name":"reviews.v1","weight":80}},
          {"cluster":{"name":"reviews.v2","weight":20}}]}},
       {"match":{"path":"/old"},"redirect":{"path_redirect":"/new"}}]}]}}}
    """

  static func stats(_ total: Int) -> String {
    """
    {"upstream":{"cluster.reviews.v1":{"request_total":"\(total)","response_failed":"5","request_duration_time.50.00%":"1.50",
       "request_duration_time.99.00%":"40.00"},"cluster.reviews.v1.host.10.1.0.1:8080":{"request_total":"7"}},
     "downstream":{"proxy.global":{"request_total":"9"}}}
    """
  }

  static func ports(state: Int = 6, dump: String = MosnTests.dump) -> AdminPorts {
    let looks = Mutex(0)
    return AdminPorts { _, path in
      switch path {
      case "/api/v1/states": (200, "pid=7&state=\(state)\n")
      case "/api/v1/version": (200, "mosn version: 1.6.0\n")
      case "/api/v1/config_dump": (200, dump)
      case "/api/v1/stats":
        (
          200,
          Self.stats(
            looks.withLock { count in
              count += 1
              return count == 1 ? 1000 : 1200
            })
        )
      default: (404, "")
      }
    }
  }

  static func plane(_ ports: AdminPorts) throws -> EnvoyPlane {
    try EnvoyPlane(
      name: "m", places: ["http://10.0.0.9:34901"], kind: .mosn, options: ports.options, now: { Instant(seconds: 1000) }
    )
  }

  static func snapshot(_ plane: EnvoyPlane) async throws -> MeshSnapshot {
    let all = Mutex(MeshSnapshot())
    try await plane.read(nil, namespace: nil) { changes in
      all.withLock { snapshot in for change in changes { snapshot.apply(change) } }
    }
    return all.withLock { $0 }
  }

  @Test func routersAreRoutesWithTheirWeights() async throws {
    let plane = try Self.plane(Self.ports())
    let snapshot = try await Self.snapshot(plane)
    let route = try #require(snapshot.routes.values.first { $0.ref.kind == "virtualhost" })
    #expect(route.ref.description == "m/shop/virtualhost/web:shop")
    #expect(route.hosts == ["shop.example", "*"])
    #expect(route.attachedTo == ["ingress"])
    #expect(route.rules.map { $0.backends.map(\.weight) } == [[100], [80, 20], []])
    #expect(route.rules[0].timeout == 3)
    #expect(route.rules[0].retries?.attempts == 2)
    #expect(route.rules[0].matches.first?.headers["x-tester"] == .exact("1"))
    #expect(route.rules[2].action == "redirect to /new")
    #expect(route.rules[1].backends[1].pointer.description == "/routers/1/route/weighted_clusters/1/cluster")
    #expect(route.owners.first?.evidence.contains("istiod, the control plane behind cluster xds-grpc") == true)
    let report = await plane.programmed(for: [], in: snapshot)
    #expect(report.proxies.map(\.version) == ["1.6.0"])
    #expect(report.routes.first { $0.clusters.count == 2 }?.clusters.map(\.weight) == [80, 20])
    #expect(await plane.plane.kind == .mosn)
  }

  @Test func listenersAndClustersTellTheirTLS() async throws {
    let snapshot = try await Self.snapshot(try Self.plane(Self.ports()))
    let gateways = Dictionary(uniqueKeysWithValues: snapshot.gateways.values.map { ($0.ref.name, $0.listeners[0]) })
    #expect(gateways["ingress"]?.tls == "MUTUAL" && gateways["ingress"]?.port == 2045)
    #expect(gateways["ingress"]?.hosts == ["shop.example"])
    #expect(gateways["open"]?.tls == "SIMPLE", "what falls back to plaintext demands nothing")
    let policies = Dictionary(uniqueKeysWithValues: snapshot.destinations.values.map { ($0.host, $0.settings) })
    #expect(policies["reviews.v1"]?.tls == .mutual)
    #expect(policies["reviews.v1"]?.connectionPool == "1024 connections")
    #expect(policies["reviews.v2"]?.tls == .disable)
    #expect(snapshot.services.values.first { $0.ref.name == "db" }?.ports.map(\.port) == [5432])
  }

  @Test func keysAreMaskedBeforeAnythingIsKept() async throws {
    let plane = try Self.plane(Self.ports())
    for kind in ["listener", "cluster", "virtualhost"] {
      let text = try await plane.natives(kind, namespace: nil).map { JSONWriter.text($0.json) }.joined()
      #expect(!text.isEmpty && !text.contains("c2VjcmV0"), "\(kind)")
      #expect(text.contains("[redacted]") == (kind != "virtualhost"), "\(kind)")
    }
    let nested: JSONValue = ["a": [["sds_private_key": "x"]], "b": .string(Self.secret), "private_key": ""]
    #expect(
      MosnSecrets.masked(nested) == ["a": [["sds_private_key": "[redacted]"]], "b": "[redacted]", "private_key": ""])
  }

  @Test(arguments: [(0, "INITIALIZING"), (5, "INITIALIZING"), (6, "LIVE"), (7, "DRAINING"), (13, "DRAINING")])
  func stagesAreToldInTheFleetsWords(number: Int, word: String) {
    #expect(MosnReader.state("pid=1&state=\(number)\n") == word)
  }

  @Test func itsCountersGiveRatesAndTimes() async throws {
    let plane = try Self.plane(Self.ports())
    _ = try await Self.snapshot(plane)
    let ref = ObjectRef(plane: "m", namespace: "shop", kind: "proxy", name: "sidecar~10.0.0.9")
    let inspection = await plane.inspect(ref)
    let condition = try #require(inspection.condition.value)
    #expect(condition.state == "LIVE" && condition.version == "1.6.0")
    let busy = try #require(condition.upstreams.first)
    #expect(busy.name == "reviews.v1" && busy.hosts == 2)
    #expect((busy.rps ?? 0) > 1 && busy.requests == 1000)
    #expect(busy.quantiles == [50: 1.5, 99: 40])
    #expect(inspection.certificates.reason?.contains("MOSN does not tell") == true)
    #expect(inspection.routes.value?.isEmpty == false)
  }

  @Test func editsAreRefusedInTheOwnersName() async throws {
    let plane = try Self.plane(Self.ports())
    let snapshot = try await Self.snapshot(plane)
    let route = try #require(snapshot.routes.keys.first { $0.kind == "virtualhost" })
    let intent = Intent.weights(
      WeightsIntent(route: route, rule: "1", weights: [.init(backend: "reviews.v1", weight: 10)]))
    await #expect {
      try await plane.steps(for: intent, in: snapshot)
    } throws: { error in
      (error as? MeshError)?.code == .refused
        && "\(error)".contains("istiod, the control plane behind cluster xds-grpc")
    }
    let checks = await plane.check()
    #expect(checks.first { $0.name == "version" }?.detail == "MOSN 1.6.0")
    #expect(checks.contains { $0.name == "edits" && $0.result == .skipped })
    #expect(!checks.contains { $0.name == "runtime" || $0.result == .failed }, "\(checks)")
  }

  @Test(arguments: ["[]", "{}", "not json", #"{"configs":[]}"#])
  func whatIsNoMOSNIsSaidToBeNone(dump: String) async throws {
    let plane = try Self.plane(Self.ports(dump: dump))
    await #expect(throws: MeshError.self) { try await Self.snapshot(plane) }
  }
}
