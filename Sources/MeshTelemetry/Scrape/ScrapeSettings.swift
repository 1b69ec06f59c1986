public import MeshTransport

/// How endpoints with exposition text are reached.
public struct ScrapeSettings: Sendable {
  /// The addresses of the texts, such as `http://127.0.0.1:15020/stats/prometheus`.
  public var urls: [String]
  /// The addresses that are proxies' own counters, and how they are read; the others hold those of the vocabulary.
  public var envoys: [String: EnvoyCounters] = [:]
  /// Whose labels the metrics carry.
  public var vocabulary: MetricVocabulary
  /// The workloads whose proxies the addresses are, where their metrics do not name it themselves (Linkerd's).
  public var workloads: [String: ScrapedWorkload] = [:]
  /// Trust, client certificate and proxy.
  public var connection: ConnectionSettings
  /// How one proves who asks.
  public var authorization: PrometheusSettings.Authorization
  /// Further header fields of every request, such as `X-Scope-OrgID` of a tenant.
  public var headers: [(name: String, value: String)]
  /// The least seconds between two scrapes.
  public var minimumInterval: Double
  /// The most bytes of one text.
  public var limit: Int

  /// Creates settings.
  public init(
    urls: [String], connection: ConnectionSettings = ConnectionSettings(),
    authorization: PrometheusSettings.Authorization = .none, headers: [(name: String, value: String)] = [],
    minimumInterval: Double = 1, limit: Int = 256 << 20, vocabulary: MetricVocabulary = .istio
  ) {
    self.vocabulary = vocabulary
    self.urls = urls
    self.connection = connection
    self.authorization = authorization
    self.headers = headers
    self.minimumInterval = minimumInterval
    self.limit = limit
  }
}

/// The workload whose proxy is scraped.
public struct ScrapedWorkload: Sendable, Hashable {
  /// Its namespace.
  public var namespace: String
  /// Its name.
  public var name: String

  /// Creates a name.
  public init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }
}
