import Foundation
import MeshModel
import Testing

/// `meshdeck demo --serve` as a process of its own, started once for all tests that share it.
///
/// It ends with the process of the tests: however they end, no server is left behind.
actor DemoServer {
  /// Where a server is reached.
  struct Endpoints: Sendable {
    var kubeconfig: String
    var kubernetes: String
    var metrics: String
    var planes: JSONValue
  }

  /// For tests that only read.
  static let reading = DemoServer()
  /// For tests that write; they run one after another.
  static let writing = DemoServer()
  /// For what the Kubernetes client relies on.
  static let contract = DemoServer()
  /// For the test that measures.
  static let measured = DemoServer()
  /// The scenario with every configuration API.
  static let dialects = DemoServer(scenario: "dialects")
  /// The scenario with every platform.
  static let hybrid = DemoServer(scenario: "hybrid")
  /// The API over https.
  static let secured = DemoServer(scenario: "small", options: ["--tls"])

  /// The scenario of Istio 1.1, Mixer and MOSN.
  static let sofa = DemoServer(scenario: "sofa")

  private let scenario: String?
  private let options: [String]

  init(scenario: String? = nil, options: [String] = []) {
    self.scenario = scenario
    self.options = options
  }

  private var start: Task<Endpoints, any Error>?
  private var server: Server?

  /// The server, started on first use.
  func endpoints() async throws -> Endpoints {
    if let start { return try await start.value }
    let task = Task { try await launch() }
    start = task
    return try await task.value
  }

  /// A tool with a home of its own that knows the server by its kubeconfig alone, or with its metrics too.
  func tool(measured: Bool = false) async throws -> Tool {
    let endpoints = try await endpoints()
    let tool = try Tool(kubeconfig: endpoints.kubeconfig)
    if measured {
      _ = try tool.file("config/meshdeck/config.yaml", JSONWriter.text(["planes": endpoints.planes]))
    } else {
      _ = try tool.file(
        "config/meshdeck/config.yaml", "planes: [{name: demo, kind: kubernetes, kubeconfig: \(endpoints.kubeconfig)}]\n"
      )
    }
    return tool
  }

  private func launch() async throws -> Endpoints {
    let server = try await Server.start(
      Server.untilEnd(
        [Program.meshdeck, "demo", "--serve", "-o", "json"] + (scenario.map { ["--scenario", $0] } ?? []) + options,
        environment: Tool(kubeconfig: nil).environment))
    self.server = server
    let json = server.announced
    return Endpoints(
      kubeconfig: try #require(json["kubeconfig"]?.string), kubernetes: try #require(json["kubernetes"]?.string),
      metrics: try #require(json["metrics"]?.string), planes: try #require(json["planes"]))
  }
}
