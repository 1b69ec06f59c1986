import Foundation
import MeshModel

/// A program started for a test: its output is read to the end, and it is stopped when it takes too long.
struct Invocation: Sendable {
  /// The exit code; 128 and the signal's number where a signal ended it.
  let code: Int32
  let output: String
  let error: String
  /// The folder of its journal.
  let state: String

  /// The entries of its journal.
  var journal: String { (try? String(contentsOfFile: state + "/meshdeck/journal.jsonl", encoding: .utf8)) ?? "" }

  /// Runs the built `meshdeck` with an environment of its own.
  static func meshdeck(
    _ arguments: [String], kubeconfig: String?, state: String? = nil, environment: [String: String] = [:],
    during: (@Sendable (Int32) async -> Void)? = nil, shell: String? = nil
  ) async throws -> Invocation {
    let folder = state ?? Laboratory.folder()
    var variables = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "XDG_STATE_HOME": folder, "LC_ALL": "C.UTF-8",
    ]
    variables["KUBECONFIG"] = kubeconfig
    variables.merge(environment) { _, new in new }
    let process = Process()
    process.executableURL = shell == nil ? Laboratory.program : URL(fileURLWithPath: "/bin/bash")
    process.arguments = shell.map { ["-c", $0, Laboratory.program.path] } ?? arguments
    process.environment = variables.filter { !$0.value.isEmpty }
    // Files, not pipes: nothing can fill up and block.
    let (out, err) = (folder + "/out-\(UUID())", folder + "/err-\(UUID())")
    for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: err)
    // Waited for without holding a thread of the pool: the mesh under test may run on the same two.
    let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in continuation.finish() }
    try process.run()
    let number = process.processIdentifier
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + 40)
    timer.setEventHandler { kill(number, SIGKILL) }
    timer.resume()
    await during?(number)
    for await _ in ended {}
    timer.cancel()
    func text(_ path: String) -> String {
      String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
    let code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    return Invocation(code: code, output: text(out), error: text(err), state: folder)
  }

  /// Whether a terminal would take any of it for a command.
  var holdsControlBytes: Bool {
    (output + error).unicodeScalars.contains { scalar in
      (scalar.value < 0x20 && scalar != "\n") || (0x7F...0x9F).contains(scalar.value)
        || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
  }
}

/// A program of the laboratory that serves until it is let go.
final class Laboratory: @unchecked Sendable {
  /// The line it printed when it was ready.
  let announced: JSONValue
  private let process: Process
  private let log: String

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The built program, beside the tests' own bundle.
  static let program: URL = {
    let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
    let beside = bundle?.deletingLastPathComponent().appendingPathComponent("meshdeck")
    if let beside, FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
    return root.appendingPathComponent(".build/debug/meshdeck")
  }()

  static func folder() -> String {
    let path = FileManager.default.temporaryDirectory.path + "/meshdeck-faults-\(UUID())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private init(_ executable: URL, _ arguments: [String], log: String) throws {
    process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    self.log = log
    self.input = input
    try process.run()
    var line: [UInt8] = []
    while line.last != 0x0A, let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
      line += byte
    }
    announced = try JSONValue(parsing: line)
  }
  private let input: Pipe

  deinit {
    try? input.fileHandleForWriting.close()
    process.terminate()
    process.waitUntilExit()
  }

  /// The embedded mesh.
  static func mesh() throws -> Laboratory {
    // It serves until it is stopped, so a shell stops it when the tests' end closes its standard input.
    let words = #""$0" demo --serve --scenario shop -o json </dev/null & trap "kill $!" EXIT TERM; cat >/dev/null"#
    return try Laboratory(URL(fileURLWithPath: "/bin/bash"), ["-c", words, program.path], log: "")
  }

  /// A server that misbehaves by rules, before the embedded mesh.
  static func faulty(_ rules: String, before mesh: Laboratory? = nil, _ more: [String] = []) throws -> Laboratory {
    let log = folder() + "/requests.jsonl"
    var arguments = ["--rules", rules, "--log", log] + more
    if let url = mesh?.announced["kubernetes"]?.string { arguments += ["--upstream", url] }
    return try Laboratory(root.appendingPathComponent("Tests/Laboratory/faulty-server"), arguments, log: log)
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

  /// Waits until a request that changes the mesh came in, 20 s at most.
  func awaitWrite() async {
    await Self.wait(20) { !self.writes.isEmpty }
  }

  /// Waits until something holds, some seconds at most.
  static func wait(_ seconds: Double, until holds: () async -> Bool) async {
    let end = Date(timeIntervalSinceNow: seconds)
    while await !holds(), Date() < end { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
