/// The weights one proxy was programmed with for one route.
///
/// Proxies of one mesh run the same routes, thousands of them: what a route is, is kept once for all that run it
/// (``Swift/Array/share(with:)``), and whose it is once for all of a listener.
public struct ProgrammedRoute: Sendable, Hashable {
  private var listener: Listener
  fileprivate var content: Content
  /// The seconds of ``updatedAt``; infinite where it is not known.
  private var time = Double.infinity

  /// The proxy.
  public var proxy: ObjectRef {
    get { listener.proxy }
    set { listener = Listener(proxy: newValue, port: listener.port) }
  }
  /// When the proxy took it, or when it was first seen; `nil` where neither is known.
  public var updatedAt: Instant? {
    get { time == .infinity ? nil : Instant(seconds: time) }
    set { time = newValue?.seconds ?? .infinity }
  }
  /// The virtual hosts (domains) the route answers for; empty where it is told by the object it was made from alone.
  public var domains: [String] { content.domains }
  /// The name of the route in the proxy; empty where it has none.
  public var name: String { content.name }
  /// The native object it was made from, where the proxy's metadata says (Istio: `config` in the route's metadata).
  public var origin: String { content.origin }
  /// `namespace/name` of that object; empty where the proxy does not say.
  public var place: String { content.place }
  /// Where requests go, by weight.
  public var clusters: [Cluster] { content.clusters }
  /// The listener port.
  public var port: Int? { listener.port }
  /// Whether it is a route of streams (a `tcp_proxy`), whose domains are the names in TLS's greeting.
  public var isStream: Bool { content.isStream }

  /// Whether both are routes of one proxy.
  fileprivate func hasProxy(of other: ProgrammedRoute) -> Bool {
    listener === other.listener || listener.proxy == other.listener.proxy
  }

  /// Whether both are the same route, whichever proxy runs it since when.
  func isAlike(_ other: ProgrammedRoute) -> Bool {
    content == other.content && (listener === other.listener || listener.port == other.listener.port)
  }

  /// Whose routes they are.
  package final class Listener: Sendable, Hashable {
    let proxy: ObjectRef
    let port: Int?

    package init(proxy: ObjectRef, port: Int?) {
      self.proxy = proxy
      self.port = port
    }

    package static func == (left: Listener, right: Listener) -> Bool {
      left === right || left.proxy == right.proxy && left.port == right.port
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(proxy)
      hasher.combine(port)
    }
  }

  /// What a route is, whichever proxy runs it.
  package final class Content: Sendable, Hashable {
    let domains: [String]
    let name: String
    let origin: String
    let place: String
    let clusters: [Cluster]
    let isStream: Bool

    /// - Parameter place: What ``ProgrammedRoute/place(ofOrigin:)`` says of the origin, where that was asked already.
    package init(
      domains: [String], name: String, origin: String, place: String? = nil, clusters: [Cluster], isStream: Bool = false
    ) {
      self.domains = domains
      self.name = name
      self.origin = origin
      self.place = place ?? ProgrammedRoute.place(ofOrigin: origin)
      self.clusters = clusters
      self.isStream = isStream
    }

    package static func == (left: Content, right: Content) -> Bool {
      left === right
        || left.name == right.name && left.isStream == right.isStream && left.origin == right.origin
          && left.domains == right.domains && left.clusters == right.clusters
    }

    /// Hashes what tells most routes apart.
    package func hash(into hasher: inout Hasher) {
      hasher.combine(name)
      hasher.combine(origin)
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
    self.init(
      Content(domains: domains, name: name, origin: origin, clusters: clusters, isStream: isStream),
      of: Listener(proxy: proxy, port: port), updatedAt: updatedAt)
  }

  /// Creates a programmed route of what it shares with others.
  package init(_ content: Content, of listener: Listener, updatedAt: Instant?) {
    self.content = content
    self.listener = listener
    self.updatedAt = updatedAt
  }
}

extension [ProgrammedRoute] {
  /// Where the routes of each proxy are; `nil` where those of one are not all together.
  var byProxy: [ObjectRef: Range<Int>]? {
    var ranges: [ObjectRef: Range<Int>] = [:]
    var start = startIndex
    while start < endIndex {
      var end = start + 1
      while end < endIndex, self[end].hasProxy(of: self[start]) { end += 1 }
      guard ranges.updateValue(start..<end, forKey: self[start].proxy) == nil else { return nil }
      start = end
    }
    return ranges
  }

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
