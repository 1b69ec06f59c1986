import MeshModel
import Synchronization

/// The resources of an App Mesh: kept as written, checked as App Mesh checks them, and put into effect.
struct AppMeshStore: Sendable {
  let estate: Estate
  private let memory = Memory()

  /// What is known beside the documents: the token of the last write to each resource, and tags.
  private final class Memory: Sendable {
    let tokens = Mutex<[String: String]>([:])
    let tags = Mutex<[String: [(key: String, value: String)]]>([:])
  }

  init(estate: Estate) { self.estate = estate }

  /// The resource at a place.
  func describe(_ place: AppMeshPlace) throws(AppMeshFailure) -> JSONValue {
    guard let document = estate.document(place.type.rawValue, place.document) else { throw .notFound(place) }
    return document.json
  }

  /// The resources of a collection in order of name.
  func all(_ place: AppMeshPlace) throws(AppMeshFailure) -> [JSONValue] {
    if let home = place.home { _ = try describe(home) }
    return estate.documents(place.type.rawValue).filter { $0.name.hasPrefix(place.prefix) }.map(\.json)
  }

  /// Everything of a kind in every mesh.
  func everything(_ type: AppMeshType) -> [JSONValue] { estate.documents(type.rawValue).map(\.json) }

  /// Makes a resource that is not there.
  ///
  /// A repeated request, told by its token, gets what the first one made.
  func create(_ place: AppMeshPlace, _ body: JSONValue) throws(AppMeshFailure) -> JSONValue {
    if let home = place.home { _ = try describe(home) }
    guard (1...255).contains(place.name.utf8.count) else { throw .badRequest("\(place.type.nameMember) is not valid") }
    let spec = body["spec"] ?? [:]
    try AppMeshRules(type: place.type, spec: spec).check()
    let isRepeated = isRepeated(place, body)
    // Asked before the edit, which holds the store.
    let revision = estate.store.resourceVersion
    let made = try estate.edit(place.type.rawValue, place.document) { current throws(AppMeshFailure) in
      guard let current else { return .write(described(place, spec, version: 1, after: nil, at: revision)) }
      guard isRepeated, current.json["spec"]?.isEquivalent(to: spec) == true else {
        throw AppMeshFailure(409, "ConflictException", "\(place.type.rawValue) \(place.name) exists already")
      }
      return .nothing
    }
    setTags(of: place.arn, Self.tags(body["tags"]))
    return try effect(made, place)
  }

  /// Replaces the specification of a resource.
  func update(_ place: AppMeshPlace, _ body: JSONValue) throws(AppMeshFailure) -> JSONValue {
    let spec = body["spec"] ?? [:]
    try AppMeshRules(type: place.type, spec: spec).check()
    let isRepeated = isRepeated(place, body)
    let revision = estate.store.resourceVersion
    let written = try estate.edit(place.type.rawValue, place.document) { current throws(AppMeshFailure) in
      guard let current else { throw .notFound(place) }
      if isRepeated, current.json["spec"]?.isEquivalent(to: spec) == true { return .nothing }
      return .write(
        described(
          place, spec, version: (current.json["metadata"]?["version"]?.int ?? 0) + 1, after: current.json,
          at: revision))
    }
    return try effect(written, place)
  }

  /// Deletes a resource that nothing lives in.
  func delete(_ place: AppMeshPlace) throws(AppMeshFailure) -> JSONValue {
    var json = try describe(place)
    let children = AppMeshType.allCases.filter { place.type == .mesh ? $0 != .mesh : $0.parent == place.type }
    let inside = place.document + "/"
    guard !children.contains(where: { estate.documents($0.rawValue).contains { $0.name.hasPrefix(inside) } }) else {
      throw AppMeshFailure(409, "ResourceInUseException", "\(place.type.rawValue) \(place.name) is not empty")
    }
    estate.edit(place.type.rawValue, place.document) { _ in .delete }
    setTags(of: place.arn, nil)
    json["status"] = ["status": "DELETED"]
    _ = try effect(nil, place)
    return json
  }

  /// Whether a request has the token of the last write to its resource; the token is kept.
  private func isRepeated(_ place: AppMeshPlace, _ body: JSONValue) -> Bool {
    guard let token = body["clientToken"]?.string else { return false }
    return memory.tokens.withLock { $0.updateValue(token, forKey: place.arn) == token }
  }

  private func described(
    _ place: AppMeshPlace, _ spec: JSONValue, version: Int, after old: JSONValue?, at revision: Int
  ) -> JSONValue {
    let now = JSONValue.double((estate.clock() * 1000).rounded() / 1000)
    let account = JSONValue.string(AppMeshServer.account)
    var json: JSONValue = ["meshName": .string(place.mesh)]
    if let parent = place.type.parent { json[parent.nameMember] = .string(place.parent) }
    json[place.type.nameMember] = .string(place.name)
    json["metadata"] = [
      "arn": .string(place.arn), "createdAt": old?["metadata"]?["createdAt"] ?? now, "lastUpdatedAt": now,
      "meshOwner": account, "resourceOwner": account,
      "uid": old?["metadata"]?["uid"]
        ?? .string(StableNames(seed: UInt64(max(0, revision))).uuid(place.arn)),
      "version": .int(version),
    ]
    json["spec"] = spec
    json["status"] = ["status": "ACTIVE"]
    return json
  }

  /// Puts what is configured now into effect.
  private func effect(_ document: Document?, _ place: AppMeshPlace) throws(AppMeshFailure) -> JSONValue {
    do throws(StoreError) { try estate.derive { AppMeshTranslation(self).objects } } catch {
      throw AppMeshFailure(500, "InternalServerErrorException", "it cannot be put into effect: \(error)")
    }
    return document?.json ?? .null
  }

  // MARK: Tags

  /// The tags of a resource.
  func tags(of arn: String) -> [(key: String, value: String)] { memory.tags.withLock { $0[arn] ?? [] } }

  /// Adds tags, those of the same keys replaced; `nil` takes all away.
  func setTags(of arn: String, _ tags: [(key: String, value: String)]?) {
    memory.tags.withLock { all in
      guard let tags else { return all[arn] = nil }
      guard !tags.isEmpty else { return }
      let kept = (all[arn] ?? []).filter { old in !tags.contains { $0.key == old.key } }
      all[arn] = (kept + tags).sorted { $0.key < $1.key }
    }
  }

  /// Takes tags away.
  func removeTags(of arn: String, _ keys: [String]) {
    memory.tags.withLock { $0[arn]?.removeAll { keys.contains($0.key) } }
  }

  static func tags(_ list: JSONValue?) -> [(key: String, value: String)] {
    (list?.array ?? []).compactMap { tag in tag["key"]?.string.map { ($0, tag["value"]?.string ?? "") } }
  }

  /// Whether there is a resource of an Amazon Resource Name.
  func has(_ arn: String) -> Bool {
    AppMeshType.allCases.contains { everything($0).contains { $0["metadata"]?["arn"]?.string == arn } }
  }
}
