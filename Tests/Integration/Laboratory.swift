import Foundation
import MeshModel

/// A run of the built `meshdeck` with an environment of its own.
struct Invocation: Sendable {
  let run: Program.Run
  /// The folder of its journal.
  let state: String

  var code: Int32 { run.code }
  var output: String { run.output }
  var error: String { run.errors }

  /// The entries of its journal.
  var journal: String { (try? String(contentsOfFile: state + "/meshdeck/journal.jsonl", encoding: .utf8)) ?? "" }

  /// Runs it, or a shell script that finds it as `$0`.
  static func meshdeck(
    _ arguments: [String], kubeconfig: String?, state: String? = nil, environment: [String: String] = [:],
    during: (@Sendable (Int32) async -> Void)? = nil, shell: String? = nil
  ) async throws -> Invocation {
    let folder = try state ?? Program.temporaryFolder()
    var variables = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "XDG_STATE_HOME": folder, "LC_ALL": "C.UTF-8",
    ]
    variables["KUBECONFIG"] = kubeconfig
    variables.merge(environment) { _, new in new }
    let command = shell.map { ["/bin/bash", "-c", $0, Program.meshdeck] } ?? [Program.meshdeck] + arguments
    let program = Program(command: command, environment: variables.filter { !$0.value.isEmpty })
    return Invocation(run: try await program.run(in: folder, limit: .seconds(240), during: during), state: folder)
  }

  /// Whether a terminal would take any of it for a command.
  var holdsControlBytes: Bool {
    (output + error).unicodeScalars.contains { scalar in
      (scalar.value < 0x20 && scalar != "\n") || (0x7F...0x9F).contains(scalar.value)
        || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
  }
}

/// The embedded mesh, or a server that misbehaves by rules, before which a fault is tried.
final class Laboratory: Sendable {
  let announced: JSONValue
  private let server: Server
  private let log: String

  private init(_ server: Server, log: String = "") {
    (self.server, self.log) = (server, log)
    announced = server.announced
  }

  /// The embedded mesh.
  static func mesh(_ scenario: String = "shop") async throws -> Laboratory {
    let command = [Program.meshdeck, "demo", "--serve", "--scenario", scenario, "-o", "json"]
    return Laboratory(
      try await Server.start(Server.untilEnd(command, environment: Tool(kubeconfig: nil).environment)))
  }

  /// A server that misbehaves by rules, before the embedded mesh.
  static func faulty(_ rules: String, before mesh: Laboratory? = nil, _ more: [String] = []) async throws -> Laboratory
  {
    let log = try Program.temporaryFolder() + "/requests.jsonl"
    var command = ["\(Program.root)/Tests/Laboratory/faulty-server", "--rules", rules, "--log", log] + more
    if let url = mesh?.announced["kubernetes"]?.string { command += ["--upstream", url] }
    let program = Program(command: command, environment: ProcessInfo.processInfo.environment)
    return Laboratory(try await Server.start(program), log: log)
  }

  var kubeconfig: String { announced["kubeconfig"]?.string ?? "" }

  /// The requests it got: method, target, and what was done to them.
  var requests: [(method: String, target: String, did: String)] {
    (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n").compactMap { line in
      guard let json = try? JSONValue(parsing: Array(line.utf8)) else { return nil }
      return (json["method"]?.string ?? "", json["target"]?.string ?? "", json["did"]?.string ?? "")
    } ?? []
  }

  /// The requests that would change the mesh: no reads, no questions, no dry runs.
  var writes: [String] {
    requests.filter {
      $0.method != "GET" && !$0.target.contains("selfsubject") && !$0.target.contains("dryRun=All")
    }.map(\.method)
  }

  /// Waits until a request that changes the mesh came in, a minute at most.
  func awaitWrite() async {
    await Self.wait(60) { !self.writes.isEmpty }
  }

  /// Waits until something holds, some seconds at most.
  static func wait(_ seconds: Double, until holds: () async -> Bool) async {
    let end = ContinuousClock.now + .seconds(seconds)
    while await !holds(), end > .now { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
