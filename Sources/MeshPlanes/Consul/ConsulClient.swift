import MeshModel
import MeshTransport

/// Requests to Consul's HTTP API, with its refusals in an operator's words.
struct ConsulClient: Sendable {
  let plane: PlaneName
  let session: Session
  let partition: String?
  let datacenter: String?
  /// Whether a token or certificate is sent.
  let hasCredentials: Bool

  /// An answer with the headers that Consul puts its state in.
  struct Answer: Sendable {
    var json: JSONValue
    var headers: HTTPHeaders

    /// The index for blocking queries.
    var index: String? { headers["X-Consul-Index"] }
    /// Whether the token's rights hide something.
    var isFiltered: Bool { headers["X-Consul-Results-Filtered-By-ACLs"] == "true" }
  }

  /// Reads; `index` waits for something newer.
  func get(
    _ path: String, query: [(String, String?)] = [], namespace: String? = nil, index: Int? = nil,
    wait: Duration = .seconds(300), what: String, object: ObjectRef? = nil
  ) async throws(MeshError) -> Answer {
    var query = query
    var deadlines: Deadlines?
    if let index, index > 0 {
      query += [("index", String(index)), ("wait", "\(wait.components.seconds)s")]
      // The server adds up to a sixteenth to the wait.
      deadlines = .watch(serverTimeout: wait + wait / 16)
    }
    let response = try await send(
      session.request(
        .get, path, query: query + place(namespace), headers: ["Accept": "application/json"], deadlines: deadlines,
        limits: .page), what, object)
    return Answer(json: try response.json(what, plane: plane, object: object), headers: response.headers)
  }

  /// An answer as it came, for what is not to be kept whole.
  func bytes(_ path: String, namespace: String?, what: String) async throws(MeshError) -> [UInt8] {
    try await send(
      session.request(.get, path, query: place(namespace), headers: ["Accept": "application/json"]), what, nil
    ).body
  }

  /// Asks a question that is put in a body; it changes nothing.
  func ask(_ path: String, _ body: JSONValue, what: String) async throws(MeshError) -> JSONValue {
    let response = try await send(
      session.request(
        .post, path, query: place(nil), headers: ["Content-Type": "application/json"], body: JSONWriter.bytes(body),
        idempotent: true), what, nil)
    return try response.json(what, plane: plane, object: nil)
  }

  /// Writes an entry where it is still of an index, 0 where there is none yet; whether it was.
  func put(
    _ entry: JSONValue, cas: Int, namespace: String?, what: String, object: ObjectRef
  ) async throws(MeshError) -> Bool {
    let response = try await send(
      session.request(
        .put, "/v1/config", query: [("cas", String(cas))] + place(namespace),
        headers: ["Content-Type": "application/json"], body: JSONWriter.bytes(entry)), what, object)
    return try Self.verdict(response, what, plane, object)
  }

  /// Deletes an entry where it is still of an index; whether it was.
  func delete(
    _ name: ConsulName, cas: Int, what: String, object: ObjectRef
  ) async throws(MeshError) -> Bool {
    let response = try await send(
      session.request(.delete, name.path, query: [("cas", String(cas))] + place(name.namespace)), what, object)
    return try Self.verdict(response, what, plane, object)
  }

  private func place(_ namespace: String?) -> [(String, String?)] {
    var query: [(String, String?)] = []
    if let datacenter { query.append(("dc", datacenter)) }
    if let partition { query.append(("partition", partition)) }
    if let namespace { query.append(("ns", namespace)) }
    return query
  }

  private func send(
    _ request: HTTPRequest, _ what: String, _ object: ObjectRef?
  ) async throws(MeshError) -> HTTPResponse {
    let response: HTTPResponse
    do throws(TransportError) { response = try await session.send(request) } catch {
      var failure = MeshError(error, what, plane: plane, object: object)
      if error.code == .tls || error.code == .malformed { failure.remedy = "check the plane's url and caFile" }
      throw failure
    }
    guard response.isSuccess else {
      throw failure(response, what, object, isWrite: !request.idempotent)
    }
    return response
  }

  /// A refusal: Consul says why in plain text.
  private func failure(
    _ response: HTTPResponse, _ what: String, _ object: ObjectRef?, isWrite: Bool
  ) -> MeshError {
    let words = String(decoding: response.body.prefix(2_048), as: UTF8.self)
    var text = words.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    // What a server says comes through an agent, and through a server that is not the leader, with these words before it.
    while text.hasPrefix(Self.forwarded) { text.removeFirst(Self.forwarded.count) }
    let said = text.isEmpty ? "answers \(response.status)" : text
    func made(_ code: MeshError.Code, _ remedy: String?) -> MeshError {
      MeshError(code, "\(what): \(said)", plane: plane, object: object, remedy: remedy)
    }
    if text.contains("ACL not found") || response.status == 401 {
      return made(
        .unauthenticated, "the token has expired, was deleted, or is another cluster's; see `meshdeck planes check`")
    }
    if response.status == 403 || text.hasPrefix("Permission denied") {
      return made(.forbidden, "ask for the permission that it names")
    }
    switch response.status {
    case 404: return made(.notFound, nil)
    case 409: return made(.conflict, "read it again and repeat the change")
    case 412: return made(.conflict, "it was changed since it was read: read it again")
    case 429: return made(.unreachable, "the servers limit the rate of calls; wait a little and try again")
    case 503 where text.contains("rate limit"):
      return made(.unreachable, "the servers limit the rate of calls; wait a little and try again")
    case 500 where text.contains("No cluster leader") || text.contains("No path to datacenter"):
      return made(.unreachable, "wait for the servers to elect a leader, or check the datacenter")
    // What an entry may not be is answered with 500 too: the words are the servers' own.
    case 400..<500,
      500 where request(isRefusal: text):
      return made(.refused, nil)
    default:
      // A server that failed, or a gateway that lost it, may have stored the entry all the same.
      return isWrite
        ? made(.unknownOutcome, "read it back before anything else")
        : made(.unreachable, "the servers fail or are busy: try again; see `meshdeck planes check`")
    }
  }

  private static let forwarded = "rpc error making call: "

  /// Words of servers that failed, after which nobody knows whether an entry was stored. Source: hashicorp/raft `api.go`
  /// (`ErrLeadershipLost`, `ErrEnqueueTimeout`, `ErrRaftShutdown`), and Go's own of connections.
  private static let failures = [
    "rpc error", "EOF", "timeout", "timed out", "connection", "leadership", "leader", "raft", "context deadline",
    "shutdown", "shutting down",
  ]

  private func request(isRefusal text: String) -> Bool {
    !text.isEmpty && !Self.failures.contains { text.contains($0) }
  }

  /// The `true` or `false` of a check-and-set.
  private static func verdict(
    _ response: HTTPResponse, _ what: String, _ plane: PlaneName, _ object: ObjectRef
  ) throws(MeshError) -> Bool {
    guard let verdict = (try? response.json(what, plane: plane, object: object))?.bool else {
      throw MeshError(
        .unknownOutcome, "\(what): the answer is neither true nor false", plane: plane, object: object,
        remedy: "read it back before anything else")
    }
    return verdict
  }
}
