import Foundation
import MeshModel
import Testing

/// `meshdeck demo --serve` as a process of its own, started once for all tests that share it.
///
/// The process reads from a pipe of ours and ends with it: however the tests end, no server is left behind.
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

  private var start: Task<Endpoints, any Error>?
  private var process: Process?
  private var lifeline: Pipe?

  /// The server, started on first use.
  func endpoints() async throws -> Endpoints {
    if let start { return try await start.value }
    let lifeline = Pipe()
    let process = Process()
    self.lifeline = lifeline
    self.process = process
    let task = Task { try await Self.launch(process, lifeline) }
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

  private static func launch(_ process: Process, _ lifeline: Pipe) async throws -> Endpoints {
    let tool = try Tool(kubeconfig: nil)
    let output = tool.home + "/served"
    try Data().write(to: URL(filePath: output))
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", #""$1" demo --serve -o json & server=$!; cat; kill $server; wait"#, "sh", Tool.path]
    process.environment = tool.environment
    process.standardInput = lifeline
    process.standardOutput = FileHandle(forWritingAtPath: output)
    try process.run()
    let deadline = ContinuousClock.now.advanced(by: .seconds(30))
    while true {
      if let data = FileManager.default.contents(atPath: output), data.last == 0x0A {
        let json = try JSONValue(parsing: Array(data))
        return Endpoints(
          kubeconfig: try #require(json["kubeconfig"]?.string), kubernetes: try #require(json["kubernetes"]?.string),
          metrics: try #require(json["metrics"]?.string), planes: try #require(json["planes"]))
      }
      try #require(ContinuousClock.now < deadline, "the demo did not say where it is served within 30 s")
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
