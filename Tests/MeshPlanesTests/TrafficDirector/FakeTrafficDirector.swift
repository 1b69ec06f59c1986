import MeshModel
import MeshTransport
import Synchronization

@testable import MeshPlanes

/// Traffic Director's APIs in memory, as their definitions have them: pages, update masks, operations that take a while,
/// defaults left out as proto3 does, and what a test puts in between.
final class FakeTrafficDirector: HTTPTransport {
  struct State {
    /// Resources by path.
    var resources: [String: JSONValue] = [:]
    /// Answers given in place of those for paths that hold a text.
    var refusals: [(part: String, response: HTTPResponse)] = []
    /// What happens before a PATCH is stored, and after.
    var beforePatch: (@Sendable (FakeTrafficDirector) -> Void)?
    var afterPatch: (@Sendable (FakeTrafficDirector) -> Void)?
    /// The error that the next operation ends in, after which nothing is stored.
    var failure: JSONValue?
    /// How often an operation is asked for before it is done; it takes effect at its end.
    var polls = 1
    var operations: [String: (left: Int, answer: JSONValue)] = [:]
    var permissions: Set<String> = []
    var unreachable: [String: [String]] = [:]
    /// Answers to the next writes in place of the usual ones.
    var refusedWrites: [HTTPResponse] = []
    var health: [String: JSONValue] = [:]
    var requests: [HTTPRequest] = []
    var pageSize = 500
    var ticks = 0
  }

  private let state = Mutex(State())
  static let root = "/v1/projects/shop-prod/locations/global/"
  static let compute = "/compute/v1/projects/shop-prod/"

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
  var requests: [HTTPRequest] { state.withLock { $0.requests } }
  var writes: [HTTPRequest] { requests.filter { $0.method == .patch || $0.method == .delete } }

  subscript(path: String) -> JSONValue? { state.withLock { $0.resources[Self.root + path] } }
  func service(_ id: String) -> JSONValue? {
    state.withLock { $0.resources[Self.compute + "global/backendServices/" + id] }
  }

  /// Stores a resource of network services or network security as somebody else would: `httpRoutes/x`.
  func store(_ path: String, _ json: JSONValue) {
    state.withLock { state in Self.store(&state, Self.root + path, json) }
  }

  private static func store(_ state: inout State, _ path: String, _ json: JSONValue) {
    state.ticks += 1
    var json = withoutDefaults(json)
    let old = state.resources[path]
    if path.hasPrefix(compute) {
      let id = String(path.split(separator: "/").last ?? "")
      json["kind"] = "compute#backendService"
      json["name"] = .string(id)
      json["id"] = old?["id"] ?? .string("90000\(state.ticks)")
      json["selfLink"] = .string("https://www.googleapis.com\(path)")
      json["fingerprint"] = .string("fp\(state.ticks)=")
    } else {
      json["name"] = .string(String(path.dropFirst("/v1/".count)))
      json["createTime"] = old?["createTime"] ?? "2026-11-01T08:00:00.000000001Z"
      let second = state.ticks % 60
      json["updateTime"] = .string("2026-11-02T08:00:\(second < 10 ? "0" : "")\(second).123456789Z")
    }
    state.resources[path] = json
  }

