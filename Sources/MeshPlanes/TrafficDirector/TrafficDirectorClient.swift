import MeshModel
import MeshTransport

/// Requests to the APIs that Traffic Director is made of, with Google's refusals in an operator's words.
struct TrafficDirectorClient: Sendable {
  let plane: PlaneName
  let project: String
  let clock: any TransportClock
  private let sessions: [TrafficDirectorKind.API: Session]
  /// Of the APIs that tell about the project itself.
  let resources: Session
  let usage: Session
  let accounts: Session

  /// A client; where an endpoint is given all APIs are below it.
  init(
    plane: PlaneName, project: String, endpoint: String?, identity: GoogleIdentity, options: Session.Options
  ) throws(MeshError) {
    self.plane = plane
    self.project = project
    clock = options.clock
    var options = options
    options.credentials = GoogleBearer(identity)
    func session(_ host: String) throws(MeshError) -> Session {
      do throws(TransportError) {
        return try Session(base: endpoint ?? "https://\(host).googleapis.com", options: options)
      } catch {
        throw MeshError(error, "connect to \(host)", plane: plane)
      }
    }
    var sessions: [TrafficDirectorKind.API: Session] = [:]
    for api in TrafficDirectorKind.API.allCases { sessions[api] = try session(api.rawValue) }
    self.sessions = sessions
    resources = try session("cloudresourcemanager")
    usage = try session("serviceusage")
    accounts = try session("www")
  }

  /// What may be written, and why not.
  var writes: WritePolicy { resources.writes }

  /// The session with an API.
  func session(_ api: TrafficDirectorKind.API) -> Session { sessions[api] ?? resources }

  /// One resource, or what else a GET gives.
  func get(
    _ session: Session, _ path: String, query: [(String, String?)] = [], what: String, object: ObjectRef? = nil
  ) async throws(MeshError) -> JSONValue {
    try await send(
      session, session.request(.get, path, query: query, headers: ["Accept": "application/json"], limits: .page), what,
      object
    ).json
  }

  /// A question that is asked by POST and changes nothing.
  func ask(_ session: Session, _ path: String, _ body: JSONValue, what: String) async throws(MeshError) -> JSONValue {
    try await send(
      session,
      session.request(
        .post, path, headers: Self.json, body: JSONWriter.bytes(body), deadlines: .read, limits: .page,
        idempotent: true), what, nil
    ).json
  }

  /// Writes, and waits for the operation that the write began to end.
  func write(
    _ method: HTTPRequest.Method, _ api: TrafficDirectorKind.API, _ path: String, query: [(String, String?)] = [],
    body: JSONValue?, what: String, object: ObjectRef
  ) async throws(MeshError) {
    let session = session(api)
    let operation = try await send(
      session,
      session.request(
        method, path, query: query, headers: body == nil ? ["Accept": "application/json"] : Self.json,
        body: body.map { JSONWriter.bytes($0) }), what, object
    ).json
    try await TrafficDirectorOperation(client: self, api: api, what: what, object: object).ended(operation)
  }

  /// All entries of a list, page by page, with the places that did not answer.
  func list(
    _ session: Session, _ path: String, member: String, sizeParameter: String, query: [(String, String?)] = [],
    what: String
  ) async throws(MeshError) -> (entries: [JSONValue], unreachable: [String]) {
    var entries: [JSONValue] = []
    var unreachable: Set<String> = []
    var token: String?
    var seen: Set<String> = []
    repeat {
      var query = query + [(sizeParameter, Optional("500"))]
      if let token { query.append(("pageToken", token)) }
      let page = try await get(session, path, query: query, what: what)
      guard page.object != nil else { throw MeshError(.malformed, "\(what): the answer is no list", plane: plane) }
      // An empty list is left out of the answer: proto3 writes no empty fields.
      if let groups = page[member]?.object {
        for group in groups.members { entries.append(group.value) }
      } else {
        entries += page[member]?.array ?? []
      }
      for name in ["unreachable", "unreachables"] {
        for place in page[name]?.array ?? [] { if let text = place.string { unreachable.insert(text) } }
      }
      token = page["nextPageToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      if let token, !seen.insert(token).inserted {
        throw MeshError(.malformed, "\(what): the pages go in a circle", plane: plane)
      }
    } while token != nil
    return (entries, unreachable.sorted())
  }

  private static let json: HTTPHeaders = ["Content-Type": "application/json", "Accept": "application/json"]

  /// Sends a request and gives the answer, or why there is none.
  func send(
    _ session: Session, _ request: HTTPRequest, _ what: String, _ object: ObjectRef?
  ) async throws(MeshError) -> (json: JSONValue, headers: HTTPHeaders) {
    let response: HTTPResponse
    do throws(TransportError) { response = try await session.send(request) } catch {
      throw MeshError(google: error, what, plane: plane, object: object)
    }
    guard response.isSuccess else {
      throw GoogleFailure(response).error(what, plane: plane, object: object, isWrite: !request.idempotent)
    }
    let json = try response.json(what, plane: plane, object: object, isWrite: !request.idempotent)
    return (json, response.headers)
  }
}

extension MeshError {
  /// The failure of a request to Google that got no complete answer.
  init(google error: TransportError, _ what: String, plane: PlaneName, object: ObjectRef? = nil) {
    self.init(error, what, plane: plane, object: object)
    if error.code == .unauthorized {
      message = "\(what): Google does not believe the token"
      remedy = "log in again (`gcloud auth application-default login`), and check this machine's clock"
    } else if error.remedy == nil, code == .malformed || error.code == .tls {
      remedy = "check the plane's endpoint"
    }
  }
}
