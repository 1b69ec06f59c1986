import MeshModel
import MeshTransport
import Synchronization

@testable import MeshPlanes

/// Service Fabric's resources in memory under both base paths, with operations that go on after a write, and what a test
/// puts in between.
final class FakeServiceFabric: HTTPTransport {
  /// How a write goes on after its answer.
  enum Course: Sendable {
    /// Done with the answer.
    case atOnce
    /// An `Azure-AsyncOperation` that tells these states one after another, the last with an error where it failed.
    case operation([String], error: (code: String, message: String)?)
    /// A `Location` that answers these statuses one after another.
    case location([Int])
    /// The resource itself tells these states one after another.
    case resource([String])
  }

  struct State {
    var resources: [String: JSONValue] = [:]
    /// Answers given in place of the next ones.
    var refusals: [HTTPResponse] = []
    /// How the next write goes on; the ones after it are done at once.
    var course = Course.atOnce
    var beforePut: (@Sendable (FakeServiceFabric) -> Void)?
    var afterPut: (@Sendable (FakeServiceFabric) -> Void)?
    var requests: [HTTPRequest] = []
    var permissions: JSONValue = [["actions": ["*"], "notActions": []]]
    var pageSize = 100
  }

  private let state: Mutex<State>
  let isCluster: Bool
  static let subscription = "11111111-2222-3333-4444-555555555555"
  static let group = "/subscriptions/\(subscription)/resourceGroups/shop"
  static let origin = "https://management.azure.com"

  init(cluster: Bool = false) {
    state = Mutex(State())
    isCluster = cluster
  }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
  var requests: [HTTPRequest] { state.withLock { $0.requests } }
  var writes: [HTTPRequest] { requests.filter { $0.method != .get } }

  /// The path of a resource such as `gateways/edge` under this server's base.
  func path(_ short: String) -> String {
    let parts = short.split(separator: "/").map(String.init)
    guard isCluster else { return Self.group + "/providers/Microsoft.ServiceFabricMesh/" + short }
    return "/Resources/"
      + parts.enumerated().map {
        $0.offset % 2 == 0 ? $0.element.prefix(1).uppercased() + $0.element.dropFirst() : $0.element
      }
      .joined(separator: "/")
  }

  /// Stores a resource as somebody else would.
  func store(_ short: String, _ properties: JSONValue) {
    let path = path(short)
    state.withLock { Self.store(&$0, path, properties, isCluster: isCluster) }
  }

  func properties(_ short: String) -> JSONValue? { state.withLock { $0.resources[path(short)]?["properties"] } }

  private static func store(_ state: inout State, _ path: String, _ properties: JSONValue, isCluster: Bool) {
    var json: JSONValue = ["name": .string(path.split(separator: "/").last.map(String.init) ?? "")]
    var properties = properties
    properties["status"] = properties["status"] ?? "Ready"
    if !isCluster {
      let kinds = path.split(separator: "/").dropFirst(5).enumerated().filter { $0.offset % 2 == 1 }.map {
        String($0.element)
      }
      json["id"] = .string(path)
      json["type"] = .string("Microsoft.ServiceFabricMesh/" + kinds.joined(separator: "/"))
      if kinds.count == 1 { json["location"] = "westeurope" }
      properties["provisioningState"] = "Succeeded"
    }
    json["properties"] = properties
    state.resources[path] = json
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let refusal = state.withLock { state -> HTTPResponse? in
      state.requests.append(request)
      return state.refusals.isEmpty ? nil : state.refusals.removeFirst()
    }
    if let refusal { return refusal }
    let target = try TargetURL(parsing: request.url)
    if target.path.hasPrefix("/operations/") { return operation(target.path) }
    if target.path.hasSuffix("/permissions") {
      return Self.answer(200, ["value": state.withLock { $0.permissions }])
    }
    switch request.method {
    case .put: return put(target.path, request.body ?? [])
    case .delete:
      state.withLock { $0.resources[target.path] = nil }
      return HTTPResponse(status: 200)
    default: return get(target)
    }
  }

