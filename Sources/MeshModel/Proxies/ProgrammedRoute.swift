/// The weights one proxy was programmed with for one route.
///
/// Proxies of one mesh run the same routes, thousands of them: what a route is, is kept once for all that run it
/// (``Swift/Array/share(with:)``).
public struct ProgrammedRoute: Sendable, Hashable {
  /// The proxy.
  public var proxy: ObjectRef
  /// When the proxy took it, or when it was first seen; `nil` where neither is known.
  public var updatedAt: Instant?
  fileprivate var content: Content

  /// The virtual hosts (domains) the route answers for; empty where it is told by the object it was made from alone.
  public var domains: [String] { content.domains }
  /// The name of the route in the proxy; empty where it has none.
  public var name: String { content.name }
  /// The native object it was made from, where the proxy's metadata says (Istio: `config` in the route's metadata).
  public var origin: String { content.origin }
  /// `namespace/name` of that object; empty where the proxy does not say.
  public var place: String { Self.place(ofOrigin: content.origin) }
  /// Where requests go, by weight.
  public var clusters: [Cluster] { content.clusters }
  /// The listener port.
  public var port: Int? { content.port }
  /// Whether it is a route of streams (a `tcp_proxy`), whose domains are the names in TLS's greeting.
  public var isStream: Bool { content.isStream }

  /// What a route is, whichever proxy runs it.
  fileprivate final class Content: Sendable, Hashable {
    let domains: [String]
    let name: String
    let origin: String
    let clusters: [Cluster]
    let port: Int?
    let isStream: Bool

    init(domains: [String], name: String, origin: String, clusters: [Cluster], port: Int?, isStream: Bool) {
      self.domains = domains
      self.name = name
      self.origin = origin
      self.clusters = clusters
      self.port = port
      self.isStream = isStream
    }

    static func == (left: Content, right: Content) -> Bool {
      left === right
        || left.name == right.name && left.port == right.port && left.isStream == right.isStream
          && left.origin == right.origin && left.domains == right.domains && left.clusters == right.clusters
    }

    /// Hashes what tells most routes apart.
    func hash(into hasher: inout Hasher) {
      hasher.combine(name)
      hasher.combine(origin)
      hasher.combine(port)
      hasher.combine(domains.first)
    }
  }

  /// `namespace/name` of the object that an origin is: `/apis/networking.istio.io/v1/namespaces/shop/virtual-service/web`.
  public static func place(ofOrigin origin: String) -> String {
    // By bytes: a large mesh has a hundred thousand of them.
    let parts = origin.utf8.split(separator: UInt8(ascii: "/"))
    guard let place = parts.firstIndex(where: { $0.elementsEqual("namespaces".utf8) }), parts.count > place + 3 else {
      return ""
    }
    return "\(Substring(parts[place + 1]))/\(Substring(parts[place + 3]))"
  }

  /// One weighted destination.
  public struct Cluster: Sendable, Hashable {
    /// The host called.
    public var host: String
    /// The subset; `nil` where none.
    public var subset: String?
    /// The port called.
    public var port: Int?
    /// The weight.
    public var weight: Int

    /// Creates a destination.
    public init(host: String, subset: String?, port: Int?, weight: Int) {
      self.host = host
      self.subset = subset
      self.port = port
      self.weight = weight
    }
  }

  /// Creates a programmed route.
  public init(
    proxy: ObjectRef, domains: [String], name: String, origin: String, clusters: [Cluster], port: Int? = nil,
    isStream: Bool = false, updatedAt: Instant? = nil
  ) {
    self.proxy = proxy
    self.updatedAt = updatedAt
    content = Content(
      domains: domains, name: name, origin: origin, clusters: clusters, port: port, isStream: isStream)
  }
}

extension [ProgrammedRoute] {
  /// Keeps what other proxies' routes hold alike once, in whichever order they are.
  public mutating func share(with others: [ProgrammedRoute]) {
    var known: Set<ProgrammedRoute.Content>?
    for index in indices {
      let own = self[index].content
      if index < others.count, own == others[index].content {
        self[index].content = others[index].content
      } else {
        let all = known ?? Set(others.lazy.map(\.content))
        known = all
        guard let place = all.firstIndex(of: own) else { continue }
        self[index].content = all[place]
      }
    }
  }
}
