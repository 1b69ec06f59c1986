import Foundation
import MeshModel
import Subprocess
import SystemPackage
import Testing

/// A program that a test starts.
///
/// What it reads and prints goes through files, so that nothing fills up and blocks; waiting for it holds no thread of
/// the pool, on which the mesh under test may be running.
struct Program: Sendable {
  /// Its path and its arguments.
  var command: [String]
  var environment: [String: String]

  /// What a run came to.
  struct Run: Sendable {
    /// The exit code; 128 and the signal's number where a signal ended it.
    var code: Int32
    var output: String
    var errors: String
    var json: JSONValue { get throws { try JSONValue(parsing: output) } }
  }

  /// Runs it to its end, which comes by force when the limit has passed.
  func run(
    in folder: String, input: String = "", limit: Duration = .seconds(180),
    during: (@Sendable (Int32) async -> Void)? = nil
  ) async throws -> Run {
    let exchange = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: exchange) }
    try Data(input.utf8).write(to: URL(filePath: exchange + "/in"))
    let reading = try FileDescriptor.open(exchange + "/in", .readOnly, options: .closeOnExec)
    var alarm: Task<Void, any Error>?
    defer { alarm?.cancel() }
    let status = try await Subprocess.run(
      configuration(in: folder), input: .fileDescriptor(reading, closeAfterSpawningProcess: true),
      output: .fileDescriptor(Self.writing(exchange + "/out"), closeAfterSpawningProcess: true),
      error: .fileDescriptor(Self.writing(exchange + "/err"), closeAfterSpawningProcess: true)
    ) { execution in
      let number = execution.processIdentifier.value
      alarm = Task {
        try await Task.sleep(for: limit)
        kill(-number, SIGKILL)
      }
      await during?(number)
    }.terminationStatus
    let text = { String(decoding: FileManager.default.contents(atPath: exchange + "/" + $0) ?? Data(), as: UTF8.self) }
    return Run(code: Self.code(status), output: text("out"), errors: text("err"))
  }

  func configuration(in folder: String) -> Configuration {
    var pairs: [Environment.Key: String] = [:]
    for (name, value) in environment { if let key = Environment.Key(rawValue: name) { pairs[key] = value } }
    var options = PlatformOptions()
    // A group of its own, so that all of what it started can be stopped.
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2)),
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100)),
    ]
    return Configuration(
      executable: command[0].contains("/") ? .path(FilePath(command[0])) : .name(command[0]),
      arguments: Arguments(Array(command.dropFirst())),
      environment: .custom(pairs), workingDirectory: FilePath(folder), platformOptions: options)
  }

  static func writing(_ path: String) throws -> FileDescriptor {
    try FileDescriptor.open(
      path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
  }

  static func code(_ status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let number): 128 + number
    }
  }

  /// The root of the repository.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The `meshdeck` that `MESHDECK_PROGRAM` names, or else the one built beside the tests.
  ///
  /// `make test` names the release build: it is what people run, and the optimiser has faults of its own.
  static let meshdeck: String = {
    if let path = ProcessInfo.processInfo.environment["MESHDECK_PROGRAM"] { return path }
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
}
