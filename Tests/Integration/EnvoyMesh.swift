import Foundation
import MeshModel
import MeshOperations
import MeshTransport

/// A small mesh of real Envoys on loopback: a client's sidecar that calls a server's sidecar by mutual TLS, before a real
/// server; certificates as `openssl` makes them.
final class EnvoyMesh: Sendable {
  let clientAdmin = MetricsServer.freePort()
  let serverAdmin = MetricsServer.freePort()
  /// Where the client calls.
  let entrance = MetricsServer.freePort()
  /// Where the server's sidecar takes mutual TLS.
  let inbound = MetricsServer.freePort()
  let folder: String
  private let processes = EnvoyServer.Box<[Server]>([])

  /// Starts the mesh; `nil` where there is no Envoy.
  static func start() async throws -> EnvoyMesh? {
    guard let binary = try await EnvoyServer.binary.value else { return nil }
    let mesh = try EnvoyMesh()
    try await mesh.launch(binary)
    return mesh
  }

  private init() throws { folder = try Program.temporaryFolder() }

  private func launch(_ binary: String) async throws {
    let script = """
      set -e
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout root.key -out root.pem -days 30 \
        -subj "/O=mesh.test/CN=Test Root" 2>/dev/null
      for name in web reviews; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $name.key -out $name.csr -subj "/" 2>/dev/null
        printf 'subjectAltName=critical,URI:spiffe://mesh.test/ns/shop/sa/%s\n' $name > $name.ext
        openssl x509 -req -in $name.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 -extfile $name.ext \
          -out $name.pem 2>/dev/null
      done
      """
    let made = try await Program(
      command: ["/bin/bash", "-c", script], environment: ProcessInfo.processInfo.environment
    ).run(in: folder)
    guard made.code == 0 else { throw Server.Failure(code: made.code, errors: made.errors) }
    let backend = MetricsServer.freePort()
    var all = [try await EnvoyServer.serve(["python3", "-m", "http.server", "--bind", "127.0.0.1", "\(backend)"])]
    try write("reviews", admin: serverAdmin, port: inbound, to: backend, isServer: true)
    try write("web", admin: clientAdmin, port: entrance, to: inbound, isServer: false)
    for (name, admin) in [("reviews", serverAdmin), ("web", clientAdmin)] {
      all.append(
        try await EnvoyServer.serve([
          binary, "-c", "\(folder)/\(name).yaml", "--concurrency", "1", "-l", "critical", "--base-id", "\(admin)",
        ]))
    }
    processes.value = all
    try await PrometheusTests.until { await self.call() == 200 }
  }

  private func write(_ name: String, admin: Int, port: Int, to target: Int, isServer: Bool) throws {
    func pem(_ file: String) throws -> String {
      try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).replacing("\n", with: "\\n")
    }
    let contexts = """
      common_tls_context: {
        tls_certificate_sds_secret_configs: [{name: default}], validation_context_sds_secret_config: {name: ROOTCA}}
      """.replacing("\n", with: " ")
    let down =
      #"{name: tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext, require_client_certificate: true, \#(contexts)}}"#
    let up =
      #"{name: tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, sni: reviews, \#(contexts)}}"#
    let text = """
      node: {id: \(name)-1, cluster: shop-\(name)}
      admin: {address: {socket_address: {address: 127.0.0.1, port_value: \(admin)}}}
      stats_flush_interval: 0.5s
      static_resources:
        secrets:
          - name: default
            tls_certificate:
              certificate_chain: {inline_string: "\(try pem("\(name).pem"))"}
              private_key: {filename: "\(folder)/\(name).key"}
          - name: ROOTCA
            validation_context: {trusted_ca: {inline_string: "\(try pem("root.pem"))"}}
        listeners:
          - name: \(isServer ? "inbound" : "outbound")
            address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}
            filter_chains:
              - \(isServer ? "transport_socket: \(down)" : "name: plain")
                filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: \(name)
                      route_config:
                        name: \(name)
                        virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: reviews}}]}]
                      http_filters:
                        - name: envoy.filters.http.router
                          typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
        clusters:
          - name: reviews
            type: STATIC
            connect_timeout: 1s
            load_assignment: {cluster_name: reviews, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(target)}}}}]}]}
            \(isServer ? "" : "transport_socket: \(up)")
      """
    try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name).yaml"))
  }

  /// Calls the server through both sidecars.
  func call() async -> Int? {
    try? await Self.transport.send(HTTPRequest(.get, "http://127.0.0.1:\(entrance)/")).status
  }

  /// Calls one after another until the work is done.
  func drive<Value: Sendable>(during work: @Sendable () async throws -> Value) async throws -> Value {
    let driver = Task { while !Task.isCancelled { _ = await self.call() } }
    defer { driver.cancel() }
    return try await work()
  }

  /// A plane of both sidecars.
  var setting: PlaneSetting {
    PlaneSetting(
      name: "mesh", kind: .envoy,
      envoy: [clientAdmin, serverAdmin].map { EnvoySetting(url: "http://127.0.0.1:\($0)", workload: "") })
  }

  static let transport = CurlTransport(settings: ConnectionSettings(proxy: .none))
}
