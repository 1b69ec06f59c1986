/// How long each phase of a request may take; a phase that takes longer fails with `timedOut` naming it.
public struct Deadlines: Sendable, Hashable {
  /// From the start of name resolution to a TCP connection.
  public var connect: Duration
  /// From TCP connection to the end of the TLS handshake, a proxy's tunnel included.
  public var tls: Duration
  /// From sending the request to the first byte of the answer.
  public var firstByte: Duration
  /// Between two pieces of the answer; nil where silence is normal. Time the reader takes does not count.
  public var idle: Duration?
  /// From handing over to the last byte, waiting for a free connection included; nil for no end.
  public var total: Duration?

  /// Limits of each phase.
  public init(
    connect: Duration = .seconds(5), tls: Duration = .seconds(5), firstByte: Duration = .seconds(15),
    idle: Duration? = .seconds(15), total: Duration? = .seconds(60)
  ) {
    self.connect = connect
    self.tls = tls
    self.firstByte = firstByte
    self.idle = idle
    self.total = total
  }

  /// A read: 60 s in all.
  public static let read = Deadlines()
  /// A write: 30 s in all.
  public static let write = Deadlines(total: .seconds(30))
  /// A stream that ends when its server likes but is never silent for 15 s.
  public static let stream = Deadlines(total: nil)

  /// A watch that the server was asked to end after `serverTimeout`: silence is normal and it is cut 30 s later.
  public static func watch(serverTimeout: Duration) -> Deadlines {
    Deadlines(firstByte: serverTimeout + .seconds(30), idle: nil, total: serverTimeout + .seconds(30))
  }
}
