import MeshModel
import MeshTransport

/// Requests to Azure Resource Manager, or to a Service Fabric cluster that has the same resources.
struct AzureClient: Sendable {
  let plane: PlaneName
  let session: Session
  /// Whose token the requests bear; `nil` where a client certificate speaks.
  let identity: AzureIdentity?
  /// The client certificate that speaks to a cluster, as PEM.
  let certificate: [UInt8]?
  let clock: any TransportClock

  /// How long an operation that goes on after its request is followed before it is left as not known.
  static let patience = Duration.seconds(120)

  init(plane: PlaneName, endpoint: String, identity: AzureIdentity?, options: Session.Options) throws(MeshError) {
    self.plane = plane
    self.identity = identity
    certificate = options.settings.tls.identity?.certificate
    clock = options.clock
    var options = options
    if let identity { options.credentials = AzureBearer(identity) }
    do throws(TransportError) { session = try Session(base: endpoint, options: options) } catch {
      throw MeshError(error, "connect", plane: plane, address: Self.address)
    }
  }

  private static let address = "check the plane's endpoint or url"

  /// One resource, or what another path answers.
  func get(_ path: String, what: String, object: ObjectRef? = nil) async throws(MeshError) -> JSONValue {
    try await answer(get(path), what, object).json(what, plane: plane, object: object)
  }

  /// The headers of an answer, for the server's time.
  func headers(_ path: String, what: String) async throws(MeshError) -> HTTPHeaders {
    try await answer(get(path), what, nil).headers
  }

  /// All entries of a list, page by page: Azure's pages lead on by an address, a cluster's by a token.
  func list(_ path: String, what: String) async throws(MeshError) -> [JSONValue] {
    var entries: [JSONValue] = []
    var next: String? = path
    var seen: Set<String> = []
    while let page = next {
      guard seen.insert(page).inserted else {
        throw MeshError(.malformed, "\(what): the pages go in a circle", plane: plane)
      }
      let answer = try await get(page, what: what)
      guard let items = answer["value"]?.array ?? answer["Items"]?.array else {
        throw MeshError(.malformed, "\(what): the answer is no list", plane: plane)
      }
      entries += items
      if let link = answer["nextLink"]?.string, !link.isEmpty {
        next = try self.path(of: link, what)
      } else if let token = answer["ContinuationToken"]?.string, !token.isEmpty {
        next = path + (path.contains("?") ? "&" : "?") + PercentCoding.query([("ContinuationToken", token)])
      } else {
        next = nil
      }
    }
    return entries
  }

  /// Writes or deletes and follows what goes on after the answer, to its end.
  func write(
    _ method: HTTPRequest.Method, _ path: String, body: JSONValue? = nil, what: String, object: ObjectRef
  ) async throws(MeshError) -> AzureOperation.End {
    var headers: HTTPHeaders = ["Accept": "application/json"]
    if body != nil { headers["Content-Type"] = "application/json; charset=utf-8" }
    let request = session.request(method, path, headers: headers, body: body.map { JSONWriter.bytes($0) })
    let response = try await answer(request, what, object)
    return try await AzureOperation(client: self, what: what, object: object).end(
      of: response, resource: method == .delete ? nil : path)
  }

  /// A read of a path below the session's base.
  func get(_ path: String) -> HTTPRequest {
    session.request(.get, path, headers: ["Accept": "application/json"], limits: .page)
  }

  /// The answer to a request; a refusal is thrown in an operator's words.
  func answer(_ request: HTTPRequest, _ what: String, _ object: ObjectRef?) async throws(MeshError) -> HTTPResponse {
    let response: HTTPResponse
    do throws(TransportError) { response = try await session.send(request) } catch {
      var failure = MeshError(error, what, plane: plane, object: object, address: Self.address)
      if error.code == .unauthorized {
        failure.message =
          identity == nil
          ? "\(what): the cluster does not take the client certificate"
          : "\(what): Azure does not take the token, even a new one"
        failure.remedy =
          identity == nil
          ? "correct the plane's clientCertificate and clientKey"
          : "log in to the subscription's tenant (az login --tenant …); see `meshdeck planes check` for who one is"
      }
      if error.code == .tls, identity == nil, error.message.contains("client certificate") {
        failure.remedy = "correct the plane's clientCertificate and clientKey"
      }
      // A server may end the connection in place of a word where it does not take a client certificate, or wants one.
      if error.code == .connectionLost, !error.outcomeUnknown, identity == nil, session.origin.hasPrefix("https://") {
        failure.remedy =
          "a secured cluster ends connections so whose client certificate it does not take, or that have none"
      }
      throw failure
    }
    guard response.isSuccess else {
      throw AzureFailure(response).error(what, plane: plane, object: object, isWrite: !request.idempotent)
    }
    return response
  }

  /// The path below the session's base of an address that the server itself named; another server's is refused, since it
  /// would get the credential.
  func path(of address: String, _ what: String) throws(MeshError) -> String {
    if address.hasPrefix("/") { return address }
    guard let target = try? TargetURL(parsing: address), target.origin == session.origin,
      target.path.hasPrefix(session.basePath)
    else {
      throw MeshError(
        .malformed, "\(what): the server leads on to another one, which does not get the credential", plane: plane,
        remedy: Self.address)
    }
    return target.path.dropFirst(session.basePath.count) + (target.query.map { "?" + $0 } ?? "")
  }
}
