import MeshModel
import MeshTransport

/// The kinds of resource of App Mesh, with their places in the API.
///
/// Source: botocore `data/appmesh/2019-01-25/service-2.json`. The parent's segment of routes is singular there
/// (`virtualRouter/{r}/routes`), that of its own collection plural (`virtualRouters`).
enum AppMeshKind: String, Sendable, Hashable, CaseIterable {
  case mesh
  case virtualService = "virtualservice"
  case virtualRouter = "virtualrouter"
  case route
  case virtualNode = "virtualnode"
  case virtualGateway = "virtualgateway"
  case gatewayRoute = "gatewayroute"

  static let version = "/v20190125"

  /// The kind that a typed or neutral kind means.
  init?(typed: ObjectKind) {
    switch typed {
    case "service": self = .virtualService
    case "workload": self = .virtualNode
    case "gateway": self = .virtualGateway
    case "namespace": self = .mesh
    default:
      guard let kind = AppMeshKind(rawValue: typed) else { return nil }
      self = kind
    }
  }

  /// The kind of a native object, told by its members: App Mesh's own answers name none.
  init?(of json: JSONValue) {
    let order: [AppMeshKind] = [.route, .gatewayRoute, .virtualService, .virtualNode, .virtualRouter, .virtualGateway]
    guard json["spec"] != nil, json["meshName"]?.string != nil else { return nil }
    self = order.first { json[$0.nameMember]?.string != nil } ?? .mesh
  }

  /// The last segment of the collection's path, which is the member of a list too.
  var collection: String {
    switch self {
    case .mesh: "meshes"
    case .virtualService: "virtualServices"
    case .virtualRouter: "virtualRouters"
    case .route: "routes"
    case .virtualNode: "virtualNodes"
    case .virtualGateway: "virtualGateways"
    case .gatewayRoute: "gatewayRoutes"
    }
  }

  /// The member that holds the name.
  var nameMember: String { (self == .mesh ? "mesh" : String(collection.dropLast())) + "Name" }

  /// What it lives within, besides the mesh.
  var parent: AppMeshKind? {
    switch self {
    case .route: .virtualRouter
    case .gatewayRoute: .virtualGateway
    default: nil
    }
  }

  /// The path of a collection.
  func collectionPath(mesh: String, parent name: String = "") -> String {
    if self == .mesh { return Self.version + "/meshes" }
    let within = parent.map { "/\($0.collection.dropLast())/\(PercentCoding.encode(name))" } ?? ""
    return "\(Self.version)/meshes/\(PercentCoding.encode(mesh))\(within)/\(collection)"
  }
}

/// The name of a resource, and of what it lives within.
struct AppMeshName: Sendable, Hashable {
  var kind: AppMeshKind
  var mesh: String
  /// The router or gateway; empty for kinds that live in the mesh itself.
  var parent = ""
  var name: String

  /// The identity as operators type it: `router:route`. What would be mistaken for a separator is percent-encoded.
  func ref(plane: PlaneName, as kind: ObjectKind? = nil) -> ObjectRef {
    let shown = parent.isEmpty ? ObjectRef.escaped(name) : ObjectRef.escaped(parent) + ":" + ObjectRef.escaped(name)
    return ObjectRef(
      plane: plane, namespace: self.kind == .mesh ? "" : ObjectRef.escaped(mesh), kind: kind ?? self.kind.rawValue,
      name: shown)
  }

  /// The name that an identity stands for.
  init?(_ ref: ObjectRef) {
    guard let kind = AppMeshKind(typed: ref.kind) else { return nil }
    self.kind = kind
    mesh = PercentCoding.decode(kind == .mesh ? ref.name : ref.namespace)
    name = PercentCoding.decode(ref.name)
    guard kind.parent != nil else { return }
    guard let colon = ref.name.firstIndex(of: ":") else { return nil }
    parent = PercentCoding.decode(String(ref.name[..<colon]))
    name = PercentCoding.decode(String(ref.name[ref.name.index(after: colon)...]))
  }

  init(kind: AppMeshKind, mesh: String, parent: String = "", name: String) {
    self.kind = kind
    self.mesh = mesh
    self.parent = parent
    self.name = name
  }

  /// The name of a native object; `nil` where it is none.
  init?(of json: JSONValue) {
    guard let kind = AppMeshKind(of: json), let mesh = json["meshName"]?.string,
      let name = json[kind.nameMember]?.string
    else { return nil }
    self.kind = kind
    self.mesh = mesh
    self.name = name
    if let parent = kind.parent {
      guard let text = json[parent.nameMember]?.string else { return nil }
      self.parent = text
    }
  }

  /// What a create sends and a file needs: the names and the specification, nothing that the server sets.
  func bare(_ spec: JSONValue) -> JSONValue {
    var json: JSONValue = ["meshName": .string(mesh)]
    if let within = kind.parent { json[within.nameMember] = .string(parent) }
    json[kind.nameMember] = .string(name)
    json["spec"] = spec
    return json
  }

  /// The path of the resource.
  var path: String { kind.collectionPath(mesh: mesh, parent: parent) + "/" + PercentCoding.encode(name) }
}
