import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import Testing

/// A plan that waits for a real proxy, which takes one change and rejects the next.
///
/// The mesh is a small one of Istio's kind: objects in the embedded API server; in istiod's place an ADS server that is fed
/// from them and tells of its proxies as istiod does; and a real Envoy in the place of one pod's sidecar.
@Suite("Plans and a real Envoy", .serialized, .timeLimit(.minutes(20))) struct RejectedPlanTests {
  private static let demo = DemoServer()
  private static let host = "cart.shop.svc.cluster.local"
  /// The weight that this control plane makes something of that no Envoy takes.
  private static let unlucky = 13

  /// What Istio would make of the VirtualService `cart`; nonsense for the unlucky weight.
  private static func world(_ weights: (Int, Int), listener: Int, backends: [Int]) throws -> ADSServer.World {
    let sent = weights.0 == unlucky ? (0, 0) : weights
    var world = try ADSServer.World.shop(version: "\(weights)", weights: sent, listener: listener, backends: backends)
    let names = ["reviews.v1": "outbound|8080|v1|\(host)", "reviews.v2": "outbound|8080|v2|\(host)"]
    world.resources = try world.resources.map { resource in
      var text = JSONWriter.text(resource)
      for (old, new) in names { text = text.replacing(old, with: new) }
      text = text.replacing(#""route_config_name":"shop""#, with: #""route_config_name":"8080""#)
      return try JSONValue(parsing: text)
    }
    world.resources[1]["name"] = "8080"
    let origin = "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/cart"
    var host = try #require(world.resources[1]["virtual_hosts"]?[0])
    host["domains"] = [.string(Self.host), "*"]
    var route = try #require(host["routes"]?[0])
    route["metadata"] = ["filter_metadata": ["istio": ["config": .string(origin)]]]
    host["routes"] = [route]
    world.resources[1]["virtual_hosts"] = [host]
    return world
  }

  /// An Envoy in a pod's place, which hears from the control plane over mutual TLS.
  private static func envoy(_ pod: String, of server: ADSServer, _ ports: EnvoyServer.Box<[Int]>) async throws
    -> EnvoyServer?
  {
    try await EnvoyServer.start { admin, listener, backends in
      ports.value = [listener] + backends
      try server.serve(try world((100, 0), listener: listener, backends: backends))
      let tls = """
        {name: tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext,
         common_tls_context: {tls_certificates: [{certificate_chain: {filename: "\(server.folder)/client.pem"},
         private_key: {filename: "\(server.folder)/client.key"}}],
         validation_context: {trusted_ca: {filename: "\(server.folder)/ca.pem"}}}}}
        """.replacing("\n", with: " ")
      return """
        node: {id: "sidecar~127.0.0.1~\(pod).shop~shop.svc.cluster.local", cluster: \(pod)}
        admin: {address: {socket_address: {address: 127.0.0.1, port_value: \(admin)}}}
        dynamic_resources:
          ads_config:
            api_type: GRPC
            transport_api_version: V3
            grpc_services: [{envoy_grpc: {cluster_name: xds-grpc}}]
          lds_config: {ads: {}, resource_api_version: V3}
          cds_config: {ads: {}, resource_api_version: V3}
        static_resources:
          clusters:
            - name: xds-grpc
              type: STATIC
              transport_socket: \(tls)
              typed_extension_protocol_options:
                envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                  "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                  explicit_http_config: {http2_protocol_options: {}}
              load_assignment:
                cluster_name: xds-grpc
                endpoints:
                  - lb_endpoints:
                      - endpoint:
                          address: {socket_address: {address: 127.0.0.1, port_value: \(server.port)}}
        """
    }
  }

  @Test("what the proxy takes is applied, what it rejects is taken back with the proxy's own words")
  func aRejectionTakesThePlanBack() async throws {
    let tool = try await Self.demo.tool()
    let pods = try await tool("get", "objects", "pod", "-n", "shop", "-o", "name")
    let pod = try #require(
      pods.output.split(whereSeparator: \.isWhitespace).first { $0.contains("storefront") }?.split(separator: "/").last
    ).description
    let ports = EnvoyServer.Box<[Int]>([])
    guard let server = try await ADSServer.start(ADSServer.World(), tls: true),
      let envoy = try await Self.envoy(pod, of: server, ports)
    else { return }
    _ = try tool.file(
      "config/meshdeck/config.yaml",
      """
      planes:
        - name: demo
          kind: kubernetes
          kubeconfig: \(tool.kubeconfig ?? "")
          istiod:
            xds:
              url: "https://127.0.0.1:\(server.port)"
              caFile: \(server.folder)/ca.pem
              certFile: \(server.folder)/client.pem
              keyFile: \(server.folder)/client.key
          envoy: [{url: "http://127.0.0.1:\(envoy.admin)", workload: shop/\(pod)}]

      """)
    let feeding = try await Self.feed(server, ports.value, tool)
    defer { feeding.cancel() }
    let edit = ["canary", "set", "cart", "-n", "shop", "-y", "--wait", "--timeout", "120s", "-o", "json"]
    let taken = try await tool.run([Program.meshdeck] + edit + ["v1=60", "v2=40"])
    #expect(taken.code == 0, "\(taken.errors)")
    #expect(try taken.json["acknowledgement"]?["proxies"]?.int == 1, "\(taken.output)")
    #expect(try taken.json["acknowledgement"]?["acknowledged"]?.int == 1, "\(taken.output)")
    #expect(try await Self.shares(tool) == ["60 0.6", "40 0.4"])
    let rejected = try await tool.run(
      [Program.meshdeck] + edit + ["v1=\(Self.unlucky)", "v2=\(100 - Self.unlucky)"])
    #expect(rejected.code != 0)
    // Envoy's own words, of `WeightedClusterEntry`.
    #expect(rejected.errors.lowercased().contains("sum of weights"), "\(rejected.errors)")
    #expect(rejected.errors.contains("shop/\(pod) rejects the configuration"), "\(rejected.errors)")
    #expect(try rejected.json["result"]?.string == "rolled-back", "\(rejected.output)")
    #expect(try await Self.shares(tool) == ["60 0.6", "40 0.4"], "the object is as it was, and so is the proxy")
    try await PrometheusTests.until {
      (try? await tool("describe", "proxy/\(pod)", "-n", "shop").output.contains("RDS  SYNCED")) == true
    }
  }

  /// The desired weight and the programmed share of each backend.
  private static func shares(_ tool: Tool) async throws -> [String] {
    let run = try await tool("get", "splits", "cart", "-n", "shop", "-o", "json")
    return try (run.json["items"]?[0]?["backends"]?.array ?? []).map { backend in
      "\(backend["desired"]?["weight"]?.int ?? -1) \(backend["programmed"]?["share"]?.double ?? -1)"
    }
  }

  /// Serves what the VirtualService says, whenever it says something else.
  private static func feed(_ server: ADSServer, _ ports: [Int], _ tool: Tool) async throws -> Task<Void, Never> {
    var setting = PlaneSetting(name: "demo", kind: .kubernetes)
    setting.kubeconfig = tool.kubeconfig
    let deck = try await EnvoyTests.deck(setting)
    let control = try deck.connection("demo").control
    let cart = ObjectRef(plane: "demo", namespace: "shop", kind: "virtualservice", name: "cart")
    return Task {
      var last: [Int] = []
      while !Task.isCancelled {
        if let native = try? await control.native(cart) {
          let route = native.json["spec"]?["http"]?[0]?["route"]
          let now = [0, 1].map { route?[$0]?["weight"]?.int ?? 0 }
          if now != last, let world = try? world((now[0], now[1]), listener: ports[0], backends: Array(ports[1...])) {
            try? server.serve(world)
            last = now
          }
        }
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
  }
}
