import MeshModel

/// What resources name that is then asked for, or that is named and not asked for.
enum XDSDependencies {
  /// The route configurations that a listener takes by discovery.
  static func routes(of listener: JSONValue) -> [String] {
    EnvoyListenerReader.connectionManagers(listener).flatMap { manager in
      [manager["rds"]?["route_config_name"]?.string].compactMap(\.self)
        + EnvoyScopedRoutes.inline(manager).compactMap(\.table)
    }
  }

  /// Whether a listener takes the scopes of its routes by discovery.
  static func wantsScopes(_ listener: JSONValue) -> Bool {
    EnvoyListenerReader.connectionManagers(listener).contains { $0["scoped_routes"]?["scoped_rds"] != nil }
  }

  /// The name under which a cluster takes its endpoints by discovery; `nil` for one that does not.
  static func endpoints(of cluster: JSONValue) -> String? {
    guard cluster["type"]?.string == "EDS", let name = cluster["name"]?.string else { return nil }
    return cluster["eds_cluster_config"]?["service_name"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? name
  }

  /// The secrets that a resource takes by discovery (SDS), by name, wherever in it they stand.
  ///
  /// Source: Envoy API, `CommonTlsContext` and `GenericSecret`: `…sds_secret_config` and `…sds_secret_configs`.
  static func secrets(of json: JSONValue) -> Set<String> {
    var found: Set<String> = []
    func look(_ json: JSONValue) {
      switch json {
      case .object(let object):
        for member in object.members {
          if member.name.hasSuffix("sds_secret_config") || member.name.hasSuffix("sds_secret_configs") {
            found.formUnion((member.value.array ?? [member.value]).compactMap { $0["name"]?.string })
          }
          look(member.value)
        }
      case .array(let items): for item in items { look(item) }
      default: break
      }
    }
    look(json)
    return found
  }
}
