import MeshModel
import MeshTransport

/// The resources of a connection as last read: lists tell the versions, and only what changed is described again.
actor AppMeshCatalog {
  private let client: AppMeshClient
  private var described: [String: (version: String, object: NativeObject)] = [:]
  private var owners: [String: String] = [:]

  init(_ client: AppMeshClient) { self.client = client }

  /// Everything of one mesh's kind that was read, and why a kind could not be.
  struct Reading: Sendable {
    var objects: [AppMeshKind: [NativeObject]] = [:]
    /// Why a kind is not there: denied, or not served by this endpoint.
    var gaps: [AppMeshKind: MeshError] = [:]
  }

  /// The meshes seen, of which a name may choose one.
  func meshes(_ chosen: String?) async throws(MeshError) -> [String] {
    if let chosen, owners[chosen] != nil { return [chosen] }
    let entries = try await client.list(.mesh, AppMeshKind.mesh.collectionPath(mesh: ""), owner: nil)
    for entry in entries {
      guard let name = entry["meshName"]?.string else { continue }
      owners[name] = entry["meshOwner"]?.string ?? ""
    }
    let names = entries.compactMap { $0["meshName"]?.string }
    return names.filter { chosen == nil || $0 == chosen }
  }

  /// The account that is to be named for a mesh shared by another one; `nil` where the server gives no account.
  func owner(of mesh: String) -> String? {
    owners[mesh].flatMap { $0.utf8.count == 12 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? $0 : nil }
  }

  /// The path of a resource, with the account where it belongs to a shared mesh.
  func path(_ name: AppMeshName) async -> String {
    if owners[name.mesh] == nil { _ = try? await meshes(name.mesh) }
    return name.path + (owner(of: name.mesh).map { "?meshOwner=\($0)" } ?? "")
  }

  /// Reads kinds of some meshes; a kind that is denied or not served is a gap and does not hide the others.
  func read(_ kinds: Set<AppMeshKind>, mesh chosen: String?) async throws(MeshError) -> Reading {
    var reading = Reading()
    for mesh in try await meshes(chosen) {
      let owner = owner(of: mesh)
      if kinds.contains(.mesh) {
        try await add(.mesh, [AppMeshName(kind: .mesh, mesh: mesh, name: mesh)], versions: [:], to: &reading)
      }
      for kind in AppMeshKind.allCases where kind != .mesh && kind.parent == nil {
        let children = AppMeshKind.allCases.filter { $0.parent == kind && kinds.contains($0) }
        guard kinds.contains(kind) || !children.isEmpty else { continue }
        let entries: [JSONValue]
        do throws(MeshError) {
          entries = try await client.list(kind, kind.collectionPath(mesh: mesh), owner: owner)
        } catch  where error.code == .forbidden || error.code == .notFound {
          for gap in [kind] + children { reading.gaps[gap] = error }
          continue
        }
        let names = entries.compactMap { $0[kind.nameMember]?.string }
        if kinds.contains(kind) { try await add(kind, entries, mesh: mesh, to: &reading) }
        for child in children {
          for parent in names {
            do throws(MeshError) {
              let entries = try await client.list(
                child, child.collectionPath(mesh: mesh, parent: parent), owner: owner)
              try await add(child, entries, mesh: mesh, parent: parent, to: &reading)
            } catch  where error.code == .forbidden || error.code == .notFound {
              reading.gaps[child] = error
            }
          }
        }
      }
    }
    for kind in kinds where reading.gaps[kind] == nil && reading.objects[kind] == nil { reading.objects[kind] = [] }
    return reading
  }

  private func add(
    _ kind: AppMeshKind, _ entries: [JSONValue], mesh: String, parent: String = "", to reading: inout Reading
  ) async throws(MeshError) {
    var names: [AppMeshName] = []
    var versions: [AppMeshName: String] = [:]
    for entry in entries {
      guard let name = entry[kind.nameMember]?.string else { continue }
      let full = AppMeshName(kind: kind, mesh: mesh, parent: parent, name: name)
      names.append(full)
      // An entry names the resource and its version, not its uid: the arn and the time of its making stand for it.
      versions[full] = [entry["version"], entry["createdAt"], entry["arn"]].map { $0.map { JSONWriter.text($0) } ?? "" }
        .joined(separator: " ")
    }
    try await add(kind, names, versions: versions, to: &reading)
  }

  private func add(
    _ kind: AppMeshKind, _ names: [AppMeshName], versions: [AppMeshName: String], to reading: inout Reading
  ) async throws(MeshError) {
    let owner = names.first.flatMap { self.owner(of: $0.mesh) }
    var objects: [NativeObject] = []
    var missing: [AppMeshName] = []
    for name in names {
      if let version = versions[name], let known = described[name.path], known.version == version {
        objects.append(known.object)
      } else {
        missing.append(name)
      }
    }
    // A few at a time: the session's rate holds them back further.
    let width = 4
    for start in stride(from: 0, to: missing.count, by: width) {
      let part = missing[start..<min(start + width, missing.count)]
      let results = await Self.describe(Array(part), owner: owner, client)
      for (name, result) in results {
        guard let object = try result.get() else { continue }
        if let version = versions[name] { described[name.path] = (version, object) }
        objects.append(object)
      }
    }
    reading.objects[kind, default: []] += objects.sorted { $0.ref < $1.ref }
  }

  /// Describes some resources at once.
  private static func describe(
    _ names: [AppMeshName], owner: String?, _ client: AppMeshClient
  ) async -> [(AppMeshName, Result<NativeObject?, MeshError>)] {
    await withTaskGroup(of: (AppMeshName, Result<NativeObject?, MeshError>).self) { group in
      for name in names {
        group.addTask { (name, await describe(name, owner: owner, client)) }
      }
      var results: [(AppMeshName, Result<NativeObject?, MeshError>)] = []
      for await result in group { results.append(result) }
      return results
    }
  }

  /// Describes one resource; `nil` where it was deleted since it was listed.
  private static func describe(
    _ name: AppMeshName, owner: String?, _ client: AppMeshClient
  ) async -> Result<NativeObject?, MeshError> {
    let path = name.path + (owner.map { "?meshOwner=\($0)" } ?? "")
    do throws(MeshError) {
      let json = try await client.get(path, what: "describe \(name.kind.rawValue) \(name.name)")
      return .success(NativeObject(appMesh: json, name: name, path: path, plane: client.plane))
    } catch {
      return error.code == .notFound ? .success(nil) : .failure(error)
    }
  }
}

extension NativeObject {
  /// A resource of App Mesh as described; its version is advisory: no write can be made to depend on it.
  init(appMesh json: JSONValue, name: AppMeshName, path: String, plane: PlaneName, ref: ObjectRef? = nil) {
    let version = json["metadata"]?["version"]
    self.init(
      ref: ref ?? name.ref(plane: plane), path: path, json: json,
      version: version?.int.map(String.init) ?? version?.string ?? "",
      uid: json["metadata"]?["uid"]?.string ?? "")
  }
}
