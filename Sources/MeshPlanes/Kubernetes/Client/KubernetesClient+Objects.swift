import MeshModel
import MeshTransport

/// How an object is changed.
enum PatchKind: Sendable {
  case json(JSONPatch)
  /// RFC 7386: lists are replaced whole.
  case merge(JSONValue)
  /// Server-side apply; `force` takes fields from other managers.
  case apply(JSONValue, force: Bool)

  var contentType: String {
    switch self {
    case .json: "application/json-patch+json"
    case .merge: "application/merge-patch+json"
    case .apply: "application/apply-patch+yaml"
    }
  }

  var body: JSONValue {
    switch self {
    case .json(let patch): patch.json
    case .merge(let value), .apply(let value, _): value
    }
  }

  /// Whether a 422 without causes means that a `test` failed.
  var isGuarded: Bool {
    if case .json(let patch) = self { patch.changes.count < patch.operations.count } else { false }
  }
}

extension KubernetesClient {
  /// An object as the server stored it, and what its audit log calls the request.
  struct Stored: Sendable {
    var json: JSONValue
    var audit: String?

    /// The object's version.
    var version: String { json["metadata"]?["resourceVersion"]?.string ?? "" }
  }

  /// Reads one object.
  func get(_ path: ResourcePath, object: ObjectRef? = nil) async throws(MeshError) -> Stored {
    let what = "get \(path.plural) \(path.name ?? "")"
    try check(path, object)
    let response = try await send(.get, path.text, what: what, object: object)
    return Stored(json: try tree(response, what: what), audit: response.headers["Audit-Id"])
  }

  /// Creates an object in a collection.
  func create(
    _ json: JSONValue, in path: ResourcePath, dryRun: Bool, object: ObjectRef? = nil
  ) async throws(MeshError) -> Stored {
    try await write(.post, path.collection, json, Self.json, [], dryRun, "create \(path.plural)", object, false)
  }

  /// Replaces an object whole; its `metadata.resourceVersion` is the precondition.
  func put(
    _ json: JSONValue, at path: ResourcePath, dryRun: Bool, object: ObjectRef? = nil
  ) async throws(MeshError) -> Stored {
    try await write(.put, path, json, Self.json, [], dryRun, "replace \(path.plural) \(path.name ?? "")", object, false)
  }

  /// Changes an object.
  func patch(
    _ path: ResourcePath, _ patch: PatchKind, dryRun: Bool, object: ObjectRef? = nil
  ) async throws(MeshError) -> Stored {
    var query: [(String, String?)] = []
    if case .apply(_, let force) = patch, force { query.append(("force", "true")) }
    return try await write(
      .patch, path, patch.body, patch.contentType, query, dryRun, "patch \(path.plural) \(path.name ?? "")", object,
      patch.isGuarded)
  }

  /// Deletes an object that still has the identity and version given; an empty one is not demanded.
  func delete(
    _ path: ResourcePath, uid: String, version: String, dryRun: Bool, object: ObjectRef? = nil
  ) async throws(MeshError) -> Stored {
    var conditions: JSONValue = [:]
    if !uid.isEmpty { conditions["uid"] = .string(uid) }
    if !version.isEmpty { conditions["resourceVersion"] = .string(version) }
    var body: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions]
    if dryRun { body["dryRun"] = ["All"] }
    let what = "delete \(path.plural) \(path.name ?? "")"
    try check(path, object)
    let response = try await send(
      .delete, path.text, query: dryRun ? [("dryRun", "All")] : [], contentType: Self.json,
      body: JSONWriter.bytes(body), what: what, object: object)
    return Stored(json: (try? tree(response, what: what)) ?? .null, audit: response.headers["Audit-Id"])
  }

  /// Refuses names that would lead a request elsewhere.
  func check(_ path: ResourcePath, _ object: ObjectRef?) throws(MeshError) {
    guard path.isSound, path.name != "" else {
      throw MeshError(
        .usage, "the name is empty, or is or holds one of . .. / %, which no object's name does", plane: plane,
        object: object)
    }
  }

  private func write(
    _ method: HTTPRequest.Method, _ path: ResourcePath, _ body: JSONValue, _ contentType: String,
    _ extra: [(String, String?)], _ dryRun: Bool, _ what: String, _ object: ObjectRef?, _ isGuarded: Bool
  ) async throws(MeshError) -> Stored {
    try check(path, object)
    var query: [(String, String?)] = [("fieldManager", Self.fieldManager), ("fieldValidation", "Strict")]
    if dryRun { query.append(("dryRun", "All")) }
    let response = try await send(
      method, path.text, query: query + extra, contentType: contentType, body: JSONWriter.bytes(body), what: what,
      object: object, isGuardedPatch: isGuarded)
    do throws(JSONError) {
      return Stored(json: try JSONValue(parsing: response.body), audit: response.headers["Audit-Id"])
    } catch {
      // The server said yes and its words are unreadable: what it stored has to be read back.
      throw MeshError(
        dryRun ? .malformed : .unknownOutcome, "\(what): the answer is unreadable: \(error)", plane: plane,
        object: object, remedy: "read it back before anything else", underlying: error)
    }
  }

  /// A GET through the API server to a port of a pod, sent once: where nothing listens, it answers 503 each time.
  func proxied(
    _ pod: String, namespace: String, port: Int, path: String
  ) async throws(MeshError) -> [UInt8] {
    try await send(
      .get, Self.proxyPath(pod, namespace, port, path), accept: "*/*", limits: .dump,
      what: "get \(path.prefix { $0 != "?" }) of \(pod):\(port)", isRepeated: false
    ).body
  }

  /// The same GET, its answer handed on piece by piece.
  func proxied(
    _ pod: String, namespace: String, port: Int, path: String, _ receive: ([UInt8]) -> Void
  ) async throws(MeshError) {
    let what = "get \(path.prefix { $0 != "?" }) of \(pod):\(port)"
    let stream = try await stream(
      Self.proxyPath(pod, namespace, port, path), deadlines: .read, limits: .dump, what: what)
    guard stream.isSuccess else {
      let body = (try? await stream.collect(limit: 64 << 10)) ?? []
      throw KubernetesStatus(code: stream.status, body: body).error(what, plane: plane)
    }
    do throws(TransportError) {
      var iterator = stream.makeAsyncIterator()
      while let piece = try await iterator.next() { receive(piece) }
    } catch {
      throw MeshError(error, what, plane: plane)
    }
  }

  /// The path of a port of a pod through the API server.
  static func proxyPath(_ pod: String, _ namespace: String, _ port: Int, _ path: String) -> String {
    let tail = path.hasPrefix("/") ? path : "/\(path)"
    let object = "\(PercentCoding.encode(namespace))/pods/\(PercentCoding.encode(pod)):\(port)"
    return "/api/v1/namespaces/\(object)/proxy\(tail)"
  }
}
