import MeshModel
import MeshTransport

/// The kinds of resource of Service Fabric's mesh model, with their places under both of its base paths.
///
/// Sources: azure-rest-api-specs `servicefabricmesh` 2018-09-01-preview; azure-servicefabric 8.2.0.0 (`/Resources`,
/// 6.4-preview). The members are the same under both; their lists and errors are not.
enum ServiceFabricKind: String, Sendable, Hashable, CaseIterable {
  case network, application, service, gateway

  /// The kind that a typed or neutral kind means.
  init?(typed: ObjectKind) {
    switch typed {
    case "namespace": self = .application
    case "workload": self = .service
    case "gatewayroute", "route": self = .gateway
    default:
      guard let kind = ServiceFabricKind(rawValue: typed) else { return nil }
      self = kind
    }
  }

  /// The kind of a native object: named by its `type` where Azure gave it, else told by its members.
  init?(of json: JSONValue) {
    guard json["name"]?.string?.isEmpty == false, let properties = json["properties"], properties.object != nil else {
      return nil
    }
    if let type = json["type"]?.string?.lowercased() {
      let prefix = "microsoft.servicefabricmesh/"
      guard type.hasPrefix(prefix), let last = type.split(separator: "/").last,
        let kind = Self.allCases.first(where: { $0.collection == last })
      else { return nil }
      self = kind
    } else if properties["sourceNetwork"] != nil, properties["destinationNetwork"] != nil {
      self = .gateway
    } else if properties["codePackages"] != nil {
      self = .service
    } else if properties["services"] != nil || properties["serviceNames"] != nil {
      self = .application
    } else if properties["kind"]?.string == "Local" || properties["networkAddressPrefix"] != nil {
      self = .network
    } else {
      return nil
    }
  }

  /// The last segment of the collection's path at Azure; a cluster writes it with a capital.
  var collection: String { rawValue + "s" }
}

/// The name of a resource, and of the application it lives within.
struct ServiceFabricName: Sendable, Hashable {
  var kind: ServiceFabricKind
  /// The application of a service; empty for the other kinds.
  var application = ""
  var name: String

  init(_ kind: ServiceFabricKind, _ name: String, application: String = "") {
    self.kind = kind
    self.name = name
    self.application = application
  }

  /// The name that an identity stands for.
  init?(_ ref: ObjectRef) {
    guard let kind = ServiceFabricKind(typed: ref.kind) else { return nil }
    self.kind = kind
    name = PercentCoding.decode(ref.name)
    if kind == .service { application = PercentCoding.decode(ref.namespace) }
    guard kind != .service || !application.isEmpty else { return nil }
  }

  /// The name of a native object; `nil` where it is none, or a service that does not say whose it is.
  init?(of json: JSONValue) {
    guard let kind = ServiceFabricKind(of: json), let name = json["name"]?.string else { return nil }
    self.kind = kind
    self.name = name
    guard kind == .service else { return }
    let path = (json["id"]?.string ?? "").split(separator: "/").map(String.init)
    guard let place = path.firstIndex(where: { $0.lowercased() == "applications" }), path.count > place + 1 else {
      return nil
    }
    application = path[place + 1]
  }

  /// The identity as operators type it: services live in their application as in a namespace.
  func ref(plane: PlaneName, as kind: ObjectKind? = nil) -> ObjectRef {
    ObjectRef(
      plane: plane, namespace: ObjectRef.escaped(application), kind: kind ?? self.kind.rawValue,
      name: ObjectRef.escaped(name))
  }
}

/// The base path of a connection: Azure's, or a cluster's own.
enum ServiceFabricBase: Sendable, Hashable {
  /// A resource group at Azure Resource Manager.
  case group(subscription: String, name: String)
  /// A cluster's HTTP gateway.
  case cluster

  /// The path of a resource group; empty on a cluster.
  var scope: String {
    guard case .group(let subscription, let name) = self else { return "" }
    return AzureScope.group(name, of: subscription)
  }

  /// The path of a collection, with the version of the API.
  func path(of kind: ServiceFabricKind, application: String = "") -> String {
    path(kind == .service ? [(.application, application)] : [], then: segment(kind.collection))
  }

  /// The path of a resource.
  func path(of name: ServiceFabricName) -> String {
    path(
      (name.kind == .service ? [(.application, name.application)] : []) + [(name.kind, name.name)], then: nil)
  }

  /// The path of a service's replicas.
  func replicas(of name: ServiceFabricName) -> String {
    path([(.application, name.application), (.service, name.name)], then: segment("replicas"))
  }

  private func path(_ parts: [(ServiceFabricKind, String)], then last: String?) -> String {
    let (root, version) =
      switch self {
      case .group: (scope + "/providers/Microsoft.ServiceFabricMesh", "2018-09-01-preview")
      case .cluster: ("/Resources", "6.4-preview")
      }
    let middle = parts.map { "/\(segment($0.0.collection))/\(PercentCoding.encode($0.1))" }.joined()
    return root + middle + (last.map { "/" + $0 } ?? "") + "?api-version=" + version
  }

  private func segment(_ word: String) -> String {
    self == .cluster ? word.prefix(1).uppercased() + word.dropFirst() : word
  }
}
