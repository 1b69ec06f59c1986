import MeshModel
import Synchronization
import Testing

@testable import MeshEmulator

/// A Service Fabric over an estate under a clock that tests move.
struct SimulatedServiceFabric {
  let server: ServiceFabricServer
  private let time = Clock()

  final class Clock: Sendable {
    let now = Mutex(1_795_000_000.0)
  }

  init() throws {
    let platform = try #require(try Scenario.builtIn("hybrid").platforms.first { $0.kind == .serviceFabric })
    let time = time
    let estate = try Estate(platform.scenario, seed: 7) { time.now.withLock(\.self) }
    server = try ServiceFabricServer(platform, estate: estate)
  }

  /// Lets time pass.
  func run(_ seconds: Double) {
    let now = time.now.withLock { now in
      now += seconds
      return now
    }
    server.estate.simulation.advance(to: now)
  }

  func answer(
    _ method: String, _ path: String, _ body: JSONValue? = nil, version: String = "6.4-preview", token: String? = nil
  ) async throws -> (status: Int, json: JSONValue, headers: [(name: String, value: String)]) {
    var request = PlainRequest(
      target: .server, method: method, path: path, query: [("api-version", version)],
      body: body.map { JSONWriter.bytes($0) } ?? [])
    if let token { request.headers.append(("Authorization", "Bearer \(token)")) }
    let answer = await server.answer(request)
    return (answer.status, answer.body.isEmpty ? .null : try JSONValue(parsing: answer.body), answer.headers)
  }

  static let group =
    "/subscriptions/\(ServiceFabricServer.subscription)/resourceGroups/embedded/providers/Microsoft.ServiceFabricMesh"

  /// The requests a second that a service gets from the gateway.
  func rate(of service: String) -> Double {
    server.estate.state.flows.filter {
      $0.labels.contains("reporter=\"source\"") && $0.labels.contains("destination_workload=\"\(service)\"")
    }.map(\.rate).reduce(0, +)
  }
}

@Suite struct ServiceFabricServerTests {
  @Test func bothBasePathsHoldTheSameResources() async throws {
    let fabric = try SimulatedServiceFabric()
    let own = try await fabric.answer("GET", "/Resources/Gateways/edge").json
    let azure = try await fabric.answer(
      "GET", SimulatedServiceFabric.group + "/gateways/edge", version: "2018-09-01-preview", token: "t")
    #expect(own["properties"]?["status"]?.string == "Ready")
    #expect(azure.json["properties"]?["http"] == own["properties"]?["http"])
    #expect(azure.json["properties"]?["provisioningState"]?.string == "Succeeded")
    #expect(azure.json["type"]?.string == "Microsoft.ServiceFabricMesh/gateways")
    let services = try await fabric.answer("GET", "/Resources/Applications/reports/Services").json
    #expect(services["Items"]?.array?.compactMap { $0["name"]?.string } == ["api", "api2", "render"])
    let replicas = try await fabric.answer("GET", "/Resources/Applications/reports/Services/api/Replicas").json
    #expect(replicas["Items"]?.array?.count == 2)
    #expect(
      replicas["Items"]?[0]?["codePackages"]?[0]?["instanceView"]?["currentState"]?["state"]?.string == "Running")
  }

  static let refusals: [(String, String, String?, Int, String)] = [
    ("/Resources/Gateways/none", "6.4-preview", nil, 404, "ResourceNotFound"),
    ("/Resources/Gateways/edge", "6.3", nil, 400, "InvalidApiVersionParameter"),
    ("/Resources/Volumes", "6.4-preview", nil, 404, "InvalidResourceType"),
    (SimulatedServiceFabric.group + "/gateways", "2018-09-01-preview", nil, 401, "AuthenticationFailed"),
    ("/subscriptions/none/resourceGroups/embedded/x/y", "2018-09-01-preview", "t", 404, "SubscriptionNotFound"),
    (
      SimulatedServiceFabric.group.replacing("embedded", with: "other") + "/gateways", "2018-09-01-preview", "t", 404,
      "ResourceGroupNotFound"
    ),
  ]

  @Test(arguments: refusals)
  func refusalsAreInTheWordsOfTheBasePath(
    _ path: String, _ version: String, _ token: String?, _ status: Int, _ code: String
  ) async throws {
    let answer = try await SimulatedServiceFabric().answer("GET", path, version: version, token: token)
    #expect(answer.status == status)
    #expect((answer.json["Error"]?["Code"] ?? answer.json["error"]?["code"])?.string == code)
  }

  static func edge(_ fabric: SimulatedServiceFabric, leadingTo service: String) async throws -> JSONValue {
    var json = try await fabric.answer("GET", "/Resources/Gateways/edge").json
    var routes: [JSONValue] = []
    for var route in json["properties"]?["http"]?[0]?["hosts"]?[0]?["routes"]?.array ?? [] {
      route["destination"]?["serviceName"] = .string(service)
      routes.append(route)
    }
    var host = json["properties"]?["http"]?[0]?["hosts"]?[0] ?? [:]
    host["routes"] = .array(routes)
    var listener = json["properties"]?["http"]?[0] ?? [:]
    listener["hosts"] = [host]
    json["properties"]?["http"] = [listener]
    return json
  }

  @Test func aGatewayLeadsWhereItIsWritten() async throws {
    let fabric = try SimulatedServiceFabric()
    fabric.run(5)
    #expect(fabric.rate(of: "api") > 10)
    #expect((1...5).contains(fabric.rate(of: "api2")))
    let wanted = try await Self.edge(fabric, leadingTo: "api2")
    #expect(try await fabric.answer("PUT", "/Resources/Gateways/edge", wanted).status == 200)
    fabric.run(30)
    #expect(fabric.rate(of: "api") == 0)
    #expect(fabric.rate(of: "api2") > 10)
  }

  @Test func aGatewayThatLeadsNowhereFailsAfterItsAnswer() async throws {
    let fabric = try SimulatedServiceFabric()
    let wanted = try await Self.edge(fabric, leadingTo: "nowhere")
    let path = SimulatedServiceFabric.group + "/gateways/edge"
    let written = try await fabric.answer("PUT", path, wanted, version: "2018-09-01-preview", token: "t")
    #expect(written.status == 200)
    let place = try #require(written.headers.first { $0.name == "Azure-AsyncOperation" }?.value)
    let operation = try await fabric.answer(
      "GET", String(place.prefix { $0 != "?" }), version: "2018-09-01-preview", token: "t")
    #expect(operation.json["status"]?.string == "Failed")
    #expect(operation.json["error"]?["message"]?.string == "service reports/nowhere does not exist")
  }
}
