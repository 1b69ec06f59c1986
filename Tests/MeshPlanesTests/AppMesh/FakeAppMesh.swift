import MeshModel
import MeshTransport
import Synchronization

@testable import MeshPlanes

/// App Mesh in memory, as its model has it (virtual services too, which moto lacks): lists in pages, versions, and what a
/// test puts in between.
final class FakeAppMesh: HTTPTransport {
  struct State {
    /// Specifications and versions by path without query.
    var resources: [String: (json: JSONValue, order: Int)] = [:]
    /// Answers given in place of the next ones.
    var refusals: [HTTPResponse] = []
    /// What happens before a PUT is stored, and after.
    var beforePut: (@Sendable (FakeAppMesh) -> Void)?
    var afterPut: (@Sendable (FakeAppMesh) -> Void)?
    /// The instances of Cloud Map by service, as it answers them; a service that is not there is not registered.
    var instances: [String: [JSONValue]] = [:]
    /// The answer to every question to Cloud Map in place of instances.
    var discovery: HTTPResponse?
    var requests: [HTTPRequest] = []
    var signings: [AWSSigning?] = []
    var pageSize = 100
  }

  private let state: Mutex<State>
  private let signing: AWSSigning?
  private let parent: FakeAppMesh?

  init() {
    state = Mutex(State())
    signing = nil
    parent = nil
  }

  /// The same server, over a connection that signs.
  private init(_ parent: FakeAppMesh, _ signing: AWSSigning?) {
    state = Mutex(State())
    self.signing = signing
    self.parent = parent
  }

  func connection(_ settings: ConnectionSettings) -> any HTTPTransport { FakeAppMesh(self, settings.awsSigning) }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
  var requests: [HTTPRequest] { state.withLock { $0.requests } }
  var signings: [AWSSigning?] { state.withLock { $0.signings } }

  /// Stores a resource as somebody else would, by path below the meshes, such as `shop/virtualNodes/web`.
  func store(_ path: String, _ spec: JSONValue) {
    let path = "/v20190125/meshes/" + path
    state.withLock { Self.store(&$0, path, spec) }
  }

  func spec(_ path: String) -> JSONValue? {
    state.withLock { $0.resources["/v20190125/meshes/" + path]?.json["spec"] }
  }

  private static func store(_ state: inout State, _ path: String, _ spec: JSONValue) {
    let parts = path.split(separator: "/").map(String.init)
    let old = state.resources[path]
    var json: JSONValue = ["meshName": .string(parts[2])]
    if parts.count > 5 { json[parts[3] + "Name"] = .string(parts[4]) }
    if parts.count > 3 { json[String(parts[parts.count - 2].dropLast()) + "Name"] = .string(parts[parts.count - 1]) }
    let version = (old?.json["metadata"]?["version"]?.int ?? 0) + 1
    json["metadata"] = [
      "arn": .string("arn:aws:appmesh:eu-west-1:123456789012:" + path), "createdAt": .double(1_750_000_000.5),
      "uid": .string("uid-" + path), "version": .int(version), "meshOwner": "123456789012",
    ]
    json["spec"] = spec
    json["status"] = ["status": "ACTIVE"]
    state.resources[path] = (json, old?.order ?? state.resources.count)
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    if let parent { return try parent.answer(request, signing) }
    return try answer(request, signing)
  }

  private func answer(_ request: HTTPRequest, _ signing: AWSSigning?) throws(TransportError) -> HTTPResponse {
    let refusal = state.withLock { state -> HTTPResponse? in
      state.requests.append(request)
      state.signings.append(signing)
      return state.refusals.isEmpty ? nil : state.refusals.removeFirst()
    }
    if let refusal { return refusal }
    if request.headers["X-Amz-Target"] == "Route53AutoNaming_v20170314.DiscoverInstances" {
      return discovered((try? JSONValue(parsing: request.body ?? [])) ?? .null)
    }
    let target = try TargetURL(parsing: request.url)
    var query: [String: String] = [:]
    for item in target.query?.split(separator: "&") ?? [] {
      let parts = item.split(separator: "=").map(String.init)
      query[parts[0]] = PercentCoding.decode(parts.count > 1 ? parts[1] : "")
    }
    switch request.method {
    case .put: return put(target.path, request.body ?? [])
    case .delete:
      state.withLock { $0.resources[target.path] = nil }
      return HTTPResponse(status: 200, body: Array("{}".utf8))
    default: return get(target.path, query)
    }
  }

  private func discovered(_ question: JSONValue) -> HTTPResponse {
    state.withLock { state in
      if let answer = state.discovery { return answer }
      guard let all = state.instances[question["ServiceName"]?.string ?? ""] else {
        return Self.refusal(400, "ServiceNotFound", "ServiceNotFound: it is not registered")
      }
      let wanted = question["QueryParameters"]?.object?.members ?? []
      let found = all.filter { instance in wanted.allSatisfy { instance["Attributes"]?[$0.name] == $0.value } }
      return HTTPResponse(status: 200, body: JSONWriter.bytes(["Instances": .array(found)]))
    }
  }

  private func put(_ path: String, _ body: [UInt8]) -> HTTPResponse {
    let hooks = state.withLock { state in
      defer { (state.beforePut, state.afterPut) = (nil, nil) }
      return (state.beforePut, state.afterPut)
    }
    hooks.0?(self)
    guard let json = try? JSONValue(parsing: body) else { return HTTPResponse(status: 400) }
    state.withLock { state in
      var path = path
      if state.resources[path] == nil, let name = json.object?.members.first(where: { $0.name.hasSuffix("Name") }) {
        path += "/" + (name.value.string ?? "")
      }
      Self.store(&state, path, json["spec"] ?? .null)
    }
    hooks.1?(self)
    return HTTPResponse(status: 200, body: Array("{}".utf8))
  }

