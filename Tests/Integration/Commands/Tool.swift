import Foundation
import Glibc
import MeshModel
import Testing

/// The built program, run as a process with a home of its own.
struct Tool: Sendable {
  /// What a run came to.
  struct Run: Sendable {
    var code: Int32
    var output: String
    var errors: String
    var json: JSONValue { get throws { try JSONValue(parsing: output) } }
  }

  /// The folder of configuration, state and temporary files.
  let home: String
  let kubeconfig: String?

  /// A home of its own; it goes with the process of the tests.
  init(kubeconfig: String?) throws {
    home = try Self.temporaryFolder()
    self.kubeconfig = kubeconfig
  }

  /// The root of the repository.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The program beside the tests.
  static let path: String = {
    let beside = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map {
      ($0 as NSString).deletingLastPathComponent + "/meshdeck"
    }
    let candidates = [beside, root + "/.build/debug/meshdeck"].compactMap(\.self)
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
  }()

  static func temporaryFolder() throws -> String {
    var template = Array((FileManager.default.temporaryDirectory.path + "/meshdeck-test-XXXXXX").utf8CString)
    return try #require(mkdtemp(&template).map { String(cString: $0) })
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

  /// Runs the program; no run lasts longer than a minute.
  func callAsFunction(_ arguments: String..., input: String? = nil, more: [String: String] = [:]) async throws -> Run {
    try await run(["timeout", "60", Self.path] + arguments, input: input, more: more)
  }

  /// Runs a script in which `$deck` is the program.
  func shell(_ script: String, more: [String: String] = [:]) async throws -> Run {
    try await run(["timeout", "60", "bash", "-c", script], more: more.merging(["deck": Self.path]) { $1 })
  }

  func run(_ command: [String], input: String? = nil, more: [String: String] = [:]) async throws -> Run {
    let folder = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.environment = environment.merging(more) { $1 }
    process.currentDirectoryURL = URL(filePath: home)
    for name in ["in", "out", "err"] {
      try Data((name == "in" ? input ?? "" : "").utf8).write(to: URL(filePath: folder + "/" + name))
    }
    process.standardInput = FileHandle(forReadingAtPath: folder + "/in")
    process.standardOutput = FileHandle(forWritingAtPath: folder + "/out")
    process.standardError = FileHandle(forWritingAtPath: folder + "/err")
    let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      continuation.yield(process.terminationStatus)
      continuation.finish()
    }
    try process.run()
    var code: Int32 = -1
    for await status in ended { code = status }
    let text = { (name: String) in
      String(decoding: FileManager.default.contents(atPath: folder + "/" + name) ?? Data(), as: UTF8.self)
    }
    return Run(code: code, output: text("out"), errors: text("err"))
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