  /// A message without its numbers that are 0, as Google writes HTTP routes.
  private static func withoutDefaults(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      .object(
        JSONObject(
          object.members.filter { $0.value.double != 0 && $0.value != false }
            .map { .init(name: $0.name, value: withoutDefaults($0.value)) }))
    case .array(let items): .array(items.map(withoutDefaults))
    default: value
    }
  }

  func storeService(_ id: String, _ json: JSONValue) {
    state.withLock { Self.store(&$0, Self.compute + "global/backendServices/" + id, json) }
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let target = try TargetURL(parsing: request.url)
    let refusal = state.withLock { state -> HTTPResponse? in
      state.requests.append(request)
      if request.method != .get, !state.refusedWrites.isEmpty { return state.refusedWrites.removeFirst() }
      guard let index = state.refusals.firstIndex(where: { target.path.contains($0.part) }) else { return nil }
      return state.refusals.remove(at: index).response
    }
    if let refusal { return refusal }
    var query: [String: String] = [:]
    for item in target.query?.split(separator: "&") ?? [] {
      let parts = item.split(separator: "=").map(String.init)
      query[parts[0]] = PercentCoding.decode(parts.count > 1 ? parts[1] : "")
    }
    let body = request.body.flatMap { try? JSONValue(parsing: $0) } ?? .null
    switch request.method {
    case .patch: return patch(target.path, query, body)
    case .post: return post(target.path, query, body)
    case .delete: return operation(target.path) { $0.resources[target.path] = nil }
    default: return get(target.path, query)
    }
  }

  private func patch(_ path: String, _ query: [String: String], _ body: JSONValue) -> HTTPResponse {
    let hooks = state.withLock { state in
      defer { (state.beforePatch, state.afterPatch) = (nil, nil) }
      return (state.beforePatch, state.afterPatch)
    }
    hooks.0?(self)
    guard let old = state.withLock({ $0.resources[path] }) else { return Self.notFound }
    if path.hasPrefix(Self.compute), body["fingerprint"] != old["fingerprint"] {
      return Self.refusal(
        412,
        [
          "errors": [["reason": "conditionNotMet", "message": "Invalid fingerprint."]], "code": 412,
          "message": "Invalid fingerprint.",
        ])
    }
    let response = operation(path) { state in
      var json = state.resources[path] ?? old
      let mask = query["updateMask"]?.split(separator: ",").map(String.init) ?? body.object?.names ?? []
      for member in mask {
        json[member] = nil
        if let value = body[member], !value.isNull { json[member] = value }
      }
      Self.store(&state, path, json)
    }
    if state.withLock({ $0.polls }) == 0 { hooks.1?(self) } else { change { $0.afterPatch = hooks.1 } }
    return response
  }

  private func operation(_ path: String, _ effect: @escaping (inout State) -> Void) -> HTTPResponse {
    state.withLock { state in
      let isCompute = path.hasPrefix(Self.compute)
      let id = "operation-\(state.operations.count + 1)"
      let name = isCompute ? id : String((Self.root + "operations/" + id).dropFirst("/v1/".count))
      let failure = state.failure
      state.failure = nil
      if failure == nil { effect(&state) }
      var done: JSONValue =
        isCompute ? ["name": .string(name), "status": "DONE"] : ["name": .string(name), "done": true, "response": [:]]
      if let failure {
        done["error"] = failure
        done["response"] = nil
        if isCompute { done["httpErrorStatusCode"] = 400 }
      }
      state.operations[name] = (state.polls, done)
      let running: JSONValue = isCompute ? ["name": .string(name), "status": "RUNNING"] : ["name": .string(name)]
      return HTTPResponse(status: 200, body: JSONWriter.bytes(state.polls == 0 ? done : running))
    }
  }

  private func post(_ path: String, _ query: [String: String], _ body: JSONValue) -> HTTPResponse {
    if path.hasSuffix(":testIamPermissions") {
      let granted = state.withLock { state in
        (body["permissions"]?.array ?? []).filter { state.permissions.contains($0.string ?? "") }
      }
      let answer: JSONValue = granted.isEmpty ? [:] : ["permissions": .array(granted)]
      return HTTPResponse(status: 200, body: JSONWriter.bytes(answer))
    }
    if path.hasSuffix("/getHealth") {
      let answer = state.withLock { $0.health[body["group"]?.string ?? ""] } ?? [:]
      return HTTPResponse(status: 200, body: JSONWriter.bytes(answer))
    }
    if path.hasSuffix("/listNetworkEndpoints") {
      let answer = state.withLock { $0.health[path] } ?? [:]
      return HTTPResponse(status: 200, body: JSONWriter.bytes(answer))
    }
    let id = query.first { $0.key.hasSuffix("Id") }?.value ?? body["name"]?.string ?? ""
    return operation(path) { Self.store(&$0, path + "/" + id, body) }
  }

  private func get(_ path: String, _ query: [String: String]) -> HTTPResponse {
    let operationName =
      path.contains("/operations/")
      ? (path.hasPrefix(Self.compute) ? String(path.split(separator: "/").last ?? "") : String(path.dropFirst(4))) : nil
    if let operationName {
      let (answer, hook) = state.withLock { state -> (JSONValue?, (@Sendable (FakeTrafficDirector) -> Void)?) in
        guard var (left, answer) = state.operations[operationName] else { return (nil, nil) }
        left -= 1
        state.operations[operationName] = (left, answer)
        if left > 0 {
          answer = ["name": .string(operationName)]
          return (answer, nil)
        }
        defer { state.afterPatch = nil }
        return (answer, state.afterPatch)
      }
      hook?(self)
      return answer.map { HTTPResponse(status: 200, body: JSONWriter.bytes($0)) } ?? Self.notFound
    }
    return state.withLock { state in
      if let resource = state.resources[path] { return HTTPResponse(status: 200, body: JSONWriter.bytes(resource)) }
      let last = String(path.split(separator: "/").last ?? "")
      if path.hasSuffix("/aggregated/networkEndpointGroups") {
        return HTTPResponse(status: 200, body: JSONWriter.bytes(state.health["groups"] ?? [:]))
      }
      guard TrafficDirectorKind(collection: last) != nil else { return Self.notFound }
      let entries = state.resources.filter { $0.key.hasPrefix(path + "/") }.sorted { $0.key < $1.key }.map(\.value)
      let start = query["pageToken"].flatMap(Int.init) ?? 0
      let end = min(start + state.pageSize, entries.count)
      var page: JSONValue = [:]
      if start < end {
        page[path.hasPrefix(Self.compute) ? "items" : last] = .array(Array(entries[start..<end]))
      }
      if end < entries.count { page["nextPageToken"] = .string(String(end)) }
      if query["returnPartialSuccess"] == "true", let places = state.unreachable[last] {
        page["unreachable"] = .array(places.map(JSONValue.string))
      }
      return HTTPResponse(
        status: 200, headers: ["Date": "Thu, 01 Jan 2026 00:00:00 GMT"], body: JSONWriter.bytes(page))
    }
  }

  static let notFound = refusal(404, ["code": 404, "message": "there is none", "status": "NOT_FOUND"])

  static func refusal(_ status: Int, _ error: JSONValue) -> HTTPResponse {
    HTTPResponse(status: status, body: JSONWriter.bytes(["error": error]))
  }

  /// The mesh most tests begin with.
  static func shop() -> FakeTrafficDirector {
    let fake = FakeTrafficDirector()
    let services = "projects/1234567/locations/global/backendServices/"
    fake.store("meshes/shop", ["interceptionPort": 15001])
    fake.store("gateways/edge", ["type": "OPEN_MESH", "ports": [80, 8080], "scope": "edge"])
    fake.store(
      "httpRoutes/reviews",
      [
        "hostnames": ["reviews.shop"], "meshes": ["projects/1234567/locations/global/meshes/shop"],
        "rules": [
          [
            "matches": [["prefixMatch": "/admin", "headers": [["header": "X-Role", "exactMatch": "admin"]]]],
            "action": ["destinations": [["serviceName": .string(services + "reviews-v2")]]],
          ],
          [
            "action": [
              "destinations": [
                ["serviceName": .string(services + "reviews-v1"), "weight": 90],
                ["serviceName": .string(services + "reviews-v2"), "weight": 10],
              ], "timeout": "3s", "somethingNew": ["kept": "as it is"],
            ]
          ],
        ],
      ])
    let zone = "https://www.googleapis.com/compute/v1/projects/shop-prod/zones/europe-west1-b/"
    for (id, group) in [
      ("reviews-v1", "instanceGroups/reviews-v1-vms"), ("reviews-v2", "networkEndpointGroups/k8s1-reviews-v2"),
    ] {
      fake.storeService(
        id,
        [
          "loadBalancingScheme": "INTERNAL_SELF_MANAGED", "protocol": "HTTP2", "portName": "http",
          "healthChecks": ["projects/shop-prod/global/healthChecks/http"],
          "backends": [["group": .string(zone + group)]],
          "securitySettings": ["clientTlsPolicy": "projects/1234567/locations/global/clientTlsPolicies/mutual"],
        ])
    }
    fake.storeService("load-balancer", ["loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP"])
    fake.store(
      "clientTlsPolicies/mutual", ["clientCertificate": ["certificateProviderInstance": ["pluginInstance": "g"]]])
    fake.change { state in
      state.health[zone + "instanceGroups/reviews-v1-vms"] = [
        "healthStatus": [
          [
            "instance": .string(zone + "instances/vm-1"), "ipAddress": "10.0.0.1", "port": 8080,
            "healthState": "HEALTHY",
          ],
          [
            "instance": .string(zone + "instances/vm-2"), "ipAddress": "10.0.0.2", "port": 8080,
            "healthState": "UNHEALTHY",
          ],
        ]
      ]
      state.health[
        "/compute/v1/projects/shop-prod/zones/europe-west1-b/networkEndpointGroups/k8s1-reviews-v2/listNetworkEndpoints"
      ] = [
        "items": [["networkEndpoint": ["instance": "node-1", "ipAddress": "10.4.0.7", "port": 8080]]]
      ]
      state.health["groups"] = [
        "items": [
          "zones/europe-west1-b": [
            "networkEndpointGroups": [
              [
                "name": "k8s1-reviews-v2", "networkEndpointType": "GCE_VM_IP_PORT",
                "selfLink": .string(zone + "networkEndpointGroups/k8s1-reviews-v2"),
              ]
            ]
          ],
          "regions/europe-west1": ["warning": ["code": "NO_RESULTS_ON_PAGE"]],
        ]
      ]
    }
    return fake
  }

  /// A plane over this server.
  func plane(
    environment: [String: String] = [:], writes: WritePolicy = .allowed, clock: any TransportClock = ManualClock(),
    location: String? = nil
  ) throws -> TrafficDirectorPlane {
    var options = Session.Options()
    options.transport = { _ in self }
    options.writes = writes
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 10_000, burst: 10_000)
    options.retry = RetryPolicy(first: .milliseconds(1), longest: .milliseconds(2))
    options.clock = clock
    return try TrafficDirectorPlane(
      name: "gcp",
      settings: TrafficDirectorPlane.Settings(
        project: "shop-prod", location: location, endpoint: "http://127.0.0.1:1"),
      environment: environment, options: options)
  }
}

/// A clock that moves only when somebody sleeps by it, and then at once.
final class ManualClock: TransportClock {
  private let time = Mutex<Duration>(.zero)
  private let start: Int

  /// 2026-01-01T00:00:00Z at the start unless said otherwise.
  init(start: Int = 1_767_225_600) { self.start = start }

  func now() -> Duration { time.withLock { $0 } }
  func wallSeconds() -> Int { start + Int(now().components.seconds) }
  func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    time.withLock { $0 += duration }
  }
}
