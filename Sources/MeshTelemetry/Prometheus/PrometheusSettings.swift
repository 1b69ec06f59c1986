public import MeshTransport

/// How a Prometheus, or a server that speaks its query API (Thanos, Mimir, Cortex, VictoriaMetrics, the managed
/// services), is reached.
public struct PrometheusSettings: Sendable {
  /// The address, with the path under which `/api/v1` is, such as `https://mimir.example/prometheus`.
  public var url: String
  /// Trust, client certificate and proxy. For Amazon's managed Prometheus `awsSigning` with service `aps`.
  public var connection: ConnectionSettings
  /// How one proves who asks.
  public var authorization: Authorization
  /// Further header fields, such as `X-Scope-OrgID` of a tenant.
  public var headers: [(name: String, value: String)]
  /// The seconds from which the newest sample is called stale.
  public var staleAfter: Double
  /// How many queries run at once; a Prometheus allows 20 to all its users together.
  public var concurrency: Int
  /// Whether queries are sent as GET from the first: where a gateway takes every POST for a write, as the service proxy of
  /// a Kubernetes API server does.
  public var onlyReads: Bool
  /// Whose labels the metrics carry.
  public var vocabulary: MetricVocabulary

  /// Ways to prove who asks.
  public enum Authorization: Sendable {
    /// Not at all.
    case none
    /// A token that never changes.
    case bearer(Secret)
    /// A file that holds a token, read again for every request since others replace it.
    case tokenFile(String)
    /// An environment variable that holds a token.
    case tokenVariable(String)
    /// A user with a password.
    case basic(user: String, password: Secret)
    /// Another source of credentials, such as one for AWS that renews itself.
    case source(any CredentialSource)
  }

  /// Creates settings.
  public init(
    url: String, connection: ConnectionSettings = ConnectionSettings(), authorization: Authorization = .none,
    headers: [(name: String, value: String)] = [], staleAfter: Double = 60, concurrency: Int = 4,
    onlyReads: Bool = false, vocabulary: MetricVocabulary = .istio
  ) {
    self.vocabulary = vocabulary
    self.onlyReads = onlyReads
    self.url = url
    self.connection = connection
    self.authorization = authorization
    self.headers = headers
    self.staleAfter = staleAfter
    self.concurrency = concurrency
  }
}

extension PrometheusSettings.Authorization {
  /// Where the transport gets the credential from, or `nil` for none.
  var source: (any CredentialSource)? {
    switch self {
    case .none: nil
    case .bearer(let token): FixedCredential(.bearer(token))
    case .tokenFile(let path): TokenSource(place: .file(path))
    case .tokenVariable(let name): TokenSource(place: .variable(name))
    case .basic(let user, let password): FixedCredential(.basic(user: user, password: password))
    case .source(let source): source
    }
  }
}
