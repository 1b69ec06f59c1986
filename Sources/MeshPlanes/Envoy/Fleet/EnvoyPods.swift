public import MeshModel
public import MeshTransport

/// Pods that run proxies, found by their labels each time; their administration is reached through the API server.
///
/// `pods://NAMESPACE/SELECTOR:PORT`, such as `pods://edge/app=envoy:9901`; `*` is all namespaces, no selector all pods.
/// The API server calls a pod at its address: an administration that listens on the pod's loopback alone is not reached.
public struct EnvoyPods: Sendable {
  /// What places of this kind begin with.
  static let scheme = "pods://"

  private let client: KubernetesClient
  /// How everything of theirs is asked for.
  public let options: Session.Options

  /// Creates a way to find them; nothing is asked yet.
  public init(
    plane: PlaneName, connection: KubernetesConnection, options: Session.Options
  ) throws(MeshError) {
    client = try KubernetesClient(plane: plane, connection: connection, options: options)
    var options = options
    options.settings = connection.settings
    options.credentials = connection.authentication
    self.options = options
  }

  /// Whether a place is of this kind.
  public static func isPlace(_ text: String) -> Bool { text.hasPrefix(scheme) }

  /// The parts of a place.
  static func parse(_ place: String) throws(MeshError) -> (namespace: String, selector: String, port: Int) {
    let rest = place.dropFirst(scheme.count)
    guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
      throw MeshError(.usage, "\(place) names no port", remedy: "write it as pods://NAMESPACE/LABEL=VALUE:PORT")
    }
    let parts = rest[..<colon].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let namespace = parts.first, !namespace.isEmpty else {
      throw MeshError(
        .usage, "\(place) names no namespace", remedy: "write it as pods://NAMESPACE/LABEL=VALUE:PORT, * for all")
    }
    return (namespace, parts.count > 1 ? parts[1] : "", Int(port))
  }

  /// The addresses of the administration of the pods that run now.
  func addresses(of place: String) async throws(MeshError) -> [String] {
    let (namespace, selector, port) = try Self.parse(place)
    let path = namespace == "*" ? "/api/v1/pods" : "/api/v1/namespaces/\(PercentCoding.encode(namespace))/pods"
    var found: [String] = []
    var next: String?
    var seen: Set<String> = []
    repeat {
      var query: [(String, String?)] = [("limit", "500")]
      if !selector.isEmpty { query.append(("labelSelector", selector)) }
      if let next { query.append(("continue", next)) }
      let what = "find the pods of \(place)"
      let list = try client.tree(
        try await client.send(.get, path, query: query, limits: .dump, what: what), what: what)
      for pod in list.list("items") where pod["status"]?["phase"]?.string == "Running" {
        guard let meta = pod["metadata"], let name = meta["name"]?.string, let place = meta["namespace"]?.string
        else { continue }
        let tail = KubernetesClient.proxyPath(name, place, port, "").dropLast()
        found.append(client.session.origin + client.session.basePath + tail)
      }
      next = list["metadata"]?["continue"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      if let next, !seen.insert(next).inserted {
        throw MeshError(.malformed, "\(what): the pages go in a circle", plane: client.plane)
      }
    } while next != nil
    return found
  }

  /// The administration of a proxy at one of those addresses.
  func admin(_ address: String) throws(MeshError) -> EnvoyAdmin {
    try EnvoyAdmin(address, plane: client.plane, options: options, headers: client.headers)
  }
}
