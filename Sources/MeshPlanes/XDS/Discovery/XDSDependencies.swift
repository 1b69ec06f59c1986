import MeshModel

/// What resources name that is then asked for by name.
enum XDSDependencies {
  /// The route configurations that a listener takes by discovery.
  static func routes(of listener: JSONValue) -> [String] {
    EnvoyListenerReader.connectionManagers(listener).compactMap { manager in
      manager["rds"]?["route_config_name"]?.string
    }
  }

  /// The name under which a cluster takes its endpoints by discovery; `nil` for one that does not.
  static func endpoints(of cluster: JSONValue) -> String? {
    guard cluster["type"]?.string == "EDS", let name = cluster["name"]?.string else { return nil }
    return cluster["eds_cluster_config"]?["service_name"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? name
  }
}
