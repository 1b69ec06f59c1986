import MeshModel

/// The kinds of resource of App Mesh and their places in its API.
///
/// Source: AWS App Mesh API reference 2019-01-25. The segment of a route's parent is singular in its path
/// (`virtualRouter/{r}/routes`), that of the parent's own collection plural (`virtualRouters`).
enum AppMeshType: String, Sendable, Hashable, CaseIterable {
  case mesh, virtualService, virtualRouter, route, virtualNode, virtualGateway, gatewayRoute

  /// The last segment of the collection's path, which is the member of a list too.
  var collection: String { self == .mesh ? "meshes" : rawValue + "s" }

  /// The member that holds the name.
  var nameMember: String { rawValue + "Name" }

  /// What it lives within, besides the mesh.
  var parent: AppMeshType? {
    switch self {
    case .route: .virtualRouter
    case .gatewayRoute: .virtualGateway
    default: nil
    }
  }
}

/// A place in App Mesh's API: a collection, or a resource in it.
struct AppMeshPlace: Sendable, Hashable {
  var type: AppMeshType
  /// The mesh; empty for the collection of meshes.
  var mesh = ""
  /// The router or gateway of a route.
  var parent = ""
  /// The resource; empty for a collection.
  var name = ""

  /// The place that the segments of a path after `v20190125` name; `nil` where there is none.
  init?(_ path: some Collection<String>) {
    let parts = Array(path)
    guard parts.first == "meshes" else { return nil }
    switch parts.count {
    case 1: self.init(.mesh)
    case 2: self.init(.mesh, mesh: parts[1], name: parts[1])
    case 3, 4:
      guard
        let type = AppMeshType.allCases.first(where: { $0 != .mesh && $0.parent == nil && $0.collection == parts[2] })
      else { return nil }
      self.init(type, mesh: parts[1], name: parts.count == 4 ? parts[3] : "")
    case 5, 6:
      guard
        let type = AppMeshType.allCases.first(where: { $0.parent?.rawValue == parts[2] && $0.collection == parts[4] })
      else { return nil }
      self.init(type, mesh: parts[1], parent: parts[3], name: parts.count == 6 ? parts[5] : "")
    default: return nil
    }
  }

  init(_ type: AppMeshType, mesh: String = "", parent: String = "", name: String = "") {
    (self.type, self.mesh, self.parent, self.name) = (type, mesh, parent, name)
  }

  /// The resource that a native object is; `nil` where it names none.
  init?(of json: JSONValue) {
    guard let mesh = json["meshName"]?.string else { return nil }
    let type =
      AppMeshType.allCases.filter { $0 != .mesh }
      .sorted { ($0.parent == nil ? 1 : 0) < ($1.parent == nil ? 1 : 0) }
      .first { json[$0.nameMember]?.string != nil } ?? .mesh
    let parent = type.parent.flatMap { json[$0.nameMember]?.string } ?? ""
    guard type.parent == nil || !parent.isEmpty else { return nil }
    self.init(type, mesh: mesh, parent: parent, name: json[type.nameMember]?.string ?? mesh)
  }

  /// The resource's name in the documents of the estate: its path, whose parts are percent-encoded.
  var document: String {
    (type == .mesh ? [name] : [mesh] + (parent.isEmpty ? [] : [parent]) + [name]).map(Self.safe).joined(separator: "/")
  }

  /// What the documents of the collection's resources begin with.
  var prefix: String {
    type == .mesh ? "" : ([mesh] + (parent.isEmpty ? [] : [parent])).map(Self.safe).joined(separator: "/") + "/"
  }

  private static func safe(_ text: String) -> String { text.replacing("%", with: "%25").replacing("/", with: "%2F") }

  /// The place of what it lives in; `nil` for a mesh.
  var home: AppMeshPlace? {
    guard type != .mesh else { return nil }
    guard let parent = type.parent else { return AppMeshPlace(.mesh, mesh: mesh, name: mesh) }
    return AppMeshPlace(parent, mesh: mesh, name: self.parent)
  }

  /// The resource's Amazon Resource Name.
  var arn: String {
    let inner =
      switch type {
      case .mesh: ""
      case _ where type.parent != nil: "/\(type.parent?.rawValue ?? "")/\(parent)/\(type.rawValue)/\(name)"
      default: "/\(type.rawValue)/\(name)"
      }
    return "arn:aws:appmesh:\(AppMeshServer.region):\(AppMeshServer.account):mesh/\(mesh)\(inner)"
  }
}