  private func get(_ path: String, _ query: [String: String]) -> HTTPResponse {
    state.withLock { state in
      if let resource = state.resources[path] {
        return HTTPResponse(status: 200, body: JSONWriter.bytes(resource.json))
      }
      let last = path.split(separator: "/").last.map(String.init) ?? ""
      guard AppMeshKind.allCases.contains(where: { $0.collection == last }) else { return Self.notFound }
      // A mesh is there as soon as anything in it is.
      var entries: [JSONValue]
      if last == "meshes" {
        let names = Set(
          state.resources.keys.compactMap { $0.split(separator: "/").dropFirst(2).first.map(String.init) })
        entries = names.sorted().map { ["meshName": .string($0), "meshOwner": "123456789012", "version": 1] }
      } else {
        let found = state.resources.filter { key, _ in
          key.hasPrefix(path + "/") && !key.dropFirst(path.count + 1).contains("/")
        }
        entries = found.sorted { $0.value.order < $1.value.order }.map { entry in
          var json = entry.value.json
          for member in ["version", "arn", "createdAt", "meshOwner"] { json[member] = json["metadata"]?[member] }
          json["spec"] = nil
          json["metadata"] = nil
          return json
        }
      }
      let start = query["nextToken"].flatMap(Int.init) ?? 0
      let end = min(start + state.pageSize, entries.count)
      let hasMore = end < entries.count
      entries = start < end ? Array(entries[start..<end]) : []
      var page: JSONValue = [:]
      page[last] = .array(entries)
      page["nextToken"] = hasMore ? .string(String(end)) : .null
      return HTTPResponse(status: 200, body: JSONWriter.bytes(page))
    }
  }

  static let notFound = refusal(404, "NotFoundException", "there is none")

  static func refusal(_ status: Int, _ code: String, _ message: String, date: String? = nil) -> HTTPResponse {
    var headers: HTTPHeaders = ["x-amzn-ErrorType": code + ":http://internal.amazon.com/"]
    headers["Date"] = date
    let body: JSONValue = ["message": .string(message)]
    return HTTPResponse(status: status, headers: headers, body: JSONWriter.bytes(body))
  }

  /// The mesh most tests begin with.
  static func shop() -> FakeAppMesh {
    let mesh = FakeAppMesh()
    func targets(_ weights: [(String, Int)]) -> JSONValue {
      ["weightedTargets": .array(weights.map { ["virtualNode": .string($0.0), "weight": .int($0.1)] })]
    }
    mesh.store("shop", ["egressFilter": ["type": "DROP_ALL"]])
    mesh.store(
      "shop/virtualServices/reviews.shop.local",
      ["provider": ["virtualRouter": ["virtualRouterName": "reviews"]]])
    mesh.store("shop/virtualServices/web.shop.local", ["provider": ["virtualNode": ["virtualNodeName": "web"]]])
    mesh.store(
      "shop/virtualRouters/reviews", ["listeners": [["portMapping": ["port": 9080, "protocol": "http2"]]]])
    for (name, tls) in [("reviews-v1", Self.mutual), ("reviews-v2", Self.oneWay)] {
      mesh.store(
        "shop/virtualNodes/\(name)",
        ["listeners": [["portMapping": ["port": 9080, "protocol": "http2"], "tls": tls]]])
    }
    mesh.store(
      "shop/virtualNodes/web",
      [
        "listeners": [["portMapping": ["port": 80, "protocol": "http"]]],
        "backends": [["virtualService": ["virtualServiceName": "reviews.shop.local"]]],
        "backendDefaults": [
          "clientPolicy": [
            "tls": [
              "certificate": ["sds": ["secretName": "web"]],
              "validation": ["trust": ["file": ["certificateChain": "/ca.pem"]]],
            ]
          ]
        ],
      ])
    mesh.store(
      "shop/virtualRouter/reviews/routes/primary",
      ["httpRoute": ["match": ["prefix": "/"], "action": targets([("reviews-v1", 90), ("reviews-v2", 10)])]])
    return mesh
  }

  static let mutual: JSONValue = [
    "mode": "STRICT", "certificate": ["sds": ["secretName": "v1"]],
    "validation": [
      "trust": ["sds": ["secretName": "ca"]],
      "subjectAlternativeNames": ["match": ["exact": ["web.shop.local"]]],
    ],
  ]
  static let oneWay: JSONValue = ["mode": "STRICT", "certificate": ["acm": ["certificateArn": "arn:c"]]]

  /// A plane over this server with keys of the environment.
  func plane(
    environment: [String: String] = [:], writes: WritePolicy = .allowed, clock: any TransportClock = SystemClock()
  ) throws -> AppMeshPlane {
    var options = Session.Options()
    options.transport = { self.connection($0) }
    options.writes = writes
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 10_000, burst: 10_000)
    options.retry = RetryPolicy(first: .milliseconds(1), longest: .milliseconds(2))
    options.clock = clock
    let keys = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"]
    return try AppMeshPlane(
      name: "aws", settings: AppMeshPlane.Settings(), environment: keys.merging(environment) { $1 }, options: options)
  }
}
