import MeshModel
import MeshTransport
import Synchronization

@testable import MeshPlanes

/// Consul in memory, with answers in the shapes its API documents: entries with check-and-set, a catalog with health, and
/// what a test puts in between.
final class FakeConsul: HTTPTransport {
  struct State {
    var index = 10
    /// Entries by `kind/name`.
    var entries: [String: JSONValue] = [:]
    /// Instances by the name they are registered under, as `/v1/health/service` answers them.
    var instances: [String: [JSONValue]] = [:]
    /// Answers by path in place of the usual ones; what a peer tells by path and `?peer=NAME`.
    var answers: [String: HTTPResponse] = [:]
    /// What happens before a write is judged.
    var beforeWrite: (@Sendable (FakeConsul) -> Void)?
    var requests: [HTTPRequest] = []
  }

  private let state = Mutex(State())

  var requests: [HTTPRequest] { state.withLock { $0.requests } }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  func entry(_ key: String) -> JSONValue? { state.withLock { $0.entries[key] } }

  /// Stores an entry as somebody else would.
  func store(_ entry: JSONValue) { state.withLock { Self.store(&$0, entry) } }

  private static func store(_ state: inout State, _ entry: JSONValue) {
    let key = "\(entry["Kind"]?.string ?? "")/\(entry["Name"]?.string ?? "")"
    state.index += 1
    var entry = entry
    entry["CreateIndex"] = state.entries[key]?["CreateIndex"] ?? .int(state.index)
    entry["ModifyIndex"] = .int(state.index)
    state.entries[key] = entry
  }

  /// Registers an instance with its sidecar.
  func register(
    _ service: String, version: String? = nil, status: String = "passing", upstreams: [String] = [], mode: String = ""
  ) {
    state.withLock { state in
      let number = (state.instances[service]?.count ?? 0) + 1
      let node: JSONValue = ["Node": .string("vm-\(service)-\(number)"), "Address": .string("10.0.0.\(number)")]
      var instance: JSONValue = [
        "ID": .string("\(service)-\(number)"), "Service": .string(service), "Port": 9080, "Address": "", "Meta": [:],
      ]
      if let version { instance["Meta"] = ["version": .string(version)] }
      let health: JSONValue = [
        ["CheckID": "serfHealth", "Status": "passing"], ["CheckID": "a", "Status": .string(status)],
      ]
      state.instances[service, default: []].append(["Node": node, "Service": instance, "Checks": health])
      let proxy: JSONValue = [
        "Kind": "connect-proxy", "ID": .string("\(service)-\(number)-sidecar-proxy"),
        "Service": .string("\(service)-sidecar-proxy"), "Port": 20_000,
        "Proxy": [
          "Mode": .string(mode), "DestinationServiceName": .string(service),
          "DestinationServiceID": .string("\(service)-\(number)"),
          "Upstreams": .array(upstreams.map { ["DestinationName": .string($0)] }),
        ],
      ]
      state.instances["\(service)-sidecar-proxy", default: []].append(["Node": node, "Service": proxy, "Checks": []])
    }
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let target = try TargetURL(parsing: request.url)
    var query: [String: String] = [:]
    for item in target.query?.split(separator: "&") ?? [] {
      let parts = item.split(separator: "=").map(String.init)
      query[parts[0]] = PercentCoding.decode(parts.count > 1 ? parts[1] : "")
    }
    let hook = state.withLock { state in
      state.requests.append(request)
      guard request.method != .get else { return nil as (@Sendable (FakeConsul) -> Void)? }
      defer { state.beforeWrite = nil }
      return state.beforeWrite
    }
    hook?(self)
    return state.withLock { Self.answer(&$0, request, target.path, query) }
  }

