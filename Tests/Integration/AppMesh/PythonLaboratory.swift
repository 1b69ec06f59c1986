import Foundation
import MeshModel
import Testing

/// Programs of PyPI that tests start: servers and clients which nobody here wrote.
enum PythonLaboratory {
  static let moto = "moto[appmesh,cloudwatch,sts,server]==5.2.5"

  /// The folder of the commands of a package, or `nil`, said loudly, where it cannot be had here.
  static func commands(_ package: String) async throws -> String? { try await commands([package]) }

  /// The folder of the commands of some packages, or `nil`, said loudly, where they cannot be had here.
  static func commands(_ packages: [String]) async throws -> String? {
    let run = try await Program(
      command: ["\(Program.root)/Tests/Laboratory/pypi"] + packages, environment: ProcessInfo.processInfo.environment
    ).run(in: Program.temporaryFolder(), limit: .seconds(900))
    guard run.code != 77 else {
      print("SKIPPED: nothing was tested against \(packages.joined(separator: ", ")): \(run.errors)")
      return nil
    }
    try #require(run.code == 0, "\(run.errors)")
    return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A program that listens on a port of this machine until the last reference to it goes.
  static func serving(_ command: [String], port: Int) async throws -> Server {
    let script = """
      port=$1; shift; "$@" >/dev/null 2>&1 </dev/null & server=$!; trap 'kill $server; wait $server' EXIT
      until (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do kill -0 $server || exit 1; sleep 0.1; done
      echo '{}'; cat >/dev/null
      """
    return try await Server.start(
      Program(
        command: ["/bin/bash", "-c", script, "server", "\(port)"] + command,
        environment: ProcessInfo.processInfo.environment))
  }
}
