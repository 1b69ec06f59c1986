import Foundation
import MeshModel
import MeshOperations
import MeshPlanes
import Testing

/// A control plane of Envoy's discovery protocol by the gRPC library of Python, whose resources a test changes.
final class ADSServer: Sendable {
  static let packages = ["xds-protos==1.85.0", "grpcio==1.85.1"]
  let port: Int
  let folder: String
  private let isTLS: Bool
  private let server: Server

  /// Starts it; `nil`, said loudly, where it cannot be had.
  static func start(_ world: World, tls: Bool = false) async throws -> ADSServer? {
    guard let commands = try await PythonLaboratory.commands(packages) else { return nil }
    let folder = tls ? try await GRPCServer.certificates() : try Program.temporaryFolder()
    let port = MetricsServer.freePort()
    try world.write(to: folder)
    var command = [commands + "/python", "\(Program.root)/Tests/Laboratory/ads-server", "\(port)", folder + "/world"]
    if tls { command += ["server.pem", "server.key", "ca.pem"].map { "\(folder)/\($0)" } }
    return ADSServer(
      port: port, folder: folder, tls: tls, server: try await PythonLaboratory.serving(command, port: port))
  }

  private init(port: Int, folder: String, tls: Bool, server: Server) {
    (self.port, self.folder, isTLS, self.server) = (port, folder, tls, server)
  }

  /// Serves another world from now on.
  func serve(_ world: World) throws { try world.write(to: folder) }

  /// A plane that asks it.
  func setting(
    _ transport: XDSSettings.Transport = .ads, content: XDSSettings.Content = .envoy, withCertificate: Bool = true
  ) -> PlaneSetting {
    var setting = PlaneSetting(name: "cp", kind: .xds)
    setting.xds = XDSSetting(
      settings: XDSSettings(
        url: "\(isTLS ? "https" : "http")://127.0.0.1:\(port)", transport: transport, content: content,
        node: XDSSettings.Node(id: "meshdeck", cluster: "edge")))
    guard isTLS else { return setting }
    setting.xds?.caFile = folder + "/ca.pem"
    if withCertificate {
      setting.xds?.certFile = folder + "/client.pem"
      setting.xds?.keyFile = folder + "/client.key"
    }
    return setting
  }

  /// What the server serves.
  struct World {
    var version = "1"
    var resources: [JSONValue] = []
    var fault = ""
    /// What an istiod tells of itself, by name.
    var debug: [String: JSONValue] = [:]

    func write(to folder: String) throws {
      var json: JSONValue = ["version": .string(version), "resources": .array(resources), "fault": .string(fault)]
      json["debug"] = .object(JSONObject(debug.map { JSONObject.Member(name: $0.key, value: $0.value) }))
      try Data(JSONWriter.bytes(json)).write(to: URL(filePath: folder + "/world"), options: .atomic)
    }

    /// A listener whose requests go to two clusters by weights, their endpoints by discovery.
    ///
    /// - Parameter source: From where routes and endpoints are taken, as JSON.
    static func shop(
      version: String = "1", weights: (Int, Int), listener: Int = 8080, backends: [Int] = [1, 2],
      source: String = #"{"ads": {}, "resource_api_version": "V3"}"#
    ) throws -> World {
      let types = "type.googleapis.com/envoy"
      var texts = [
        """
        {"@type": "\(types).config.listener.v3.Listener", "name": "web",
         "address": {"socket_address": {"address": "127.0.0.1", "port_value": \(listener)}},
         "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": {
           "@type": "\(types).extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
           "stat_prefix": "web", "rds": {"route_config_name": "shop", "config_source": \(source)},
           "http_filters": [
             {"name": "cors", "typed_config": {"@type": "\(types).extensions.filters.http.cors.v3.Cors"}},
             {"name": "router", "typed_config": {"@type": "\(types).extensions.filters.http.router.v3.Router"}}]}}]}]}
        """,
        """
        {"@type": "\(types).config.route.v3.RouteConfiguration", "name": "shop",
         "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
           {"name": "reviews", "match": {"prefix": "/"}, "route": {"timeout": "30s", "weighted_clusters": {
             "header_name": "x-place", "clusters": [
             {"name": "reviews.v1", "weight": \(weights.0)}, {"name": "reviews.v2", "weight": \(weights.1)}]}}}]}]}
        """,
      ]
      for (index, port) in backends.enumerated() {
        texts += [
          """
          {"@type": "\(types).config.cluster.v3.Cluster", "name": "reviews.v\(index + 1)", "type": "EDS",
           "connect_timeout": "10s", "eds_cluster_config": {"eds_config": \(source)}}
          """,
          """
          {"@type": "\(types).config.endpoint.v3.ClusterLoadAssignment", "cluster_name": "reviews.v\(index + 1)",
           "endpoints": [{"lb_endpoints": [{"endpoint": {"address":
             {"socket_address": {"address": "127.0.0.1", "port_value": \(port)}}}}]}]}
          """,
        ]
      }
      return World(version: version, resources: try texts.map { try JSONValue(parsing: $0) })
    }
  }
}
