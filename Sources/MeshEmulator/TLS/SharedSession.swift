import Synchronization

/// A TLS session that both directions of a connection use in turns.
///
/// After the handshake only the outward direction takes what is to be sent, so that records leave in order.
final class SharedSession: Sendable {
  private let session: Mutex<TLSSession>

  init(_ session: sending TLSSession) { self.session = Mutex(session) }

  /// Goes on with the handshake: what to send, also where it failed (an alert), and whether it is over.
  func handshake(_ bytes: [UInt8]) -> (answer: [UInt8], isOver: Result<Bool, any Error>) {
    session.withLock { session in
      let isOver = Result { () throws -> Bool in
        try session.receive(bytes)
        return try session.handshake()
      }
      return (session.outgoing(), isOver)
    }
  }

  /// What the peer said, all of it that is whole.
  func plaintext(after bytes: [UInt8]) throws -> [UInt8] {
    try session.withLock { session in
      try session.receive(bytes)
      var text: [UInt8] = []
      while let more = try session.plaintext() { text += more }
      return text
    }
  }

  /// The records for what is said to the peer.
  func encrypted(_ bytes: [UInt8]) throws -> [UInt8] {
    try session.withLock { session in
      try session.say(bytes)
      return session.outgoing()
    }
  }

  /// The last record.
  func goodbye() -> [UInt8] {
    session.withLock { session in
      session.close()
      return session.outgoing()
    }
  }
}
