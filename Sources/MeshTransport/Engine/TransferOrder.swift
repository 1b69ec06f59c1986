import Synchronization

/// Everything the engine's thread needs to carry out one transfer.
struct TransferOrder: Sendable {
  /// How the result is handed back.
  enum Reply: Sendable {
    case whole(CheckedContinuation<Result<HTTPResponse, TransportError>, Never>)
    case stream(CheckedContinuation<Result<HTTPStream, TransportError>, Never>)
    case certificate(CheckedContinuation<PeerCertificate?, Never>)
  }

  let ticket: TransferTicket
  var request: HTTPRequest
  var target: TargetURL
  /// The URL for the wire, which differs from the request's where the query is put in canonical order.
  var wireURL: String
  /// What is sent in place of the URL's path and query, where they are for the signature alone.
  var requestTarget: String?
  var settings: ConnectionSettings
  var proxy: ProxyRoute?
  var credentialsWithheld = false
  var submitted: ContinuousClock.Instant
  let reply: Reply

  /// Whether it is one of the few that a host gets at once: a whole answer, given as soon as it can be.
  var takesTurn: Bool {
    guard case .whole = reply else { return false }
    return request.deadlines.idle != nil
  }
}

/// The identity of a transfer, and whether its caller still wants it.
final class TransferTicket: Sendable {
  let number: UInt64
  private let cancelled = Atomic<Bool>(false)
  private static let counter = Atomic<UInt64>(0)

  init() { number = Self.counter.add(1, ordering: .relaxed).newValue }

  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() { cancelled.store(true, ordering: .releasing) }
}

/// What a server's certificate says of itself.
struct PeerCertificate: Sendable, Hashable {
  var subject: String?
  var notBefore: String?
  var notAfter: String?
}
