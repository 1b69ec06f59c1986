import Foundation
import MeshTransport
import Testing

/// A gRPC server by the library of Python, on loopback.
struct GRPCServer {
  static let package = "grpcio==1.85.1"
  let port: Int
  let server: Server
  /// The folder of `ca.pem`, `client.pem` and `client.key`, where it speaks TLS.
  let folder: String?

  /// Starts it; `nil`, said loudly, where it cannot be had.
  static func start(tls: Bool = false) async throws -> GRPCServer? {
    guard let commands = try await PythonLaboratory.commands(package) else { return nil }
    let port = MetricsServer.freePort()
    let folder = tls ? try await certificates() : nil
    var command = [commands + "/python", "\(Program.root)/Tests/Laboratory/grpc-server", "\(port)"]
    if let folder { command += ["server.pem", "server.key", "ca.pem"].map { "\(folder)/\($0)" } }
    return GRPCServer(port: port, server: try await PythonLaboratory.serving(command, port: port), folder: folder)
  }

  /// A folder with an authority, and certificates of a server on loopback and of a client.
  static func certificates() async throws -> String {
    let folder = try Program.temporaryFolder()
    let script = """
      make="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
      $make -keyout ca.key -out ca.pem -subj /CN=lab-authority -addext basicConstraints=critical,CA:TRUE
      for who in server client; do
        $make -keyout $who.key -out $who.pem -subj /CN=$who -CA ca.pem -CAkey ca.key \\
          -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE
      done
      """
    let run = try await Program(
      command: ["/bin/bash", "-ec", script], environment: ProcessInfo.processInfo.environment
    ).run(in: folder)
    try #require(run.code == 0, "\(run.errors)")
    return folder
  }

  /// What reaches it, with a client's certificate where it asks for one.
  func client(
    withCertificate: Bool = true, change: (inout Session.Options) -> Void = { _ in }
  ) throws -> GRPCClient {
    var options = Session.Options()
    options.settings.proxy = .none
    if let folder {
      func file(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))) }
      options.settings.tls.authorities = try file("ca.pem")
      if withCertificate {
        options.settings.tls.identity = ClientIdentity(
          certificate: try file("client.pem"), key: Secret(bytes: try file("client.key")))
      }
    }
    change(&options)
    return GRPCClient(try Session(base: "\(folder == nil ? "http" : "https")://127.0.0.1:\(port)", options: options))
  }
}
