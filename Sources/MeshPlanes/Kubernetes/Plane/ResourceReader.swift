import MeshModel

/// One resource as it is served, and who understands it.
struct ResourceReader: Sendable {
  let resource: DialectResource
  let served: APIIndex.Resource
  /// The dialect; `nil` for a resource of Kubernetes itself.
  let dialect: (any KubernetesDialect)?
  /// The API version as served: one copy for all its objects.
  private let apiVersion: String

  init(resource: DialectResource, served: APIIndex.Resource, dialect: (any KubernetesDialect)?) {
    self.resource = resource
    self.served = served
    self.dialect = dialect
    apiVersion = served.apiVersion
  }

  /// The neutral views of the object that `reader` stands before; `isWatched` where a watch tells of it.
  func entities(
    plane: PlaneName, from reader: inout JSONReader, pool: inout TextPool, isWatched: Bool = false
  ) throws(JSONError) -> [Entity] {
    guard let dialect else {
      return try CoreResources.entities(of: resource, plane: plane, from: &reader, pool: &pool)
    }
    guard isWatched else {
      return try dialect.entities(of: resource, apiVersion: apiVersion, plane: plane, from: &reader)
    }
    return try dialect.watchedEntities(of: resource, apiVersion: apiVersion, plane: plane, from: &reader)
  }
}

/// A bound on how many lists run at once.
actor ListGate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ limit: Int) { free = limit }

  /// Waits for a turn.
  func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  /// Gives the turn on.
  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
