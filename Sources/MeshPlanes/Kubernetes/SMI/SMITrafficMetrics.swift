public import MeshModel
import MeshTransport

/// What the Traffic Metrics API of SMI tells of a resource, one of its edges or a backend of a split, over its own window.
///
/// Source: SMI specification, Traffic Metrics v1alpha1. Counts are of the window; latencies are quantities of seconds.
public struct SMITrafficMetrics: Sendable, Hashable {
  /// The API group, served by an aggregated API server.
  public static let group = "metrics.smi-spec.io"

  /// The end of an edge, or what is measured.
  public struct Resource: Sendable, Hashable {
    /// The kind as it is written, such as `Deployment`.
    public var kind: String
    /// The namespace; empty for a namespace itself.
    public var namespace: String
    /// The name.
    public var name: String
  }

  /// Whose proxies measured an edge.
  public enum Side: String, Sendable, Hashable { case client, server }

  /// The resource measured.
  public var resource: Resource
  /// Whether the edge leads to the resource from another one; `nil` where it is no edge.
  public var isFrom: Bool?
  /// The other end of the edge; `nil` where it is not told.
  public var other: Resource?
  /// Whose proxies measured the edge.
  public var side: Side
  /// The backend of a split; `nil` where it is none.
  public var backend: String?
  /// The window in seconds.
  public var window: Double
  /// When it was measured, where that is told.
  public var at: Instant?
  /// The requests that succeeded in the window, where they are told.
  public var successes: Double?
  /// The requests that failed in the window, where they are told.
  public var failures: Double?
  /// Latencies in milliseconds by percentile.
  public var latencies: [Int: Double]

  /// All requests of the window.
  public var requests: Double { (successes ?? 0) + (failures ?? 0) }

  /// The items of a list, or the one item of an answer that is none.
  public static func items(of json: JSONValue) -> [SMITrafficMetrics] {
    (json["items"]?.array ?? [json]).compactMap(SMITrafficMetrics.init)
  }

  init?(_ json: JSONValue) {
    guard let resource = Self.resource(json["resource"]) else { return nil }
    self.resource = resource
    isFrom = json["edge"]?["direction"]?.string.map { $0 == "from" }
    other = Self.resource(json["edge"]?["resource"])
    side = json["edge"]?["side"]?.string.flatMap(Side.init) ?? .server
    backend = json["backend"]?["name"]?.string
    window = json["window"]?.string.flatMap(GoDuration.seconds) ?? 0
    at = json["timestamp"]?.string.flatMap(RFC3339.parse)
    latencies = [:]
    for metric in json["metrics"]?.array ?? [] {
      let (name, value) = (metric["name"]?.string ?? "", metric["value"].flatMap(Quantity.number))
      switch name {
      case "success_count": successes = value
      case "failure_count": failures = value
      default:
        guard name.hasPrefix("p"), name.hasSuffix("_response_latency"), let value,
          let percentile = Int(name.dropFirst().prefix { $0.isNumber })
        else { continue }
        let unit = metric["unit"]?.string ?? "seconds"
        latencies[percentile] = value * (unit == "ms" || unit == "milliseconds" ? 1 : 1000)
      }
    }
    guard window > 0 else { return nil }
  }

  private static func resource(_ json: JSONValue?) -> Resource? {
    guard let name = json?["name"]?.string, !name.isEmpty else { return nil }
    return Resource(kind: json?["kind"]?.string ?? "", namespace: json?["namespace"]?.string ?? "", name: name)
  }
}

extension KubernetesPlane {
  /// Whether the server offers the Traffic Metrics API.
  public func offersTrafficMetrics() async throws(MeshError) -> Bool {
    try await catalog.current().resources.contains { $0.group == SMITrafficMetrics.group }
  }

  /// What the Traffic Metrics API tells under a path such as `namespaces/shop/deployments`.
  public func trafficMetrics(_ path: String) async throws(MeshError) -> [SMITrafficMetrics] {
    let version =
      try await catalog.current().resources.first { $0.group == SMITrafficMetrics.group }?.version ?? "v1alpha1"
    let what = "read the traffic metrics of \(path)"
    let response = try await client.send(
      .get, "/apis/\(SMITrafficMetrics.group)/\(version)/\(path)", limits: .page, what: what)
    return SMITrafficMetrics.items(of: try client.tree(response, what: what))
  }
}
