import FlyingFox
import FlyingSocks
import Foundation

/// TLS on a loopback port in front of a server that listens on a Unix socket and knows nothing of it.
struct TLSFront: Sendable {
  /// The certificate it shows.
  let certificate: ServerCertificate
  /// The port it listens on.
  let port: UInt16
  /// The Unix socket the server behind has to listen on, in a folder that only this user can enter.
  let path: String
  private let listener: Socket

  /// Takes the port and listens, so that nobody who is told of it is refused; ``run()`` serves.
  ///
  /// - Parameter port: The port on 127.0.0.1; a free one where 0.
  /// - Throws: The socket error where the port is taken, ``TLSError`` where no certificate could be made.
  init(port: UInt16) throws {
    certificate = try ServerCertificate()
    listener = try Socket(domain: AF_INET)
    try listener.setValue(true, for: .localAddressReuse)
    try listener.bind(to: sockaddr_in.inet(ip4: "127.0.0.1", port: port))
    guard case .ip4(_, let bound) = try listener.sockname() else { throw SocketError.unsupportedAddress }
    self.port = bound
    try listener.listen()
    var folder = Array((FileManager.default.temporaryDirectory.path + "/meshdeck-tls-XXXXXX").utf8CString)
    guard let made = mkdtemp(&folder) else { throw TLSError(description: String(cString: strerror(errno))) }
    path = String(cString: made) + "/api"
  }

  /// Serves until the task is cancelled.
  func run() async throws {
    defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
    let pool = PromptPool(inner: HTTPServer.defaultPool())
    try await pool.prepare()
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await pool.run() }
      let incoming = try AsyncSocket(socket: listener, pool: pool)
      defer { try? incoming.close() }
      for try await outside in incoming.sockets {
        group.addTask {
          // A connection that fails is that connection's end and nobody else's.
          try? await carry(outside, pool)
          try? outside.close()
        }
      }
    }
  }

  /// Carries one connection to its end.
  private func carry(_ outside: AsyncSocket, _ pool: some AsyncSocketPool) async throws {
    let session = SharedSession(try TLSSession(certificate))
    var isOver = false
    while !isOver {
      let bytes = try await outside.read(atMost: Self.chunk)
      let step = session.handshake(bytes)
      try await outside.send(step.answer)
      isOver = try step.isOver.get()
    }
    let inside = try await AsyncSocket.connected(to: .unix(path: path), pool: pool)
    defer { try? inside.close() }
    try await withThrowingTaskGroup { group in
      group.addTask { try await inward(outside, session, inside) }
      group.addTask { try await outward(inside, session, outside) }
      // Where one side has ended nothing is left to say.
      try await group.next()
      group.cancelAll()
    }
  }

  private func inward(_ outside: AsyncSocket, _ session: SharedSession, _ inside: AsyncSocket) async throws {
    // What came behind the last bytes of the handshake is waiting already.
    var bytes: [UInt8] = []
    while true {
      try await inside.send(try session.plaintext(after: bytes))
      bytes = try await outside.read(atMost: Self.chunk)
    }
  }

  private func outward(_ inside: AsyncSocket, _ session: SharedSession, _ outside: AsyncSocket) async throws {
    while let bytes = try? await inside.read(atMost: Self.chunk) {
      try await outside.send(try session.encrypted(bytes))
    }
    try await outside.send(session.goodbye())
  }

  private static let chunk = 64 << 10
}

extension AsyncSocket {
  /// Writes bytes where there are any.
  fileprivate func send(_ bytes: [UInt8]) async throws {
    if !bytes.isEmpty { try await write(Data(bytes)) }
  }
}
