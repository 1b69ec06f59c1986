import MeshModel

/// Routes that hold only for requests with a key (SRDS): which table, for which keys.
///
/// Source: Envoy API, `config/route/v3/scoped_route.proto` and `ScopedRoutes` of the HTTP connection manager.
struct EnvoyScopedRoutes: Sendable, Hashable {
  /// The name of the scope.
  var name: String
  /// The fragments of the key.
  var key: [String]
  /// The route configuration that holds for it; `nil` where none is named.
  var table: String?

  /// The key as the condition of a rule.
  var condition: String { "scope \(key.isEmpty ? name : key.joined(separator: ","))" }

  init(_ json: JSONValue) {
    name = json["name"]?.string ?? ""
    key = json["key"]?.list("fragments").map { $0["string_key"]?.string ?? "" } ?? []
    table = json["route_configuration_name"]?.string ?? json["route_configuration"]?["name"]?.string
  }

  /// The scopes that a connection manager has in itself.
  static func inline(_ manager: JSONValue) -> [EnvoyScopedRoutes] {
    (manager["scoped_routes"]?["scoped_route_configurations_list"] ?? .null)
      .list("scoped_route_configurations").map { EnvoyScopedRoutes($0) }
  }

  /// The scopes of a proxy's dump, those of the bootstrap first. Source: Envoy admin API, `ScopedRoutesConfigDump`.
  static func all(_ dump: JSONValue) -> [EnvoyScopedRoutes] {
    (dump.list("inline_scoped_route_configs") + dump.list("dynamic_scoped_route_configs"))
      .flatMap { $0.list("scoped_route_configs") }.map { EnvoyScopedRoutes($0) }
  }
}
