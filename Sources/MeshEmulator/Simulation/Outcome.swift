/// One way a call can end, with the share of calls that do.
struct Outcome: Sendable {
  var share: Double
  /// The HTTP status; 0 where the connection broke.
  var code: Int
  var grpcStatus: String = ""
  var flags = ""
  /// The workload that answered; `nil` where none did.
  var destination: Destination?
  var isMutualTLS = false
  /// The cluster of the caller's proxy it went through, `outbound|port|subset|host`.
  var cluster = ""
  /// The service it was sent to, where a rule sends a call to one of several.
  var service: RegistryService?
  /// The route by which a proxy of Linkerd chose the service.
  var origin: RouteOrigin?
  /// Whether the server's proxy answered, or hung up, without asking the application.
  var isRefused = false
  var latency: Latency

  /// Whether the caller sees a failure.
  var isFailure: Bool { code == 0 || code >= 500 || !["", "0"].contains(grpcStatus) }

  func scaled(_ factor: Double) -> Outcome {
    var result = self
    result.share *= factor
    return result
  }

  func adding(flag: String) -> Outcome {
    var result = self
    result.flags = flags.isEmpty ? flag : "\(flags),\(flag)"
    return result
  }
}

/// A workload as metrics name it.
struct Destination: Sendable, Hashable {
  var namespace: String
  var workload: String
  var app: String
  var version: String
  var serviceAccount: String
  var hasProxy: Bool
  /// Whether the proxy of its node stands before it.
  var isAmbient: Bool
  /// Whether a proxy of Linkerd that is measured stands before it.
  var isOfLinkerd: Bool
  /// Whether it is a machine that Linkerd knows as an ExternalWorkload.
  var isExternalWorkload: Bool
  /// The identity of its proxy where an object writes it out.
  var identity: String?
  /// Whether metrics name it; of an address somebody wrote for a service they name the service alone.
  var isNamed: Bool

  init(_ instance: Instance) {
    isNamed = !instance.isWritten
    // What scrapes pods does not reach machines (Linkerd, `linkerd-viz`'s scrape configuration).
    isOfLinkerd = instance.proxy == .linkerd && !instance.isMachine
    isExternalWorkload = instance.proxy == .linkerd && instance.isMachine
    identity = instance.identity
    namespace = instance.namespace
    workload = instance.workload
    app = instance.labels["app"] ?? instance.workload
    version = instance.labels["version"] ?? ""
    serviceAccount = instance.serviceAccount
    hasProxy = instance.hasProxy
    isAmbient = instance.proxy == .ambient
  }

  var id: String { "\(namespace)/\(workload)" }
  var canonicalRevision: String { version.isEmpty ? "latest" : version }
}

/// What becomes of calls of one kind from one group of callers: what each side sees, for each call made.
struct CallOutcome: Sendable {
  /// What the caller's proxy sees; the shares add up to 1.
  var seen: [Outcome] = []
  /// What the proxies of destinations see; retries and mirrors add to them.
  var served: [Outcome] = []
  /// The service that was called.
  var service: RegistryService?
  /// The waypoint that decided it, in ambient mode.
  var waypoint: Destination?
  /// The service whose name was called, where a rule sends calls to others.
  var parent: RegistryService?
  /// The service port.
  var port = 0
  /// Connections that a destination's proxy refused for want of TLS, for each call.
  var refused: [Destination: Double] = [:]

  /// The share of calls that fail.
  var failureShare: Double { seen.reduce(0) { $0 + ($1.isFailure ? $1.share : 0) } }
  /// The mean time of a call.
  var meanLatency: Double { seen.reduce(0) { $0 + $1.share * $1.latency.mean } }

  mutating func add(_ other: CallOutcome, share: Double) {
    func own(_ outcome: Outcome) -> Outcome {
      var result = outcome.scaled(share)
      result.service = result.service ?? other.service
      return result
    }
    seen += other.seen.map(own)
    served += other.served.map(own)
    for (destination, rate) in other.refused { refused[destination, default: 0] += rate * share }
    service = service ?? other.service
    port = port == 0 ? other.port : port
  }
}

/// The status codes of gRPC.
enum GRPCStatus {
  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  /// The number of a name, as metrics print it; a number stays as it is.
  static func number(_ name: String) -> String { names.firstIndex(of: name).map(String.init) ?? name }

  /// The name of a number; OK where there is none.
  static func name(_ number: String) -> String {
    guard let number = Int(number), names.indices.contains(number) else { return number.isEmpty ? "OK" : number }
    return names[number]
  }
}
