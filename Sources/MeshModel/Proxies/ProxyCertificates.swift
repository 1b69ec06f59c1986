/// The certificates a proxy holds: those it shows to others, and the roots it believes.
public struct ProxyCertificates: Sendable, Hashable {
  /// The certificates it shows, each once, in the order it told them.
  public var own: [ProxyCertificate]
  /// The roots it checks the certificates of others against, each once.
  public var roots: [ProxyCertificate]
  /// The secrets it asked its control plane for and was not sent yet, by name: what needs them does not serve.
  public var missing: [String] = []

  /// Creates the certificates of a proxy.
  public init(own: [ProxyCertificate] = [], roots: [ProxyCertificate] = []) {
    self.own = own
    self.roots = roots
  }

  /// The certificate that proves its identity in the mesh: the first that names a SPIFFE id; `nil` where there is none.
  public var workload: ProxyCertificate? { own.first { $0.spiffe != nil } }

  /// The certificate of its own that expires first.
  public var firstToExpire: ProxyCertificate? {
    own.filter { $0.expires != nil }.min { ($0.expires?.seconds ?? 0) < ($1.expires?.seconds ?? 0) }
  }
}

/// One certificate, as the proxy that holds it describes it.
public struct ProxyCertificate: Sendable, Hashable {
  /// Where it came from: a file, or `<inline>`.
  public var path: String
  /// Its serial number in hexadecimal digits.
  public var serial: String
  /// The names it proves: URIs, DNS names, addresses.
  public var names: [String]
  /// When it begins to hold; `nil` where that is not told.
  public var begins: Instant?
  /// When it ends; `nil` where that is not told.
  public var expires: Instant?
  /// Who issued it, in the form of RFC 4514; `nil` where that is not told.
  public var issuer: String?
  /// Whom it is of, likewise; empty where it names nobody, `nil` where that is not told.
  public var subject: String?
  /// Its SHA-256 in hexadecimal digits; `nil` where it is not known whole.
  public var fingerprint: String?
  /// The name of the secret that it was delivered as; `nil` where it came otherwise or that is not told.
  public var secret: String?

  /// Creates a certificate.
  public init(
    path: String = "", serial: String, names: [String] = [], begins: Instant? = nil, expires: Instant? = nil
  ) {
    self.path = path
    self.serial = serial
    self.names = names
    self.begins = begins
    self.expires = expires
  }

  /// The SPIFFE id among its names; `nil` where there is none.
  public var spiffe: String? { names.first { $0.hasPrefix("spiffe://") } }

  /// What tells it from others: a serial number alone is unique only among those of one issuer.
  public var identifier: String { "\(serial)@\(expires.map { String($0.seconds) } ?? "")" }

  /// The seconds until it ends, negative once it has; `nil` where its end is not told.
  public func secondsLeft(at now: Instant) -> Double? { expires.map { $0.seconds - now.seconds } }

  /// The whole days until it ends, never below zero; `nil` where its end is not told.
  public func daysLeft(at now: Instant) -> Int? {
    secondsLeft(at: now).map { Int(exactly: ($0 / 86_400).rounded(.down)) ?? 0 }.map { max($0, 0) }
  }

  /// How it stands in its life.
  public enum Standing: Sendable, Hashable { case fresh, late, expired }

  /// How it stands: `late` in the last fifth of its life, when it should long have been replaced.
  ///
  /// Days alone tell nothing: a mesh's certificates live for a day, those of a gateway for months. Istio's agents ask for a
  /// new one after about half of its life (`SECRET_GRACE_PERIOD_RATIO` 0.5).
  public func standing(at now: Instant) -> Standing {
    guard let left = secondsLeft(at: now) else { return .fresh }
    if left <= 0 { return .expired }
    guard let begins, let expires, expires > begins else { return .fresh }
    return left < (expires.seconds - begins.seconds) / 5 ? .late : .fresh
  }
}
