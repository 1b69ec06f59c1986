import MeshModel
import Synchronization
import Testing

@testable import MeshEmulator

/// An App Mesh over an estate under a clock that tests move.
struct SimulatedAppMesh {
  let server: AppMeshServer
  private let time = Clock()

  final class Clock: Sendable {
    let now = Mutex(1_795_000_000.0)
  }

  init() throws {
    let platform = try #require(try Scenario.builtIn("hybrid").platforms.first { $0.kind == .appMesh })
    let time = time
    let estate = try Estate(platform.scenario, seed: 7) { time.now.withLock(\.self) }
    server = try AppMeshServer(platform, estate: estate)
  }

  var now: Double { time.now.withLock(\.self) }

  /// Lets time pass.
  func run(_ seconds: Double) {
    time.now.withLock { $0 += seconds }
    server.estate.simulation.advance(to: now)
  }

  static let signature =
    "AWS4-HMAC-SHA256 Credential=AKID/20261126/eu-west-1/appmesh/aws4_request, SignedHeaders=host;x-amz-date, "
    + "Signature=" + String(repeating: "0a", count: 32)

  func answer(
    _ method: String, _ path: String, _ body: JSONValue? = nil, query: [(name: String, value: String)] = [],
    signature: String? = signature, target: String? = nil
  ) async throws -> (status: Int, code: String?, json: JSONValue) {
    var request = PlainRequest(
      target: .server, method: method, path: path, query: query, body: body.map { JSONWriter.bytes($0) } ?? [])
    if let signature { request.headers.append(("Authorization", signature)) }
    if let target { request.headers.append(("X-Amz-Target", target)) }
    let answer = await server.answer(request)
    return (
      answer.status, answer.headers.first { $0.name == "x-amzn-ErrorType" }?.value,
      try JSONValue(parsing: answer.body)
    )
  }

  static func targets(_ weights: (String, Int)...) -> JSONValue {
    let list = weights.map { ["virtualNode": .string($0.0), "weight": .int($0.1)] as JSONValue }
    return ["httpRoute": ["match": ["prefix": "/"], "action": ["weightedTargets": .array(list)]]]
  }
}

@Suite struct AppMeshServerTests {
  static let meshes = "/v20190125/meshes"
  static let primary = meshes + "/store/virtualRouter/catalog/routes/primary"

