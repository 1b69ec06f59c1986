public import MeshModel
import MeshTransport
import Synchronization

extension KubernetesPlane {
  /// Lists the kinds, at most four at once. A kind that is denied is told by its feed and does not hide the others.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let wanted = kinds.map { $0.reduce(into: Set<ObjectKind>()) { $0.formUnion(CoreResources.kinds(behind: $1)) } }
    let index = try await catalog.current()
    let chosen = readers(index).filter { wanted?.contains($0.resource.kind) ?? true }
    let gate = ListGate(4)
    let failures = await withTaskGroup(of: MeshError?.self) { group in
      for reader in chosen {
        group.addTask {
          await gate.enter()
          let failure: MeshError?
          do throws(MeshError) {
            try await self.read(reader, namespace: namespace, receive)
            failure = nil
          } catch {
            failure = error
            let key = MeshSnapshot.FeedKey(plane: self.name, kind: reader.resource.kind)
            await receive([.feed(key, .refused(error.message))])
          }
          await gate.leave()
          return failure
        }
      }
      if wanted == nil || !chosen.isEmpty {
        for dialect in dialects where chosen.contains(where: { $0.dialect?.dialect == dialect.dialect }) {
          group.addTask {
            if let settings = await dialect.settings(using: self.access) { await receive([.mesh(self.name, settings)]) }
            return nil
          }
        }
      }
      var failures: [MeshError] = []
      for await failure in group { if let failure { failures.append(failure) } }
      return failures
    }
    if Task.isCancelled { throw MeshError(.cancelled, "read", plane: name) }
    // One kind that is denied does not hide the others.
    if let worst = failures.first(where: { $0.code != .forbidden }) { throw worst }
    if let first = failures.first, failures.count == chosen.count { throw first }
  }

  private func read(
    _ reader: ResourceReader, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let key = MeshSnapshot.FeedKey(plane: name, kind: reader.resource.kind)
    let what = "list \(reader.served.plural)"
    let live = FeedState.live(access.now, within: namespace ?? "")
    var pool = TextPool()
    var path = reader.served.path(namespace: namespace ?? "")
    if let namespace, reader.resource.kind == "namespace" { path = path.object(namespace) }
    if path.name != nil {
      let response = try await client.send(.get, path.text, what: what)
      do throws(JSONError) {
        let entities = try JSONReader.read(response.body) { reader_ throws(JSONError) in
          try reader.entities(plane: name, from: &reader_, pool: &pool)
        }
        return await receive(entities.map { .upsert($0) } + [.feed(key, live)])
      } catch {
        throw MeshError(.malformed, "\(what): \(error)", plane: name, underlying: error)
      }
    }
    var faults: [String] = []
    do throws(KubernetesClient.ListFailure) {
      _ = try await client.list(
        path, selector: reader.resource.selector, what: what, restarted: { faults = [] },
        page: { response throws(JSONError) in
          var changes: [MeshChange] = []
          let page = try ListPage.read(response.body, kind: reader.served.kind) { item throws(JSONError) in
            for entity in try reader.entities(plane: name, from: &item, pool: &pool) { changes.append(.upsert(entity)) }
          }
          faults += page.faults
          await receive(changes)
          return page
        })
    } catch {
      throw error.meshError(what, plane: name)
    }
    guard let first = faults.first else { return await receive([.feed(key, live)]) }
    let others = faults.count > 1 ? " (and \(faults.count - 1) more)" : ""
    await receive([.feed(key, .stale("passed over: cannot read \(reader.served.kind) \(first)\(others)", access.now))])
  }

  /// Lists and watches every resource that is served. A receiver begins with an empty snapshot.
  public func changes() -> AsyncStream<[MeshChange]> {
    AsyncStream { continuation in
      let task = Task {
        await self.follow { continuation.yield($0) }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// The pause between two looks at what is served (faults F12: at most 5 minutes).
  private static let rediscovery = Duration.seconds(240)

  /// Starts a feed for each resource that is served, and looks again for others from time to time.
  private func follow(_ emit: @escaping @Sendable ([MeshChange]) -> Void) async {
    var context = ResourceFeed.Context(
      client: client, clock: clock, random: random, gate: ListGate(4), namespace: namespace,
      emit: { if !$0.isEmpty { emit($0) } })
    let running = RunningKinds()
    var backoff = Backoff()
    var isServerKnown = false
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        do throws(MeshError) {
          let readers = readers(try await catalog.current(fresh: true))
          backoff.succeeded(at: clock.now())
          if !isServerKnown { (context.lists, isServerKnown) = (StreamedLists(await client.mayStreamLists()), true) }
          for reader in readers where running.start(reader.served) {
            group.addTask { [context] in
              await ResourceFeed(reader, context).run()
              running.end(reader.served)
            }
          }
          group.addTask {
            for dialect in self.dialects where readers.contains(where: { $0.dialect?.dialect == dialect.dialect }) {
              if let settings = await dialect.settings(using: self.access) { emit([.mesh(self.name, settings)]) }
            }
          }
          try? await clock.sleep(for: Self.rediscovery)
        } catch {
          let kinds = CoreResources.all.map(\.kind) + dialects.flatMap { $0.resources.map(\.kind) }
          if running.isEmpty {
            emit(
              kinds.map {
                .feed(MeshSnapshot.FeedKey(plane: name, kind: $0), .stale(error.message, context.now))
              })
          }
          try? await clock.sleep(for: backoff.failed(at: clock.now(), random: random()))
        }
      }
    }
  }
}

/// The resources that have a feed.
private final class RunningKinds: Sendable {
  private let kinds = Mutex<Set<APIIndex.Resource>>([])

  var isEmpty: Bool { kinds.withLock { $0.isEmpty } }

  func start(_ resource: APIIndex.Resource) -> Bool {
    kinds.withLock { kinds in
      guard !kinds.contains(where: { $0.group == resource.group && $0.plural == resource.plural }) else { return false }
      kinds.insert(resource)
      return true
    }
  }

  func end(_ resource: APIIndex.Resource) { _ = kinds.withLock { $0.remove(resource) } }
}
