import MeshModel
import Synchronization

/// The objects of an embedded mesh: what etcd and the watch cache are to a real API server.
///
/// Every write makes one new revision of the whole store. Objects are kept encoded; a bounded log of changes feeds the
/// watches; copies of the index that share their chunks keep paged lists consistent. Safe to use from any task.
public final class ObjectStore: Sendable {
  /// The kinds it holds.
  public let types: ResourceTypes
  /// How many changes are kept for watches; a watch from before them is told that it expired.
  public let window: Int
  private let now: @Sendable () -> Int
  private let state: Mutex<State>

  struct State {
    var revision = 1
    var indexes: [ResourceID: ObjectIndex] = [:]
    /// The changes kept, contiguous: the first one's revision is `logStart`.
    var log: [StoreChange] = []
    var logStart = 2
    var snapshots: [Snapshot] = []
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  struct Snapshot {
    var resource: ResourceID
    var revision: Int
    var index: ObjectIndex
  }

  /// Creates an empty store.
  ///
  /// - Parameter now: The time in seconds since 1970, for creation times.
  public init(
    types: ResourceTypes = .builtIn, window: Int = 20_000, now: @escaping @Sendable () -> Int = Timestamp.now
  ) {
    self.types = types
    self.window = max(1, window)
    self.now = now
    state = Mutex(State())
  }

  /// The revision of the last write.
  public var resourceVersion: Int { state.withLock { $0.revision } }

  /// The time now, as objects spell it.
  var timestamp: String { Timestamp.text(now()) }

  /// The object of a name, or `nil` where there is none.
  public func get(_ resource: ResourceID, namespace: String = "", name: String) -> StoredObject? {
    state.withLock { $0.indexes[resource]?[ObjectKey(namespace, name)] }
  }

  /// The objects of a kind in one namespace, or in all where `nil`, in order of namespace and name.
  public func list(_ resource: ResourceID, namespace: String? = nil) -> [StoredObject] {
    let index = state.withLock { $0.indexes[resource] }
    var objects: [StoredObject] = []
    index?.forEach(in: namespace) { object in
      objects.append(object)
      return true
    }
    return objects
  }

  /// The number of objects of a kind.
  public func count(_ resource: ResourceID) -> Int { state.withLock { $0.indexes[resource]?.count ?? 0 } }

  // MARK: Snapshots

  /// The index of a kind as it is now, and the revision it has.
  func snapshot(_ resource: ResourceID) -> (index: ObjectIndex, revision: Int) {
    state.withLock { ($0.indexes[resource] ?? ObjectIndex(), $0.revision) }
  }

  /// The index of a kind as of an earlier page, or `nil` where it was not kept.
  func snapshot(_ resource: ResourceID, revision: Int) -> ObjectIndex? {
    state.withLock { state in
      if state.revision == revision { return state.indexes[resource] ?? ObjectIndex() }
      return state.snapshots.last { $0.resource == resource && $0.revision == revision }?.index
    }
  }

  /// Keeps an index for the pages that follow; the oldest of 64 is let go.
  func keep(_ index: ObjectIndex, of resource: ResourceID, revision: Int) {
    state.withLock { state in
      guard !state.snapshots.contains(where: { $0.resource == resource && $0.revision == revision }) else { return }
      state.snapshots.append(Snapshot(resource: resource, revision: revision, index: index))
      if state.snapshots.count > 64 { state.snapshots.removeFirst() }
    }
  }

  /// Forgets every kept index, as compaction does: continue tokens of earlier pages expire.
  func forgetSnapshots() { state.withLock { $0.snapshots.removeAll() } }

  // MARK: Writes

  /// What a transaction does with the object it was shown.
  enum Outcome {
    case write(JSONValue)
    case delete
    case nothing
  }

  /// Shows one object to `body` under the lock and does what it decides; `resourceVersion` is set here.
  ///
  /// - Returns: The object after the write, or as it was where nothing was done.
  func transact<Failure: Error>(
    _ resource: ResourceID, namespace: String, name: String,
    _ body: (StoredObject?) throws(Failure) -> Outcome
  ) throws(Failure) -> StoredObject? {
    let (object, waiters) = try state.withLock {
      state throws(Failure) -> (StoredObject?, [CheckedContinuation<Void, Never>]) in
      let key = ObjectKey(namespace, name)
      let current = state.indexes[resource]?[key]
      let kind: StoreChange.Kind
      var tree: JSONValue
      switch try body(current) {
      case .nothing: return (current, [])
      case .write(let value):
        kind = current == nil ? .added : .modified
        tree = value
      case .delete:
        guard let current else { return (nil, []) }
        kind = .deleted
        tree = current.json
      }
      state.revision += 1
      tree["metadata"]?["resourceVersion"] = .string(String(state.revision))
      let object = StoredObject(tree, resource: resource, resourceVersion: state.revision)
      if kind == .deleted {
        state.indexes[resource]?.remove(key)
      } else {
        state.indexes[resource, default: ObjectIndex()].insert(object)
      }
      state.log.append(StoreChange(kind: kind, object: object, previous: current))
      if state.log.count >= 2 * window {
        state.logStart += state.log.count - window
        state.log.removeFirst(state.log.count - window)
      }
      let waiters = Array(state.waiters.values)
      state.waiters.removeAll(keepingCapacity: true)
      return (object, waiters)
    }
    for waiter in waiters { waiter.resume() }
    return object
  }

  // MARK: Changes

  /// The changes after a revision, at most `limit`.
  ///
  /// - Throws: ``StoreError`` of code `expired` where some of them are no longer kept.
  func changes(after revision: Int, limit: Int = 1_000) throws(StoreError) -> ArraySlice<StoreChange> {
    try state.withLock { state throws(StoreError) in
      guard revision + 1 >= state.oldestKept(window) else {
        throw StoreError(.expired, "resource version \(revision)")
      }
      let start = revision + 1 - state.logStart
      guard start < state.log.count else { return [] }
      return state.log[start..<min(state.log.count, start + limit)]
    }
  }

  /// The earliest revision a watch can begin at.
  var oldestRevision: Int { state.withLock { $0.oldestKept(window) - 1 } }

  /// Returns when there is a revision after this one, or when the task is cancelled.
  func waitForChange(after revision: Int) async {
    let waiter = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDue = state.withLock { state in
          if state.revision > revision || Task.isCancelled { return true }
          state.waiters[waiter] = continuation
          return false
        }
        if isDue { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
    }
  }

  /// The writes after a revision (after now where `nil`), as they happen.
  ///
  /// The stream ends when its task is cancelled, and when its reader falls so far behind that changes it did not see
  /// are no longer kept; the reader then lists again.
  public func changes(since revision: Int? = nil) -> AsyncStream<StoreChange> {
    let cursor = Mutex((position: revision ?? resourceVersion, pending: ArraySlice<StoreChange>()))
    return AsyncStream {
      while !Task.isCancelled {
        if let change = cursor.withLock({ $0.pending.popFirst() }) {
          cursor.withLock { $0.position = change.revision }
          return change
        }
        let position = cursor.withLock { $0.position }
        guard let next = try? self.changes(after: position) else { return nil }
        if next.isEmpty {
          await self.waitForChange(after: position)
        } else {
          cursor.withLock { $0.pending = next }
        }
      }
      return nil
    }
  }
}

extension ObjectStore.State {
  /// The revision of the earliest change a watch may still read.
  func oldestKept(_ window: Int) -> Int { logStart + max(0, log.count - window) }
}
