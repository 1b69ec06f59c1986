import Foundation
import MeshModel
import Testing

/// The built program, run as a process with a home of its own.
struct Tool: Sendable {
  /// The folder of configuration, state and temporary files.
  let home: String
  let kubeconfig: String?

  /// A home of its own; it goes with the process of the tests.
  init(kubeconfig: String?) throws {
    home = try Program.temporaryFolder()
    self.kubeconfig = kubeconfig
  }

  var environment: [String: String] {
    var variables = [
      "HOME": home, "XDG_CONFIG_HOME": home + "/config", "XDG_STATE_HOME": home + "/state", "TMPDIR": home,
      "LC_ALL": "C.UTF-8",
      "TERM": "xterm", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
    ]
    variables["KUBECONFIG"] = kubeconfig ?? home + "/none"
    return variables
  }

  /// Runs the program.
  func callAsFunction(
    _ arguments: String..., input: String = "", more: [String: String] = [:]
  ) async throws -> Program.Run {
    try await run([Program.meshdeck] + arguments, input: input, more: more)
  }

  /// Runs a script in which `$deck` is the program.
  func shell(_ script: String, more: [String: String] = [:]) async throws -> Program.Run {
    try await run(["/bin/bash", "-c", script], more: more.merging(["deck": Program.meshdeck]) { $1 })
  }

  func run(
    _ command: [String], input: String = "", more: [String: String] = [:], limit: Duration = .seconds(180)
  ) async throws -> Program.Run {
    try await Program(command: command, environment: environment.merging(more) { $1 })
      .run(in: home, input: input, limit: limit)
  }

  /// Writes a file in the home and gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    let path = home + "/" + name
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }
}
