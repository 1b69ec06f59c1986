import MeshModel

/// A type of resource that a control plane is asked for, by its URL.
struct XDSType: Sendable, Hashable {
  let url: String

  private init(envoy name: String) { url = "type.googleapis.com/envoy.config." + name }

  /// A type of Istio's configuration: group, version and kind, as its objects have them.
  init(group: String, version: String, kind: String) { url = "\(group)/\(version)/\(kind)" }

  static let listeners = XDSType(envoy: "listener.v3.Listener")
  static let routes = XDSType(envoy: "route.v3.RouteConfiguration")
  static let scopedRoutes = XDSType(envoy: "route.v3.ScopedRouteConfiguration")
  static let clusters = XDSType(envoy: "cluster.v3.Cluster")
  static let endpoints = XDSType(envoy: "endpoint.v3.ClusterLoadAssignment")

  /// What is asked for once others name it, in the order of the protocol: by its names, or whole where it is scopes.
  static let dependent = [scopedRoutes, routes, endpoints]

  /// The last part of the path of REST discovery.
  var restName: String {
    switch self {
    case .listeners: "listeners"
    case .routes: "routes"
    case .scopedRoutes: "scoped-routes"
    case .clusters: "clusters"
    default: "endpoints"
    }
  }

  /// What an operator calls it.
  var words: String {
    switch self {
    case .listeners: "listeners"
    case .routes: "route configurations"
    case .scopedRoutes: "scoped routes"
    case .clusters: "clusters"
    case .endpoints: "endpoints"
    default: url.split(separator: "/").last.map(String.init) ?? url
    }
  }

  /// The type as the state of a proxy has it; `nil` for others.
  static func configType(ofURL url: String) -> ProxyState.ConfigType? {
    switch url {
    case listeners.url: .lds
    case routes.url, scopedRoutes.url: .rds
    case clusters.url: .cds
    case endpoints.url: .eds
    default: nil
    }
  }
}
