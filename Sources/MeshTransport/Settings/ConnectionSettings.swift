/// How to reach a server: trust, identity, route and signing.
public struct ConnectionSettings: Sendable, Hashable {
  /// Trust and identity.
  public var tls: TLSSettings
  /// The way out.
  public var proxy: ProxySetting
  /// The `User-Agent` field.
  public var userAgent: String
  /// The AWS signature of every request, nil for none.
  public var awsSigning: AWSSigning?
  /// Whether HTTP/2 is offered over TLS.
  public var http2: Bool
  /// The path of a Unix socket to connect to instead of the URL's host, nil for none.
  public var unixSocket: String?

  /// Settings; the defaults verify, honour the environment's proxy and offer HTTP/2.
  public init(
    tls: TLSSettings = TLSSettings(), proxy: ProxySetting = .environment, userAgent: String = "meshdeck",
    awsSigning: AWSSigning? = nil, http2: Bool = true, unixSocket: String? = nil
  ) {
    self.tls = tls
    self.proxy = proxy
    self.userAgent = userAgent
    self.awsSigning = awsSigning
    self.http2 = http2
    self.unixSocket = unixSocket
  }
}

/// Trust and identity of a TLS connection. TLS 1.2 is the least accepted, whatever is set here.
public struct TLSSettings: Sendable, Hashable {
  /// Certificates to trust instead of the system's, PEM; nil for the system's.
  public var authorities: [UInt8]?
  /// The certificate to present and its key; nil for none.
  public var identity: ClientIdentity?
  /// The name the server's certificate must bear, where it is not the URL's host; also sent as SNI.
  public var serverName: String?
  /// Whether the server's certificate goes unchecked.
  public var insecure: Bool

  /// Settings; the defaults trust the system's authorities and verify.
  public init(
    authorities: [UInt8]? = nil, identity: ClientIdentity? = nil, serverName: String? = nil, insecure: Bool = false
  ) {
    self.authorities = authorities
    self.identity = identity
    self.serverName = serverName
    self.insecure = insecure
  }
}

/// A client certificate and its key.
public struct ClientIdentity: Sendable, Hashable {
  /// The certificate and its intermediates, PEM.
  public var certificate: [UInt8]
  /// The key, PEM, without a passphrase.
  public var key: Secret

  /// A certificate with its key, both PEM.
  public init(certificate: [UInt8], key: Secret) {
    self.certificate = certificate
    self.key = key
  }
}

/// The way out of this machine.
public enum ProxySetting: Sendable, Hashable {
  /// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment; loopback and link-local hosts go direct.
  case environment
  /// Direct.
  case none
  /// This proxy for every host but link-local ones, and for loopback over https alone: `http`, `https`, `socks5` or `socks5h`.
  /// The whole URL is a secret because it may hold a password.
  case url(Secret)
}

/// The parts of an AWS signature, version 4.
public struct AWSSigning: Sendable, Hashable {
  /// The access key's identifier.
  public var accessKey: String
  /// The access key.
  public var secretKey: Secret
  /// The token of temporary credentials.
  public var sessionToken: Secret?
  /// The region, such as `eu-west-1`.
  public var region: String
  /// The service's signing name, such as `aps`.
  public var service: String

  /// The parts as issued.
  public init(accessKey: String, secretKey: Secret, sessionToken: Secret? = nil, region: String, service: String) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.region = region
    self.service = service
  }
}