  private func put(_ path: String, _ body: [UInt8]) -> HTTPResponse {
    let hooks = state.withLock { state in
      defer { (state.beforePut, state.afterPut) = (nil, nil) }
      return (state.beforePut, state.afterPut)
    }
    hooks.0?(self)
    guard let json = try? JSONValue(parsing: body) else { return HTTPResponse(status: 400) }
    let response = state.withLock { state -> HTTPResponse in
      Self.store(&state, path, json["properties"] ?? .null, isCluster: isCluster)
      switch state.course {
      case .atOnce: return Self.answer(200, state.resources[path] ?? .null)
      case .operation:
        return Self.answer(
          201, state.resources[path] ?? .null,
          ["Azure-AsyncOperation": Self.origin + "/operations/1?api-version=x", "Retry-After": "0"])
      case .location: return HTTPResponse(status: 202, headers: ["Location": "/operations/1", "Retry-After": "0"])
      case .resource(let states):
        let member = isCluster ? "status" : "provisioningState"
        let resource = (state.resources[path] ?? .null).setting(
          .string(states.first ?? ""), at: ["properties", member])
        state.resources[path] = resource
        return Self.answer(202, resource, ["Retry-After": "0"])
      }
    }
    hooks.1?(self)
    return response
  }

  private func operation(_ path: String) -> HTTPResponse {
    state.withLock { state in
      switch state.course {
      case .operation(var states, let error):
        let now = states.isEmpty ? "Succeeded" : states.removeFirst()
        state.course = states.isEmpty ? .atOnce : .operation(states, error: error)
        var json: JSONValue = ["status": .string(now)]
        if now == "Failed", let error {
          json["error"] = ["code": .string(error.code), "message": .string(error.message)]
        }
        return Self.answer(200, json, ["Retry-After": "0"])
      case .location(var statuses):
        let now = statuses.isEmpty ? 200 : statuses.removeFirst()
        state.course = statuses.isEmpty ? .atOnce : .location(statuses)
        return Self.answer(now, ["error": ["code": "Oops", "message": "no capacity"]], ["Retry-After": "0"])
      default: return HTTPResponse(status: 404)
      }
    }
  }

  private func get(_ target: TargetURL) -> HTTPResponse {
    state.withLock { state in
      if case .resource(var states) = state.course, let resource = state.resources[target.path] {
        let now = states.isEmpty ? "Ready" : states.removeFirst()
        state.course = states.isEmpty ? .atOnce : .resource(states)
        return Self.answer(
          200, resource.setting(.string(now), at: ["properties", isCluster ? "status" : "provisioningState"]),
          ["Retry-After": "0"])
      }
      if let resource = state.resources[target.path] { return Self.answer(200, resource) }
      let last = target.path.split(separator: "/").last.map { $0.lowercased() } ?? ""
      guard ["applications", "networks", "gateways", "services", "replicas"].contains(last) else {
        return refusal(404, "ResourceNotFound", "there is none")
      }
      let items = state.resources.filter { key, _ in
        key.hasPrefix(target.path + "/") && !key.dropFirst(target.path.count + 1).contains("/")
      }.sorted { $0.key < $1.key }.map(\.value)
      let query = target.query ?? ""
      let start =
        query.split(separator: "&").first { $0.hasPrefix("skip=") || $0.hasPrefix("ContinuationToken=") }
        .flatMap { $0.split(separator: "=").last }.flatMap { Int($0) } ?? 0
      let end = min(start + state.pageSize, items.count)
      let page = JSONValue.array(start < end ? Array(items[start..<end]) : [])
      if isCluster {
        return Self.answer(200, ["ContinuationToken": .string(end < items.count ? "\(end)" : ""), "Items": page])
      }
      var json: JSONValue = ["value": page]
      if end < items.count { json["nextLink"] = .string(Self.origin + target.path + "?api-version=x&skip=\(end)") }
      return Self.answer(200, json)
    }
  }

