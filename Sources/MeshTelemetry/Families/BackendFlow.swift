public import MeshModel

/// What one backend of a route got, where the proxies count by route: the observed truth of its weight.
public struct BackendFlow: Sendable, Hashable {
  /// The kind of the route in lower case, with its group where the dialect writes it so; empty for whatever route names the
  /// backend.
  public var routeKind: ObjectKind
  /// The namespace of the route, or of the backend where no route is named.
  public var namespace: String
  /// The route's name.
  public var route: String
  /// The number of the rule, where it is told.
  public var rule: Int?
  /// The backend's name: a service, a revision.
  public var backend: String
  /// The backend's namespace; empty where it is the route's.
  public var backendNamespace: String
  /// The backend's port, where it is told.
  public var port: Int?
  /// The measurement.
  public var traffic: Traffic

  /// Creates a flow.
  public init(
    routeKind: ObjectKind, namespace: String, route: String, rule: Int? = nil, backend: String,
    backendNamespace: String = "", port: Int? = nil, traffic: Traffic
  ) {
    self.routeKind = routeKind
    self.namespace = namespace
    self.route = route
    self.rule = rule
    self.backend = backend
    self.backendNamespace = backendNamespace
    self.port = port
    self.traffic = traffic
  }
}
