import FlyingSocks
import MeshModel

/// The body of a watch: one JSON object a line, until its time is over.
struct WatchStream: AsyncBufferedSequence {
  typealias Element = UInt8

  /// How events are spelled.
  struct Rendering: Sendable {
    var target: ResourceTarget
    var form: AnswerForm
    var includes: String?
  }

  let store: ObjectStore
  var rendering: Rendering?
  var selection: Selection?
  /// The revision after which changes are told.
  var revision = 0
  /// Objects to tell of first, as if they were added now.
  var initial: [StoredObject] = []
  /// Whether a bookmark ends the initial objects.
  var endsInitial = false
  var bookmarks = false
  /// The seconds until the server ends the watch.
  var timeout = 1_800
  /// The only line, where the watch is refused.
  var refusal: APIStatus?

  /// A watch that only says its revision is gone.
  static func expired(store: ObjectStore) -> WatchStream {
    WatchStream(
      store: store,
      refusal: .expired("too old resource version: 1 (\(store.oldestRevision))"))
  }

  func makeAsyncIterator() -> Iterator {
    Iterator(stream: self, deadline: .now + .seconds(timeout), nextBookmark: .now + .seconds(bookmarks ? 60 : 1 << 30))
  }

  struct Iterator: AsyncBufferedIteratorProtocol {
    let stream: WatchStream
    let deadline: ContinuousClock.Instant
    var nextBookmark: ContinuousClock.Instant
    var position = 0
    var hasBegun = false
    var isOver = false
    var hasHeader = false

    mutating func next() async throws -> UInt8? { nil }

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      if isOver { return nil }
      if !hasBegun {
        hasBegun = true
        position = stream.revision
        let first = begin()
        if !first.isEmpty { return first }
        // An empty chunk would end the body; a watch with nothing to tell says so by its headers alone.
      }
      while !isOver {
        try Task.checkCancellation()
        do throws(StoreError) {
          let changes = try stream.store.changes(after: position, limit: 256)
          if let last = changes.last {
            position = last.revision
            var bytes: [UInt8] = []
            for change in changes { append(change, to: &bytes) }
            if !bytes.isEmpty { return bytes }
            continue
          }
        } catch {
          isOver = true
          return line("ERROR", JSONWriter.bytes(gone.json))
        }
        let now = ContinuousClock.now
        if now >= deadline {
          isOver = true
          return nil
        }
        if now >= nextBookmark {
          nextBookmark = now + .seconds(60)
          return bookmark(isEnd: false)
        }
        await Self.wait(for: stream.store, after: position, until: Swift.min(deadline, nextBookmark))
      }
      return nil
    }

    private var gone: APIStatus {
      .expired("too old resource version: \(position) (\(stream.store.oldestRevision))")
    }

    private mutating func begin() -> [UInt8] {
      if let refusal = stream.refusal {
        isOver = true
        return line("ERROR", JSONWriter.bytes(refusal.json))
      }
      var bytes: [UInt8] = []
      for object in stream.initial { bytes += event("ADDED", object) }
      if stream.endsInitial { bytes += bookmark(isEnd: true) }
      return bytes
    }

    /// Tells of one change as the selection sees it: an object that starts or stops matching is added or deleted.
    private mutating func append(_ change: StoreChange, to bytes: inout [UInt8]) {
      guard let selection = stream.selection, change.object.resource == stream.rendering?.target.type.id else { return }
      let took = change.previous.map { selection.takes($0) } ?? false
      let takes = change.kind != .deleted && selection.takes(change.object)
      switch (took, takes) {
      case (false, true): bytes += event("ADDED", change.object)
      case (true, true): bytes += event("MODIFIED", change.object)
      case (true, false): bytes += event("DELETED", change.object)
      case (false, false): break
      }
    }

    private mutating func event(_ type: String, _ object: StoredObject) -> [UInt8] {
      guard let rendering = stream.rendering else { return [] }
      let target = rendering.target
      switch rendering.form {
      case .objects: return line(type, object.bytes(apiVersion: target.apiVersion, kind: target.type.kind))
      case .metadata(let version):
        return line(
          type,
          JSONWriter.bytes([
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": object.json["metadata"] ?? [:],
          ]))
      case .table(let version):
        let table = ObjectTable(target.type, version: version, includes: rendering.includes, now: Timestamp.now())
        defer { hasHeader = true }
        return line(
          type,
          table.bytes(
            [object], apiVersion: target.apiVersion,
            listMetadata: ["resourceVersion": .string(String(object.resourceVersion))], hasColumns: !hasHeader))
      }
    }

    private func bookmark(isEnd: Bool) -> [UInt8] {
      guard let target = stream.rendering?.target else { return [] }
      var metadata: JSONValue = ["resourceVersion": .string(String(position))]
      if isEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
      return line(
        "BOOKMARK",
        JSONWriter.bytes([
          "kind": .string(target.type.kind), "apiVersion": .string(target.apiVersion), "metadata": metadata,
        ]))
    }

    private func line(_ type: String, _ object: [UInt8]) -> [UInt8] {
      var bytes = Array("{\"type\":\"\(type)\",\"object\":".utf8)
      bytes.append(contentsOf: object)
      bytes.append(contentsOf: "}\n".utf8)
      return bytes
    }

    /// Waits for a change or for an instant, whichever comes first.
    private static func wait(for store: ObjectStore, after revision: Int, until instant: ContinuousClock.Instant) async
    {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await store.waitForChange(after: revision) }
        group.addTask { try? await Task.sleep(until: instant, clock: .continuous) }
        await group.next()
        group.cancelAll()
      }
    }
  }
}

extension KubernetesAPIServer {
  /// Begins a watch.
  func watch(_ request: APIRequest, _ target: ResourceTarget, _ form: AnswerForm) throws(APIStatus) -> APIAnswer {
    let selection = try Selection(request, target)
    var stream = WatchStream(store: store)
    stream.rendering = .init(target: target, form: form, includes: request["includeObject"])
    stream.selection = selection
    stream.bookmarks = request.flag("allowWatchBookmarks")
    if let text = request["timeoutSeconds"], let seconds = Int(text), seconds > 0 {
      stream.timeout = min(seconds, 86_400)
    } else {
      stream.timeout = Int.random(in: 1_800...3_600)
    }
    let text = request["resourceVersion"] ?? ""
    let asked = try checkRevision(text)
    let sendsInitial = request["sendInitialEvents"]
    if let sendsInitial, sendsInitial == "true", request["resourceVersionMatch"] != "NotOlderThan" {
      throw APIStatus(
        422, "Invalid",
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting"
          + " resourceVersionMatch to NotOlderThan",
        details: ["group": "meta.k8s.io", "kind": "ListOptions"])
    }
    if sendsInitial == "true" || (sendsInitial == nil && (asked ?? 0) == 0) {
      let (index, revision) = store.snapshot(target.type.id)
      index.forEach(in: target.type.isNamespaced ? selection.namespace : "") { object in
        if selection.takes(object) { stream.initial.append(object) }
        return true
      }
      stream.revision = revision
      stream.endsInitial = sendsInitial == "true" && stream.bookmarks
    } else {
      stream.revision = asked ?? store.resourceVersion
      if stream.revision < store.oldestRevision {
        stream.refusal = .expired("too old resource version: \(stream.revision) (\(store.oldestRevision))")
      }
    }
    return APIAnswer(watch: stream)
  }
}
