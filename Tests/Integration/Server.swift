import Foundation
import MeshModel
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// A program that serves until the last reference to it goes, or the process of the tests, from whose pipe it reads.
final class Server: Sendable {
  /// The line of JSON it printed when it was ready.
  let announced: JSONValue
  private let task: Task<Void, Never>

  private init(_ announced: JSONValue, _ task: Task<Void, Never>) {
    (self.announced, self.task) = (announced, task)
  }

  deinit { task.cancel() }

  /// Why a server did not come up.
  struct Failure: Error, CustomStringConvertible {
    var code: Int32?
    var errors: String
    var description: String { code.map { "it ended with \($0): \(errors)" } ?? "it was not ready in time: \(errors)" }
  }

  /// Starts a program that ends with its standard input, and waits for the line it prints when it is ready.
  static func start(_ program: Program, within limit: Duration = .seconds(180)) async throws -> Server {
    let folder = try Program.temporaryFolder()
    let (output, errors) = (folder + "/said", folder + "/errors")
    let lifeline = try FileDescriptor.pipe()
    for end in [lifeline.readEnd, lifeline.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    let (saying, complaining) = (try Program.writing(output), try Program.writing(errors))
    let ended = Ended()
    let task = Task {
      let result = try? await Subprocess.run(
        program.configuration(in: folder), input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: true),
        output: .fileDescriptor(saying, closeAfterSpawningProcess: true),
        error: .fileDescriptor(complaining, closeAfterSpawningProcess: true)
      ) { _ in }
      try? lifeline.writeEnd.close()
      ended.code.withLock { $0 = result.map { Program.code($0.terminationStatus) } ?? -1 }
    }
    let deadline = ContinuousClock.now.advanced(by: limit)
    while true {
      let code = ended.code.withLock(\.self)
      if let said = FileManager.default.contents(atPath: output), said.last == 0x0A {
        return Server(try JSONValue(parsing: Array(said)), task)
      }
      if code != nil || ContinuousClock.now > deadline {
        task.cancel()
        throw Failure(code: code, errors: (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private final class Ended: Sendable {
    let code = Mutex<Int32?>(nil)
  }

  /// A shell script whose standard input ends with the server: `"$@"` is the command that serves.
  static func untilEnd(_ command: [String], environment: [String: String]) -> Program {
    let script = #""$@" </dev/null & server=$!; cat >/dev/null; kill $server; wait $server"#
    return Program(command: ["/bin/bash", "-c", script, "server"] + command, environment: environment)
  }
}
