import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

/// A Kubernetes API on a loopback port, in front of an ``ObjectStore``.
///
/// It is a faithful subset: discovery, lists in pages, watches, every kind of write, dry runs, field validation, tables,
/// access reviews and the pod proxy, so that `kubectl` works with it unchanged. Without TLS clients leave out credentials
/// (kubectl does); `anonymous` says who such a request is.
public struct KubernetesAPIServer: Sendable {
  /// The objects it serves.
  public let store: ObjectStore
  /// The misbehaviour ordered from it.
  public let faults: Faults
  let users: [APIUser]
  let anonymous: APIUser
  let behind: PlainHandler
  private let server: HTTPServer
  private let front: TLSFront?

  /// Creates a server; ``run()`` starts it.
  ///
  /// - Parameters:
  ///   - users: Who is known by a bearer token, and by impersonation.
  ///   - anonymous: Who a request without credentials is; somebody without any rights where `nil`.
  ///   - port: The port on 127.0.0.1; a free one where 0.
  ///   - isSecured: Whether it speaks TLS, with a certificate of its own.
  ///   - behind: Answers what the pod and service proxies pass on, and paths the API does not have.
  public init(
    store: ObjectStore, users: [APIUser] = [.admin, .viewer, .stranger], anonymous: APIUser? = .admin,
    port: UInt16 = 0, isSecured: Bool = false, faults: Faults = Faults(),
    behind: @escaping PlainHandler = { _ in nil }
  ) throws {
    self.store = store
    self.users = users
    self.anonymous = anonymous ?? .anonymous
    self.faults = faults
    self.behind = behind
    let entry = Entry()
    front = isSecured ? try TLSFront(port: port) : nil
    let address: any SocketAddress =
      if let front { sockaddr_un.unix(path: front.path) } else { try sockaddr_in.inet(ip4: "127.0.0.1", port: port) }
    server = HTTPServer(
      config: .init(
        address: address, timeout: 120, sharedRequestBufferSize: 4 << 20, sharedRequestReplaySize: 8 << 20,
        pool: PromptPool(inner: HTTPServer.defaultPool()), logger: .disabled),
      handler: DatedAnswers(inner: entry))
    entry.serve.withLock { $0 = { [self] request in await self.response(to: request) } }
  }

  /// Serves until the task is cancelled or ``stop()`` is called.
  ///
  /// - Throws: The socket error where the port cannot be listened on.
  public func run() async throws {
    do {
      if let front {
        async let outer: Void = front.run()
        async let inner: Void = server.run()
        _ = try await (inner, outer)
      } else {
        try await server.run()
      }
    } catch {
      if Task.isCancelled { return }
      if case SocketError.disconnected = error { return }
      throw error
    }
  }

  /// Stops serving and closes every connection.
  public func stop() async { await server.stop(timeout: 0) }

  /// The port it listens on, once it does.
  ///
  /// - Throws: A timeout where ``run()`` was not called within thirty seconds.
  public var port: UInt16 {
    get async throws {
      try await server.waitUntilListening(timeout: 30)
      if let front { return front.port }
      guard case .ip4(_, let port)? = await server.listeningAddress else { return 0 }
      return port
    }
  }

  /// The address it listens at, such as `http://127.0.0.1:40123`.
  public var address: String {
    get async throws { "\(front == nil ? "http" : "https")://127.0.0.1:\(try await port)" }
  }

  /// The certificate a client has to trust, in PEM; `nil` without TLS.
  public var certificate: String? { front?.certificate.pem }
}
