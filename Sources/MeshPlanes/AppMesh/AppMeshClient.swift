import MeshModel
import MeshTransport
import Synchronization

/// Requests to the App Mesh API, signed, with AWS's refusals in an operator's words.
struct AppMeshClient: Sendable {
  let plane: PlaneName
  let session: Session
  let identity: AWSIdentity
  /// How far the server's clock is ahead, learned when a signature's time was refused.
  let skew = SkewMemory()
  let clock: any TransportClock

  init(plane: PlaneName, endpoint: String, region: String, identity: AWSIdentity, options: Session.Options)
    throws(MeshError)
  {
    self.plane = plane
    self.identity = identity
    clock = options.clock
    var options = options
    options.credentials = AWSSigner(identity, region: region, service: "appmesh")
    do throws(TransportError) { session = try Session(base: endpoint, options: options) } catch {
      throw MeshError(aws: error, "connect to App Mesh", plane: plane)
    }
  }

  /// One resource, or a page of a list.
  func get(
    _ path: String, query: [(String, String?)] = [], what: String, object: ObjectRef? = nil
  ) async throws(MeshError) -> JSONValue {
    try await send(
      session.request(.get, path, query: query, headers: ["Accept": "application/json"], limits: .page), what, object)
  }

  /// All entries of a list, page by page.
  func list(_ kind: AppMeshKind, _ path: String, owner: String?) async throws(MeshError) -> [JSONValue] {
    var entries: [JSONValue] = []
    var token: String?
    var seen: Set<String> = []
    repeat {
      var query: [(String, String?)] = [("limit", "100")]
      if let owner { query.append(("meshOwner", owner)) }
      if let token { query.append(("nextToken", token)) }
      let what = "list \(kind.collection)"
      let page = try await get(path, query: query, what: what)
      guard let items = page[kind.collection]?.array else {
        throw MeshError(.malformed, "\(what): the answer has no \(kind.collection)", plane: plane)
      }
      entries += items
      token = page["nextToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      if let token, !seen.insert(token).inserted {
        throw MeshError(.malformed, "\(what): the pages go in a circle", plane: plane)
      }
    } while token != nil
    return entries
  }

  /// Writes a resource: creates on a collection's path, replaces the specification on a resource's.
  func put(_ path: String, _ body: JSONValue, what: String, object: ObjectRef) async throws(MeshError) -> JSONValue {
    try await send(
      session.request(
        .put, path, headers: ["Content-Type": "application/json", "Accept": "application/json"],
        body: JSONWriter.bytes(body)), what, object)
  }

  /// Deletes a resource.
  func delete(_ path: String, what: String, object: ObjectRef) async throws(MeshError) {
    _ = try await send(session.request(.delete, path, headers: ["Accept": "application/json"]), what, object)
  }

  /// Sends a request; once more with new keys where they had ended, or with the server's time where ours was refused.
  ///
  /// Both refusals come before anything is done, so that a write may be sent again too.
  private func send(
    _ request: HTTPRequest, _ what: String, _ object: ObjectRef?
  ) async throws(MeshError) -> JSONValue {
    var cured = false
    while true {
      var request = request
      if let seconds = skew.seconds {
        request.headers["X-Amz-Date"] = AWSDate.text(clock.wallSeconds() + seconds)
      }
      let response: HTTPResponse
      do throws(TransportError) { response = try await session.send(request) } catch {
        throw MeshError(aws: error, what, plane: plane, object: object)
      }
      if response.isSuccess {
        return try response.json(what, plane: plane, object: object, isWrite: !request.idempotent)
      }
      let failure = AWSFailure(response)
      if !cured, failure.isExpired {
        _ = try await identity.keys(refresh: true)
      } else if !cured, failure.isSkewed, let date = response.headers["Date"].flatMap(HTTPDate.parse) {
        skew.seconds = date - clock.wallSeconds()
      } else {
        throw failure.error(what, plane: plane, object: object, isWrite: !request.idempotent)
      }
      cured = true
    }
  }
}

/// The seconds by which a server's clock is ahead of ours, once it refused our time.
final class SkewMemory: Sendable {
  private let value = Mutex<Int?>(nil)

  var seconds: Int? {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}

/// The time of a signature, such as `20261122T230056Z`.
enum AWSDate {
  /// The text of a moment in seconds since 1970.
  static func text(_ seconds: Int) -> String {
    let time = CivilTime(seconds: max(0, seconds))
    let two = CivilTime.two
    return "\(time.year)\(two(time.month))\(two(time.day))T\(two(time.hour))\(two(time.minute))\(two(time.second))Z"
  }
}
