import Foundation
import Glibc
import Testing

/// Programs of PyPI that tests start: servers and clients which nobody here wrote.
enum PythonLaboratory {
  static let moto = "moto[appmesh,cloudwatch,sts,server]==5.2.5"

  /// The folder of the commands of some packages, or `nil`, said loudly, where they cannot be had here.
  static func commands(_ package: String) async throws -> String? {
    let run = try await Tool(kubeconfig: nil).run(
      [Tool.root + "/Tests/Laboratory/pypi", package],
      more: ["HOME": ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory()])
    guard run.code != 77 else {
      print("SKIPPED: \(package) cannot be had here (\(run.errors)): nothing was tested against it")
      return nil
    }
    try #require(run.code == 0, "\(run.errors)")
    return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A program that listens on a port of this machine for as long as `body` runs.
  static func serving(
    _ program: String, _ arguments: [String], port: Int, _ body: () async throws -> Void
  ) async throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    try await PrometheusTests.until(30) { listens(on: port) }
    try await body()
  }

  private static func listens(on port: Int) -> Bool {
    let peer = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(peer) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(peer, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
