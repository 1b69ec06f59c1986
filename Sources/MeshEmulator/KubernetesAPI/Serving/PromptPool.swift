import FlyingSocks
import Foundation

/// A pool whose connections send what is written at once.
///
/// The server writes the head and the body of an answer apart. Without `TCP_NODELAY` the body waits until the head has been
/// acknowledged, which a client puts off for 40 ms (tcp(7)); with it on the socket that listens, every accepted one has it.
struct PromptPool<Inner: AsyncSocketPool>: AsyncSocketPool {
  let inner: Inner

  func prepare() async throws { try await inner.prepare() }

  func run() async throws { try await inner.run() }

  func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    // A local socket has no such option and needs none.
    try? socket.setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
    try await inner.suspendSocket(socket, untilReadyFor: events)
  }
}