  /// A refusal in the words of this server's kind.
  func refusal(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
    Self.answer(
      status,
      isCluster
        ? ["Error": ["Code": .string(code), "Message": .string(message)]]
        : ["error": ["code": .string(code), "message": .string(message)]])
  }

  static func answer(_ status: Int, _ json: JSONValue, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: JSONWriter.bytes(json))
  }

  /// The resources most tests begin with.
  static func shop(cluster: Bool = false) -> FakeServiceFabric {
    let fabric = FakeServiceFabric(cluster: cluster)
    func package(_ port: Int) -> JSONValue {
      [
        "name": "code", "image": "example/web:1", "imageRegistryCredential": ["server": "r", "password": "pw-leak"],
        "endpoints": [["name": "http", "port": .int(port)]], "instanceView": ["currentState": ["state": "Running"]],
      ]
    }
    fabric.store("networks/inner", ["kind": "Local", "networkAddressPrefix": "10.0.0.0/24"])
    fabric.store("applications/shop", ["serviceNames": ["web", "reviews", "reviews2"], "healthState": "Ok"])
    for (name, port, count) in [("web", 80, 2), ("reviews", 9080, 1), ("reviews2", 9080, 1)] {
      fabric.store(
        "applications/shop/services/\(name)",
        [
          "osType": "Linux", "codePackages": [package(port)], "replicaCount": .int(count), "healthState": "Ok",
          "networkRefs": [["name": .string(fabric.isCluster ? "inner" : Self.group + "/networks/inner")]],
        ])
      for number in 0..<count {
        let path = fabric.path("applications/shop/services/\(name)/replicas/\(number)")
        let replica: JSONValue = [
          "replicaName": .string("\(number)"), "osType": "Linux", "codePackages": [package(port)],
        ]
        fabric.change { $0.resources[path] = replica }
      }
    }
    fabric.store("gateways/edge", edge)
    return fabric
  }

  static func destination(_ service: String, _ endpoint: String = "http") -> JSONValue {
    ["applicationName": "shop", "serviceName": .string(service), "endpointName": .string(endpoint)]
  }

  static let edge: JSONValue = [
    "sourceNetwork": ["name": "Open"], "destinationNetwork": ["name": "inner"], "ipAddress": "203.0.113.9",
    "http": [
      [
        "name": "web", "port": 80,
        "hosts": [
          [
            "name": "*",
            "routes": [
              [
                "name": "reviews", "destination": destination("reviews"),
                "match": [
                  "path": ["value": "/reviews", "rewrite": "/", "type": "prefix"],
                  "headers": [["name": "X-Canary", "value": "yes", "type": "exact"]],
                ],
              ],
              ["name": "all", "match": ["path": ["value": "/", "type": "prefix"]], "destination": destination("web")],
            ],
          ]
        ],
      ]
    ],
    "tcp": [["name": "raw", "port": 9000, "destination": destination("reviews")]],
  ]

  /// A plane over this server; at Azure with a client's secret for its credentials.
  func plane(writes: WritePolicy = .allowed, environment: [String: String] = [:]) throws -> ServiceFabricPlane {
    var options = Session.Options()
    let azure = FakeAuthority()
    options.transport = { _ in FakeAuthority.Router(authority: azure, resources: self) }
    options.writes = writes
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 10_000, burst: 10_000)
    options.retry = RetryPolicy(first: .milliseconds(1), longest: .milliseconds(2))
    let variables = [
      "AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "never-shown-secret",
    ]
    return try ServiceFabricPlane(
      name: "fabric",
      settings: ServiceFabricPlane.Settings(
        place: isCluster
          ? .cluster(url: "https://cluster.example:19080")
          : .group(subscription: Self.subscription, name: "shop", endpoint: nil)),
      environment: variables.merging(environment) { $1 }, options: options)
  }
}
