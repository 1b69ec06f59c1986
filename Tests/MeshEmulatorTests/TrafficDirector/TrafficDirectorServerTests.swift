import MeshModel
import Synchronization
import Testing

@testable import MeshEmulator

/// The project of the hybrid scenario under a clock that tests move.
struct SimulatedProject {
  static let root = "/v1/projects/shop-prod/locations/global/"
  static let services = "/compute/v1/projects/shop-prod/global/backendServices"

  let server: TrafficDirectorServer
  private let time = Clock()

  final class Clock: Sendable {
    let now = Mutex(1_795_000_000.0)
  }

  init() throws {
    let platform = try #require(try Scenario.builtIn("hybrid").platforms.first { $0.kind == .trafficDirector })
    let time = time
    let estate = try Estate(platform.scenario, seed: 7) { time.now.withLock(\.self) }
    server = try TrafficDirectorServer(platform, estate: estate)
  }

  /// Lets time pass.
  func run(_ seconds: Double) {
    let now = time.now.withLock { now in
      now += seconds
      return now
    }
    server.estate.simulation.advance(to: now)
  }

  func ask(
    _ method: String, _ path: String, _ query: [(name: String, value: String)] = [], _ body: JSONValue? = nil
  ) async throws -> (status: Int, json: JSONValue) {
    let answer = await server.answer(
      PlainRequest(
        target: .server, method: method, path: path, query: query, body: body.map { JSONWriter.bytes($0) } ?? []))
    return (answer.status, try JSONValue(parsing: answer.body))
  }

  func get(_ path: String) async throws -> JSONValue { try await ask("GET", Self.root + path).json }

  /// The weights of the reviews route's last rule.
  func weights() async throws -> [Int?] {
    try await get("httpRoutes/reviews")["rules"]?[1]?["action"]?["destinations"]?.array?.map { $0["weight"]?.int } ?? []
  }

  /// The rules of the reviews route with other weights.
  func rules(_ weights: [Int]) async throws -> JSONValue {
    let route = try await get("httpRoutes/reviews")
    var destinations = route["rules"]?[1]?["action"]?["destinations"]?.array ?? []
    for index in destinations.indices { destinations[index]["weight"] = .int(weights[index]) }
    var action = route["rules"]?[1]?["action"] ?? [:]
    action["destinations"] = .array(destinations)
    return [route["rules"]?[0] ?? [:], ["action": action]]
  }
}

@Suite struct TrafficDirectorServerTests {
  @Test func aPatchWritesWhatItsMaskNamesAndIsAnOperation() async throws {
    let project = try SimulatedProject()
    let before = try await project.get("httpRoutes/reviews")
    let begun = try await project.ask(
      "PATCH", SimulatedProject.root + "httpRoutes/reviews", [("updateMask", "rules")],
      ["rules": try await project.rules([70, 30]), "hostnames": ["ignored"]])
    #expect(begun.status == 200 && begun.json["done"] == false)
    let name = try #require(begun.json["name"]?.string)
    project.run(1)
    let ended = try await project.ask("GET", "/v1/" + name)
    #expect(ended.json["done"] == true)
    #expect(ended.json["response"]?["@type"]?.string == "type.googleapis.com/google.cloud.networkservices.v1.HttpRoute")
    let after = try await project.get("httpRoutes/reviews")
    #expect(try await project.weights() == [70, 30])
    #expect(after["hostnames"] == before["hostnames"])
    #expect(after["createTime"] == before["createTime"] && after["updateTime"] != before["updateTime"])
  }