  @Test func everyKindIsListedAndDescribed() async throws {
    let mesh = try SimulatedAppMesh()
    for (path, member, name) in [
      ("", "meshes", "mesh"), ("/store/virtualServices", "virtualServices", "virtualService"),
      ("/store/virtualRouters", "virtualRouters", "virtualRouter"),
      ("/store/virtualRouter/catalog/routes", "routes", "route"),
      ("/store/virtualNodes", "virtualNodes", "virtualNode"),
      ("/store/virtualGateways", "virtualGateways", "virtualGateway"),
      ("/store/virtualGateway/entrance/gatewayRoutes", "gatewayRoutes", "gatewayRoute"),
    ] {
      let (status, _, list) = try await mesh.answer("GET", Self.meshes + path)
      #expect(status == 200)
      let entry = try #require(list[member]?[0], "\(member)")
      #expect(entry["version"]?.int == 1)
      #expect(entry["spec"] == nil)
      let own = try #require(entry[name + "Name"]?.string)
      let (_, _, described) = try await mesh.answer("GET", Self.meshes + path + "/" + own)
      #expect(
        described["metadata"]?["arn"]?.string?.hasPrefix("arn:aws:appmesh:eu-west-1:123456789012:mesh/store") == true)
      #expect(described["status"]?["status"]?.string == "ACTIVE")
    }
  }

  @Test func listsComeInPages() async throws {
    let mesh = try SimulatedAppMesh()
    var names: [String] = []
    var token: String?
    repeat {
      let query = [("limit", "2")] + (token.map { [("nextToken", $0)] } ?? [])
      let (_, _, page) = try await mesh.answer("GET", Self.meshes + "/store/virtualNodes", query: query)
      names += (page["virtualNodes"]?.array ?? []).compactMap { $0["virtualNodeName"]?.string }
      token = page["nextToken"]?.string
    } while token != nil
    #expect(names.count > 2)
    #expect(names == Set(names).sorted())
    for query in [("limit", "0"), ("limit", "101"), ("nextToken", "x")] {
      let (status, code, _) = try await mesh.answer("GET", Self.meshes + "/store/virtualNodes", query: [query])
      #expect(status == 400 && code == "BadRequestException", "\(query)")
    }
  }

  static let refusals: [(String, String, JSONValue?, Int, String)] = [
    ("GET", meshes + "/none", nil, 404, "NotFoundException"),
    ("GET", meshes + "/none/virtualNodes", nil, 404, "NotFoundException"),
    ("PUT", primary + "-none", ["spec": SimulatedAppMesh.targets(("catalog-v1", 1))], 404, "NotFoundException"),
    (
      "PUT", primary, ["spec": SimulatedAppMesh.targets(("catalog-v1", 60), ("catalog-v2", 50))], 400,
      "BadRequestException"
    ),
    ("PUT", primary, ["spec": SimulatedAppMesh.targets(("catalog-v1", 0))], 400, "BadRequestException"),
    ("PUT", primary, ["spec": [:]], 400, "BadRequestException"),
    ("PUT", meshes, ["meshName": "store", "spec": [:]], 409, "ConflictException"),
    ("DELETE", meshes + "/store", nil, 409, "ResourceInUseException"),
    ("DELETE", meshes + "/store/virtualRouters/catalog", nil, 409, "ResourceInUseException"),
    ("GET", meshes + "/store/virtualRouters/catalog/routes", nil, 404, "UnknownOperationException"),
    ("GET", "/v20190125/tags", nil, 404, "NotFoundException"),
  ]

  @Test(arguments: refusals)
  func refusalsAreAppMeshsOwn(
    _ method: String, _ path: String, _ body: JSONValue?, _ status: Int, _ code: String
  ) async throws {
    let answer = try await SimulatedAppMesh().answer(method, path, body)
    #expect(answer.status == status)
    #expect(answer.code == code)
    #expect(answer.json["message"]?.string?.isEmpty == false)
  }

  static let signatures: [(String?, String)] = [
    (nil, "MissingAuthenticationTokenException"), ("Bearer x", "IncompleteSignatureException"),
    (SimulatedAppMesh.signature.replacing("appmesh", with: "s3"), "InvalidSignatureException"),
    (SimulatedAppMesh.signature + "0", "IncompleteSignatureException"),
    (SimulatedAppMesh.signature.replacing("host;", with: ""), "IncompleteSignatureException"),
  ]

  @Test(arguments: signatures)
  func aRequestWithoutASignatureIsRefused(_ signature: String?, _ code: String) async throws {
    let answer = try await SimulatedAppMesh().answer("GET", Self.meshes, signature: signature)
    #expect(answer.status == 403)
    #expect(answer.code == code)
  }

  @Test func anUpdateCountsTheVersionAndARepeatedOneDoesNot() async throws {
    let mesh = try SimulatedAppMesh()
    let body: JSONValue = [
      "clientToken": "one", "spec": SimulatedAppMesh.targets(("catalog-v1", 70), ("catalog-v2", 30)),
    ]
    let first = try await mesh.answer("PUT", Self.primary, body)
    let again = try await mesh.answer("PUT", Self.primary, body)
    #expect(first.json["metadata"]?["version"]?.int == 2)
    #expect(again.json["metadata"]?["version"]?.int == 2)
    #expect(first.json["metadata"]?["uid"] == again.json["metadata"]?["uid"])
    var other = body
    other["clientToken"] = "two"
    #expect(try await mesh.answer("PUT", Self.primary, other).json["metadata"]?["version"]?.int == 3)
  }

  @Test func tagsAreKept() async throws {
    let mesh = try SimulatedAppMesh()
    let arn = [("resourceArn", "arn:aws:appmesh:eu-west-1:123456789012:mesh/store")]
    _ = try await mesh.answer(
      "PUT", "/v20190125/tag", ["tags": [["key": "a", "value": "1"], ["key": "b", "value": "2"]]], query: arn)
    _ = try await mesh.answer("PUT", "/v20190125/untag", ["tagKeys": ["a"]], query: arn)
    let tags = try await mesh.answer("GET", "/v20190125/tags", query: arn).json["tags"]
    #expect(tags == [["key": "b", "value": "2"]])
  }

  /// The share of requests that a node gets of those for the catalog.
  static func share(_ mesh: SimulatedAppMesh, of node: String) -> Double {
    let flows = mesh.server.estate.state.flows.filter {
      $0.labels.contains("reporter=\"source\"") && $0.labels.contains("destination_service_name=\"catalog\"")
    }
    let own = flows.filter { $0.labels.contains("destination_workload=\"\(node)\"") }
    let all = flows.map(\.rate).reduce(0, +)
    return all > 0 ? own.map(\.rate).reduce(0, +) / all : 0
  }

  @Test func weightsMoveTraffic() async throws {
    let mesh = try SimulatedAppMesh()
    mesh.run(5)
    #expect(abs(Self.share(mesh, of: "catalog-v2") - 0.1) < 0.01)
    _ = try await mesh.answer(
      "PUT", Self.primary, ["spec": SimulatedAppMesh.targets(("catalog-v1", 25), ("catalog-v2", 25))])
    mesh.run(30)
    #expect(abs(Self.share(mesh, of: "catalog-v2") - 0.5) < 0.01)
    _ = try await mesh.answer("PUT", Self.primary, ["spec": SimulatedAppMesh.targets(("nowhere", 1))])
    mesh.run(30)
    #expect(Self.share(mesh, of: "catalog-v1") == 0)
  }

  @Test func cloudWatchTellsWhatWasCounted() async throws {
    let mesh = try SimulatedAppMesh()
    let signature = SimulatedAppMesh.signature.replacing("appmesh", with: "monitoring")
    func ask(_ action: String, _ body: JSONValue) async throws -> JSONValue {
      try await mesh.answer(
        "POST", "/", body, signature: signature, target: "GraniteServiceVersion20100801.\(action)"
      ).json
    }
    _ = try await ask("ListMetrics", [:])
    mesh.run(600)
    let listed = try await ask(
      "ListMetrics",
      ["Namespace": "appmesh/embedded", "MetricName": "envoy.appmesh.RequestCountPerTarget"])
    func dimension(_ metric: JSONValue, _ name: String) -> String? {
      metric["Dimensions"]?.array?.first { $0["Name"]?.string == name }?["Value"]?.string
    }
    let metric = try #require(
      listed["Metrics"]?.array?.first {
        dimension($0, "VirtualNode") == "web" && dimension($0, "TargetVirtualNode") == "catalog-v1"
      })
    #expect(dimension(metric, "TargetVirtualService") == "catalog.store.local")
    #expect(listed["Metrics"]?.array?.contains { dimension($0, "VirtualGateway") == "entrance" } == true)
    let end = (mesh.now / 60).rounded(.down) * 60
    let data = try await ask(
      "GetMetricData",
      [
        "StartTime": .double(end - 300), "EndTime": .double(end),
        "MetricDataQueries": .array(
          [("HTTPCode_Target_2XX_Count", "Sum"), ("TargetResponseTime", "p50")].enumerated().map { index, query in
            [
              "Id": .string("q\(index)"),
              "MetricStat": [
                "Metric": [
                  "Namespace": "appmesh/embedded", "MetricName": .string("envoy.appmesh." + query.0),
                  "Dimensions": metric["Dimensions"] ?? .null,
                ],
                "Period": 60, "Stat": .string(query.1),
              ],
            ]
          }),
      ])
    let counts = (data["MetricDataResults"]?[0]?["Values"]?.array ?? []).compactMap(\.double)
    #expect(counts.count == 5)
    // 40 requests a second come in, each asks the catalog once, nine in ten of this version.
    let rate = counts.reduce(0, +) / 300
    #expect((30...42).contains(rate), "\(rate)")
    let median = try #require(data["MetricDataResults"]?[1]?["Values"]?[0]?.double)
    #expect((1...100).contains(median), "\(median)")
  }
}
