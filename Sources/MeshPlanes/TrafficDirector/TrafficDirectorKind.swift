import MeshModel
import MeshTransport

/// The kinds of resource of Traffic Director, with their APIs and their places there; what others lead to comes first.
///
/// Source: google-cloud-network-services 0.10.4, google-cloud-network-security 0.13.4, google-cloud-compute 1.57 (paths of
/// their REST transports).
enum TrafficDirectorKind: String, Sendable, Hashable, CaseIterable {
  case clientTLSPolicy = "clienttlspolicy"
  case serverTLSPolicy = "servertlspolicy"
  case authorizationPolicy = "authorizationpolicy"
  case backendService = "backendservice"
  case mesh
  case gateway
  case endpointPolicy = "endpointpolicy"
  case httpRoute = "httproute"
  case grpcRoute = "grpcroute"
  case tcpRoute = "tcproute"
  case tlsRoute = "tlsroute"

  /// The APIs, each of which is enabled in a project by itself.
  enum API: String, Sendable, Hashable, CaseIterable {
    case services = "networkservices"
    case security = "networksecurity"
    case compute

    /// The name by which it is enabled.
    var name: String { rawValue + ".googleapis.com" }
    /// What its paths begin with.
    var prefix: String { self == .compute ? "/compute/v1/" : "/v1/" }
  }

  /// The kind that a typed or neutral kind means.
  init?(typed: ObjectKind) {
    switch typed {
    case "service": self = .backendService
    case "route": self = .httpRoute
    default:
      guard let kind = TrafficDirectorKind(rawValue: typed) else { return nil }
      self = kind
    }
  }

  /// The kind of a collection, such as `httpRoutes`.
  init?(collection: String) {
    guard let kind = Self.allCases.first(where: { $0.collection == collection }) else { return nil }
    self = kind
  }

  var api: API {
    switch self {
    case .backendService: .compute
    case .clientTLSPolicy, .serverTLSPolicy, .authorizationPolicy: .security
    default: .services
    }
  }

  /// The last segment of the collection's path, which is the member of a list too.
  var collection: String {
    switch self {
    case .clientTLSPolicy: "clientTlsPolicies"
    case .serverTLSPolicy: "serverTlsPolicies"
    case .authorizationPolicy: "authorizationPolicies"
    case .backendService: "backendServices"
    case .mesh: "meshes"
    case .gateway: "gateways"
    case .endpointPolicy: "endpointPolicies"
    case .httpRoute: "httpRoutes"
    case .grpcRoute: "grpcRoutes"
    case .tcpRoute: "tcpRoutes"
    case .tlsRoute: "tlsRoutes"
    }
  }

  /// The parameter that names a resource to be made, such as `httpRouteId`.
  var idParameter: String {
    switch self {
    case .mesh: "meshId"
    default: collection.hasSuffix("ies") ? collection.dropLast(3) + "yId" : collection.dropLast() + "Id"
    }
  }

  /// Whether its lists may leave out regions that do not answer, and name them. The other lists know no such parameter.
  var hasPartialLists: Bool {
    switch self {
    case .gateway, .clientTLSPolicy, .authorizationPolicy, .backendService: false
    default: true
    }
  }

  /// What its routes route; `nil` for what is no route.
  var layer: Rule.Layer? {
    switch self {
    case .httpRoute: .http
    case .grpcRoute: .grpc
    case .tcpRoute: .tcp
    case .tlsRoute: .tls
    default: nil
    }
  }

  /// The kinds that its things have in the neutral model.
  var neutral: [ObjectKind] {
    switch self {
    case .backendService: ["service", "workload", "endpoint", TrafficDirectorBackendReader.clientPolicyKind]
    default: [rawValue]
    }
  }
}

/// The name of a resource within a project.
struct TrafficDirectorName: Sendable, Hashable {
  var kind: TrafficDirectorKind
  /// `global`, or a region.
  var location: String
  var id: String

  init(kind: TrafficDirectorKind, location: String, id: String) {
    self.kind = kind
    self.location = location
    self.id = id
  }

  /// The name that an identity stands for; a location that is not said is `global`.
  init?(_ ref: ObjectRef) {
    guard let kind = TrafficDirectorKind(typed: ref.kind) else { return nil }
    self.kind = kind
    location = ref.namespace.isEmpty ? "global" : PercentCoding.decode(ref.namespace)
    id = PercentCoding.decode(ref.name)
  }

  /// The name of a native object: told by its `name`, or of a backend service by its `kind` and `selfLink`.
  init?(of json: JSONValue) {
    guard let name = json["name"]?.string else { return nil }
    if let reference = TrafficDirectorReference(name), let kind = TrafficDirectorKind(collection: reference.collection)
    {
      self.init(kind: kind, location: reference.location, id: reference.id)
    } else if json["kind"]?.string == "compute#backendService" || json["loadBalancingScheme"] != nil {
      let link = json["selfLink"]?.string.flatMap(TrafficDirectorReference.init)
      self.init(kind: .backendService, location: link?.location ?? "global", id: name)
    } else {
      return nil
    }
  }

  /// The identity as operators type it.
  func ref(plane: PlaneName, as kind: ObjectKind? = nil) -> ObjectRef {
    ObjectRef(plane: plane, namespace: Self.escaped(location), kind: kind ?? self.kind.rawValue, name: Self.escaped(id))
  }

  /// The path of the collection.
  func collectionPath(project: String) -> String {
    let place: String
    if kind.api == .compute {
      place = location == "global" ? "global" : "regions/\(PercentCoding.encode(location))"
    } else {
      place = "locations/\(PercentCoding.encode(location))"
    }
    return "\(kind.api.prefix)projects/\(PercentCoding.encode(project))/\(place)/\(kind.collection)"
  }

  /// The path of the resource.
  func path(project: String) -> String { collectionPath(project: project) + "/" + PercentCoding.encode(id) }

  static func escaped(_ text: String) -> String { text.replacing("%", with: "%25").replacing("/", with: "%2F") }
}

/// What one resource writes to name another: a whole address, or the path from `projects/` on.
struct TrafficDirectorReference: Sendable, Hashable {
  /// The project's identifier or its number.
  var project: String
  var location: String
  var collection: String
  var id: String

  /// The parts of a text; `nil` where it has no collection and name.
  init?(_ text: String) {
    let parts = text.split(separator: "/").map(String.init)
    guard parts.count >= 2, let id = parts.last else { return nil }
    func part(after word: String) -> String? {
      parts.firstIndex(of: word).flatMap { parts.indices.contains($0 + 1) ? parts[$0 + 1] : nil }
    }
    project = part(after: "projects") ?? ""
    location = part(after: "locations") ?? part(after: "regions") ?? part(after: "zones") ?? "global"
    collection = parts[parts.count - 2]
    self.id = id
  }

  /// Whether it may be in a project: by its identifier, or by a number, which nobody else gives here.
  func isIn(_ project: String) -> Bool {
    self.project.isEmpty || self.project == project || self.project.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