  @Test func anEditHasItsConsequence() async throws {
    let project = try SimulatedProject()
    func requests(_ service: String) throws -> Int {
      let text = String(decoding: try #require(project.server.exposition()), as: UTF8.self)
      return text.split(separator: "\n").filter {
        $0.hasPrefix("envoy_cluster_upstream_rq{") && $0.contains("/backendServices/\(service)\"")
      }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
    project.run(60)
    let first = (try requests("reviews-v1"), try requests("reviews-v2"))
    #expect(first.0 > first.1 * 5 && first.1 > 0)
    _ = try await project.ask(
      "PATCH", SimulatedProject.root + "httpRoutes/reviews", [("updateMask", "rules")],
      ["rules": try await project.rules([0, 100])])
    // A weight of 0 is not written: proto3.
    #expect(try await project.weights() == [nil, 100])
    project.run(30)
    let then = try requests("reviews-v1")
    project.run(60)
    #expect(try requests("reviews-v1") == then)
    #expect(try requests("reviews-v2") > first.1 + 1000)
  }

  static let refused: [(String, [(name: String, value: String)], JSONValue, Int, String)] = [
    ("httpRoutes/none", [], ["rules": []], 404, "NOT_FOUND"),
    ("httpRoutes/reviews", [(name: "updateMask", value: "weights")], ["weights": []], 400, "INVALID_ARGUMENT"),
    ("httpRoutes/reviews", [(name: "updateMask", value: "rules")], ["rules": []], 400, "INVALID_ARGUMENT"),
    (
      "httpRoutes/reviews", [(name: "updateMask", value: "rules")],
      ["rules": [["action": ["destinations": [["serviceName": "p/backendServices/search", "weight": -1]]]]]], 400,
      "INVALID_ARGUMENT"
    ),
    (
      "grpcRoutes/cart", [(name: "updateMask", value: "rules")],
      [
        "rules": [
          [
            "action": [
              "destinations": [
                ["serviceName": "p/backendServices/cart", "weight": 1], ["serviceName": "p/backendServices/search"],
              ]
            ]
          ]
        ]
      ], 400, "INVALID_ARGUMENT"
    ),
  ]

  @Test(arguments: refused) func nonsenseIsRefusedInGooglesWords(
    _ path: String, _ query: [(name: String, value: String)], _ body: JSONValue, _ status: Int, _ code: String
  ) async throws {
    let project = try SimulatedProject()
    let answer = try await project.ask("PATCH", SimulatedProject.root + path, query, body)
    #expect(answer.status == status)
    #expect(answer.json["error"]?["status"]?.string == code)
    #expect(try await project.weights() == [90, 10])
  }

  @Test func whatIsFoundWrongLaterEndsTheOperation() async throws {
    let project = try SimulatedProject()
    let begun = try await project.ask(
      "POST", SimulatedProject.root + "httpRoutes", [("httpRouteId", "new")],
      [
        "hostnames": ["new"],
        "rules": [["action": ["destinations": [["serviceName": "p/backendServices/none"]]]]],
      ])
    #expect(begun.status == 200)
    project.run(1)
    let ended = try await project.ask("GET", "/v1/" + (begun.json["name"]?.string ?? ""))
    #expect(ended.json["error"]?["code"]?.int == 3)
    #expect(try await project.ask("GET", SimulatedProject.root + "httpRoutes/new").status == 404)
  }

  @Test func aBackendServiceIsWrittenWithItsFingerprintAlone() async throws {
    let project = try SimulatedProject()
    let path = SimulatedProject.services + "/reviews-v1"
    let service = try await project.ask("GET", path).json
    let fingerprint = try #require(service["fingerprint"])
    #expect(try await project.ask("PATCH", path, [], ["timeoutSec": 5]).status == 400)
    let stale = try await project.ask("PATCH", path, [], ["timeoutSec": 5, "fingerprint": "AAAAAAAAAAA="])
    #expect(stale.status == 412 && stale.json["error"]?["errors"]?[0]?["reason"] == "conditionNotMet")
    #expect(try await project.ask("PATCH", path, [], ["timeoutSec": 5, "fingerprint": fingerprint]).status == 200)
    let after = try await project.ask("GET", path).json
    #expect(after["timeoutSec"]?.int == 5 && after["fingerprint"] != fingerprint && after["protocol"] == "HTTP")
    #expect(
      try await project.ask("DELETE", path).json["error"]?["errors"]?[0]?["reason"] == "resourceInUseByAnotherResource")
  }

  @Test func listsHavePagesAndGroupsHaveTheirInstances() async throws {
    let project = try SimulatedProject()
    let first = try await project.ask("GET", SimulatedProject.services, [("maxResults", "2")]).json
    #expect(first["items"]?.array?.count == 2)
    let token = try #require(first["nextPageToken"]?.string)
    let rest = try await project.ask("GET", SimulatedProject.services, [("pageToken", token)]).json
    #expect(rest["items"]?.array?.count == 3 && rest["nextPageToken"] == nil)
    let groups = [
      "networkEndpointGroups/reviews-v1": 2, "networkEndpointGroups/reviews-v2": 1, "instanceGroups/search-v1": 2,
    ]
    for (group, count) in groups {
      let health = try await project.ask(
        "POST", SimulatedProject.services + "/search/getHealth", [], ["group": .string("zones/z/" + group)]
      ).json
      #expect(health["healthStatus"]?.array?.count == count, "\(group)")
      #expect(health["healthStatus"]?[0]?["healthState"] == "HEALTHY")
    }
    let mine = try await project.ask("GET", "/v1/projects/1234567890/locations/-/meshes").json
    #expect(mine["meshes"]?.array?.count == 1)
    #expect(try await project.ask("GET", "/v1/projects/other/locations/global/meshes").status == 403)
  }

  @Test func aServersPolicyIsWhatProxiesAccept() async throws {
    let project = try SimulatedProject()
    func modes() -> [String?] {
      project.server.estate.store.list(ResourceID("peerauthentications", group: "security.istio.io"))
        .map { $0.json["spec"]?["mtls"]?["mode"]?.string }
    }
    #expect(modes() == ["PERMISSIVE"])
    _ = try await project.ask(
      "PATCH", SimulatedProject.root + "serverTlsPolicies/mesh", [("updateMask", "allowOpen")], [:])
    #expect(modes() == ["STRICT"])
    _ = try await project.ask("DELETE", SimulatedProject.root + "endpointPolicies/every-sidecar")
    #expect(modes() == ["DISABLE"])
  }
}