  private static func answer(
    _ state: inout State, _ request: HTTPRequest, _ path: String, _ query: [String: String]
  ) -> HTTPResponse {
    if let answer = state.answers[path + (query["peer"].map { "?peer=\($0)" } ?? "")] { return answer }
    func json(_ value: JSONValue) -> HTTPResponse {
      var response = HTTPResponse(status: 200, body: JSONWriter.bytes(value))
      response.headers.set("X-Consul-Index", String(state.index))
      return response
    }
    let parts = path.split(separator: "/").map(String.init)
    switch (request.method, parts.dropFirst().first, parts.dropFirst(2).first) {
    case (.put, "config", nil):
      guard let entry = try? JSONValue(parsing: request.body ?? []) else { return HTTPResponse(status: 400) }
      let key = "\(entry["Kind"]?.string ?? "")/\(entry["Name"]?.string ?? "")"
      let isTaken = query["cas"].map { Int($0) == state.entries[key]?["ModifyIndex"]?.int ?? 0 } ?? true
      if isTaken { store(&state, entry) }
      return json(.bool(isTaken))
    case (.delete, "config", let kind?):
      let key = "\(kind)/\(parts[3])"
      let isTaken = query["cas"].map { Int($0) == state.entries[key]?["ModifyIndex"]?.int } ?? true
      if isTaken { state.entries[key] = nil }
      return json(.bool(isTaken))
    case (.get, "config", let kind?) where parts.count == 3:
      return json(.array(state.entries.filter { $0.key.hasPrefix(kind + "/") }.sorted { $0.key < $1.key }.map(\.value)))
    case (.get, "config", let kind?):
      guard let entry = state.entries["\(kind)/\(parts[3])"] else {
        return HTTPResponse(status: 404, body: Array("Config entry not found for \"\(kind)\" / \"\(parts[3])\"".utf8))
      }
      return json(entry)
    case (.get, "catalog", "services"):
      return json(.object(JSONObject(state.instances.keys.sorted().map { .init(name: $0, value: []) })))
    case (.get, "health", "service"):
      let version = query["filter"]?.split(separator: "==").last?.trimmingPrefix(while: { $0 == " " }).description
      return json(
        .array(
          (state.instances[parts[3]] ?? []).filter { instance in
            version.map { instance["Service"]?["Meta"]?["version"]?.string == $0 } ?? true
          }))
    case (.get, "connect", "ca"): return json(["TrustDomain": "f00.consul", "ActiveRootID": "a", "Roots": []])
    default: return HTTPResponse(status: 404, body: Array("Invalid URL path: not a recognized HTTP API endpoint".utf8))
    }
  }

  func plane(
    writes: WritePolicy = .allowed, environment: [String: String] = [:], clock: (any TransportClock)? = nil
  ) throws -> ConsulPlane {
    var options = Session.Options()
    if let clock { options.clock = clock }
    options.transport = { _ in self }
    options.writes = writes
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 10_000, burst: 10_000)
    options.retry = RetryPolicy(first: .milliseconds(1), longest: .milliseconds(2))
    return try ConsulPlane(name: "vms", settings: ConsulSettings(), environment: environment, options: options)
  }

  /// A stock with two subsets, split and routed, called by orders.
  static func stock() -> FakeConsul {
    let consul = FakeConsul()
    consul.store(["Kind": "proxy-defaults", "Name": "global", "Config": ["protocol": "http"]])
    consul.store(["Kind": "mesh", "Name": "mesh", "AllowEnablingPermissiveMutualTLS": true])
    consul.store([
      "Kind": "service-resolver", "Name": "stock",
      "Subsets": ["v1": ["Filter": "Service.Meta.version == v1"], "v2": ["Filter": "Service.Meta.version == v2"]],
    ])
    consul.store([
      "Kind": "service-splitter", "Name": "stock", "Meta": ["team": "orders"],
      "Splits": [["Weight": 90, "ServiceSubset": "v1"], ["Weight": 10, "ServiceSubset": "v2"]],
    ])
    consul.store([
      "Kind": "service-router", "Name": "stock",
      "Routes": [
        [
          "Match": ["HTTP": ["PathPrefix": "/audit"]],
          "Destination": [
            "ServiceSubset": "v1", "RequestTimeout": "2s", "NumRetries": 2, "RetryOnConnectFailure": true,
          ],
        ]
      ],
    ])
    consul.store([
      "Kind": "service-intentions", "Name": "stock", "Sources": [["Name": "orders", "Action": "deny"]],
    ])
    consul.register("stock", version: "v1")
    consul.register("stock", version: "v1", status: "critical")
    consul.register("stock", version: "v2")
    consul.register("orders", upstreams: ["stock"])
    return consul
  }
}
