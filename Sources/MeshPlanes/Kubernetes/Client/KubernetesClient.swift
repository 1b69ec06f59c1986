public import MeshModel
public import MeshTransport

/// A client of one Kubernetes API server: requests with identity and impersonation, refusals as typed errors.
///
/// Retries, rate, pauses and credentials are the ``MeshTransport/Session``'s. Writes carry `fieldManager=meshdeck` and
/// `fieldValidation=Strict` and are never sent twice by it.
public struct KubernetesClient: Sendable {
  /// The name of this program in `managedFields` and audit logs.
  public static let fieldManager = "meshdeck"

  /// How many requests an API server gets: a mesh of 10,000 services and 50,000 pods is read in 180 pages, which may all be
  /// asked for as fast as the server answers, four lists at once.
  ///
  /// A server protects itself by fair queueing and answers 429 with `Retry-After`, which is obeyed; the limit here is for
  /// what nobody meant to send, such as a question repeated in a circle.
  static let rate = RateLimit(perSecond: 50, burst: 250)

  /// The plane it belongs to, for errors.
  public let plane: PlaneName
  /// How requests are sent.
  public let session: Session
  /// What goes with every request: whom to act as.
  let headers: HTTPHeaders

  /// A client of a connection.
  ///
  /// - Parameter options: What the session needs beside settings and credentials, which are the connection's.
  public init(
    plane: PlaneName, connection: KubernetesConnection, options: Session.Options = Session.Options()
  ) throws(MeshError) {
    self.plane = plane
    var options = options
    options.settings = connection.settings
    options.credentials = connection.authentication
    if options.rate == RateLimit() { options.rate = Self.rate }
    do throws(TransportError) {
      session = try Session(base: connection.server, options: options)
    } catch {
      throw MeshError(error, "connect", plane: plane)
    }
    var headers: HTTPHeaders = [:]
    let actor = connection.impersonation
    if !actor.user.isEmpty { headers.add("Impersonate-User", actor.user) }
    if !actor.uid.isEmpty { headers.add("Impersonate-Uid", actor.uid) }
    for group in actor.groups { headers.add("Impersonate-Group", group) }
    for extra in actor.extra {
      for value in extra.values { headers.add("Impersonate-Extra-\(PercentCoding.encode(extra.name))", value) }
    }
    if connection.disablesCompression { headers.add("Accept-Encoding", "identity") }
    self.headers = headers
  }

  /// A JSON media type.
  static let json = "application/json"

  /// Sends a request and gives the answer where it is a success; a refusal is thrown.
  func send(
    _ method: HTTPRequest.Method = .get, _ path: String, query: [(String, String?)] = [], accept: String = json,
    contentType: String? = nil, body: [UInt8]? = nil, deadlines: Deadlines? = nil, limits: BodyLimits = .object,
    what: String, object: ObjectRef? = nil, isGuardedPatch: Bool = false, isQuestion: Bool = false,
    isRepeated: Bool = true
  ) async throws(MeshError) -> HTTPResponse {
    let response = try await answer(
      method, path, query: query, accept: accept, contentType: contentType, body: body, deadlines: deadlines,
      limits: limits, what: what, object: object, isQuestion: isQuestion, isRepeated: isRepeated)
    guard response.isSuccess else {
      throw KubernetesStatus(code: response.status, body: response.body).error(
        what, plane: plane, object: object, isWrite: !method.isSafe && !isQuestion, isGuardedPatch: isGuardedPatch)
    }
    return response
  }

  /// Sends a request and gives the answer whatever its status.
  ///
  /// - Parameter isRepeated: Whether a read is sent again after a passing failure.
  func answer(
    _ method: HTTPRequest.Method = .get, _ path: String, query: [(String, String?)] = [], accept: String = json,
    contentType: String? = nil, body: [UInt8]? = nil, deadlines: Deadlines? = nil, limits: BodyLimits = .object,
    what: String, object: ObjectRef? = nil, isQuestion: Bool = false, isRepeated: Bool = true
  ) async throws(MeshError) -> HTTPResponse {
    let request = session.request(
      method, path, query: query, headers: fields(accept, contentType), body: body, deadlines: deadlines,
      limits: limits, idempotent: isRepeated && (method.isSafe || isQuestion))
    do throws(TransportError) {
      return try await session.send(request)
    } catch {
      throw MeshError(error, what, plane: plane, object: object)
    }
  }

  /// Opens a stream; a refusal is a stream too.
  ///
  /// - Parameter isRepeated: Whether it is opened again after a passing failure.
  func stream(
    _ path: String, query: [(String, String?)] = [], deadlines: Deadlines, limits: BodyLimits = .stream, what: String,
    isRepeated: Bool = true
  ) async throws(MeshError) -> HTTPStream {
    let request = session.request(
      .get, path, query: query, headers: fields(Self.json, nil), deadlines: deadlines, limits: limits,
      idempotent: isRepeated)
    do throws(TransportError) {
      return try await session.stream(request)
    } catch {
      throw MeshError(error, what, plane: plane)
    }
  }

  private func fields(_ accept: String, _ contentType: String?) -> HTTPHeaders {
    var fields = headers
    fields.set("Accept", accept)
    if let contentType { fields.set("Content-Type", contentType) }
    return fields
  }

  /// Parses an answer as a tree.
  func tree(_ response: HTTPResponse, what: String) throws(MeshError) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(parsing: response.body)
    } catch {
      throw unexpected(response.body, error, what: what)
    }
  }

  /// The failure of an answer that says yes and is not what was asked for, such as the page of a login or a gateway.
  func unexpected(_ body: [UInt8], _ error: JSONError, what: String) -> MeshError {
    let start = String(decoding: body.prefix(200), as: UTF8.self)
    let first = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let isJSON = first.map { [0x7B, 0x5B].contains($0) } ?? false
    let told =
      body.isEmpty ? "an empty answer" : isJSON ? "\(error)" : "the answer is no JSON, it begins with: \(start)"
    return MeshError(
      .malformed, "\(what): \(told)", plane: plane,
      remedy: "check that \(session.origin) is the Kubernetes API server and not a login page or gateway",
      underlying: error)
  }
}
