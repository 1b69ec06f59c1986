import MeshModel

/// A document of a platform's own API, kept as it was written.
struct Document: Sendable {
  /// What tells it from others of its kind: a name, a path, whatever the platform goes by.
  var name: String
  /// Its content, member for member.
  var json: JSONValue
  /// The estate's revision that made it.
  var created: Int
  /// The estate's revision that wrote it last.
  var version: Int

  fileprivate init(_ object: StoredObject) {
    let stored = object.json
    name = object.name
    json = stored["document"] ?? .null
    version = object.resourceVersion
    created = stored["metadata"]?["created"]?.int ?? object.resourceVersion
  }

  fileprivate static func resource(_ kind: String) -> ResourceID { ResourceID(kind, group: "documents.meshdeck") }
}

/// The documents of a platform's own API; they share the store, its revisions and its way to wait for changes.
extension Estate {
  /// The documents of a kind in order of name.
  func documents(_ kind: String) -> [Document] { store.list(Document.resource(kind)).map(Document.init) }

  /// The document of a name.
  func document(_ kind: String, _ name: String) -> Document? {
    store.get(Document.resource(kind), name: name).map(Document.init)
  }

  /// Shows a document under the store's lock and does what `body` decides: to write the JSON it gives, to delete it, or
  /// nothing. `body` must not use the store.
  ///
  /// - Returns: The document after the write; after a delete as it was, with the delete's revision; `nil` where there is none.
  @discardableResult
  func edit<Failure: Error>(
    _ kind: String, _ name: String, _ body: (Document?) throws(Failure) -> ObjectStore.Outcome
  ) throws(Failure) -> Document? {
    try store.transact(Document.resource(kind), namespace: "", name: name) { stored throws(Failure) in
      let current = stored.map(Document.init)
      switch try body(current) {
      case .nothing: return .nothing
      case .delete: return .delete
      case .write(let json):
        var metadata: JSONValue = ["name": .string(name)]
        if let current { metadata["created"] = .int(current.created) }
        return .write(["metadata": metadata, "document": json])
      }
    }.map(Document.init)
  }

  /// Waits until there is a revision after this one, for so many seconds at most; the wait also ends with its task.
  func waitForChange(after revision: Int, atMost seconds: Double) async {
    let waiting = Task { await store.waitForChange(after: revision) }
    let alarm = Task {
      try await Task.sleep(for: .seconds(seconds))
      waiting.cancel()
    }
    await withTaskCancellationHandler {
      await waiting.value
    } onCancel: {
      waiting.cancel()
    }
    alarm.cancel()
  }
}
