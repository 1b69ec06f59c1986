public import MeshModel

extension XDSPlane {
  /// Reads everything once: settled as soon as all that was asked for is answered.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let state = await feed.current(within: 1)
    if Task.isCancelled { throw MeshError(.cancelled, "read", plane: name) }
    guard state.at != nil else {
      throw state.failure?.error ?? MeshError(.unreachable, "the control plane gave no answer", plane: name)
    }
    var told = Told()
    await receive(await changes(of: state, before: &told))
  }

  /// Follows the discovery stream and tells what changed.
  public func changes() -> AsyncStream<[MeshChange]> {
    AsyncStream { continuation in
      let task = Task {
        var told = Told()
        for await state in await feed.follow() {
          let changes = await changes(of: state, before: &told)
          if !changes.isEmpty { continuation.yield(changes) }
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// What was told last, so that only what differs is told again.
  struct Told {
    var entities: [ObjectKind: [Entity]] = [:]
  }

  /// The kinds that clients are told as.
  private static let ofClients: Set<ObjectKind> = [EnvoyEntities.Kind.proxy, "workload"]

  /// What differs from what was told before.
  func changes(of state: XDSFeed.State, before told: inout Told) async -> [MeshChange] {
    let clients: [ClientStatus]
    var unheard: MeshError?
    do throws(MeshError) { clients = try await self.clients(within: 3) } catch {
      clients = []
      // Where there is no client status, discovery tells all that can be known.
      if error.code != .notFound { unheard = error }
    }
    let views = XDSEntities(plane: name, settings: settings, state: state, clients: clients)
    let (entities, gaps) = await Self.views(views)
    var byKind = Dictionary(grouping: entities, by: \.ref.kind)
    let at = state.at ?? now()
    var changes: [MeshChange] = []
    for kind in views.kinds {
      let key = MeshSnapshot.FeedKey(plane: name, kind: kind)
      let entities = (byKind.removeValue(forKey: kind) ?? []).sorted { $0.ref < $1.ref }
      let failure = unheard.flatMap { Self.ofClients.contains(kind) ? $0 : nil }
      // Clients that were told stay, since nothing says that they are gone.
      if failure == nil || told.entities[kind] == nil, told.entities[kind] != entities {
        changes.append(.reset(key, entities))
        told.entities[kind] = entities
      }
      if let failure = state.failure {
        changes.append(.feed(key, .stale(failure.error.message, failure.since)))
      } else if let failure {
        changes.append(.feed(key, .stale(failure.message, at)))
      } else {
        changes.append(.feed(key, .live(at)))
      }
    }
    let key = MeshSnapshot.FeedKey(plane: name, kind: "discovery")
    let troubles = gaps + state.resources.missing + state.resources.absences
    if let first = troubles.first, state.failure == nil {
      let more = troubles.count > 1 ? " (and \(troubles.count - 1) more)" : ""
      changes.append(.feed(key, .stale(first + more, at)))
    } else if state.failure == nil {
      changes.append(.feed(key, .live(at)))
    }
    return changes
  }

  /// Worked out off the caller's own turn, since a control plane may send thousands of clusters.
  @concurrent
  private static func views(_ views: XDSEntities) async -> (entities: [Entity], gaps: [String]) { views.all() }
}
