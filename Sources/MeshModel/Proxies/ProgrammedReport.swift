import Synchronization

/// What proxies were programmed with, as read at one time.
public struct ProgrammedReport: Sendable, Hashable {
  /// Every proxy the control plane knows, or why there is none. Counted anew whenever it is set: many are best put
  /// together before.
  public var proxies: [ProxyState] {
    get { states }
    set {
      states = newValue
      counts = Counts(newValue)
    }
  }
  private var states: [ProxyState]
  /// The routes of the proxies that were asked.
  public var routes: [ProgrammedRoute] { didSet { index = RouteIndex() } }
  private var index = RouteIndex()
  /// The proxies whose configuration was read.
  public var asked: [ObjectRef]
  /// Those of them whose configuration their control plane told: what it sent them and they acknowledged.
  public var sent: [ObjectRef] = []
  /// How many proxies are left for the next reading, since what each tells is long.
  public var unasked = 0
  /// Why something is missing, in words; empty where nothing is.
  public var gaps: [String]
  /// When it was read.
  public var at: Instant
  /// When what it tells of routes was first read as it is. That one proxy more runs what another was known to run tells
  /// nothing new.
  public private(set) var routesAt: Instant
  /// The proxies counted: asked for again and again, once a rule.
  public private(set) var counts: Counts

  /// The proxies of a report, counted.
  public struct Counts: Sendable, Hashable {
    /// Those connected to their control plane.
    public var connected = 0
    /// Those of them that acknowledged all they were sent.
    public var acknowledged = 0
    /// Those that rejected something, with their words.
    public var rejections: [ObjectRef: String] = [:]
    /// The places of those that are cut off, or that lack something every proxy has acknowledged.
    fileprivate var wanting: [Int] = []

    // By place: of fifty thousand none is copied to be looked at.
    init(_ proxies: [ProxyState]) {
      for place in proxies.indices {
        if let text = proxies[place].rejection { rejections[proxies[place].ref] = text }
        let isSettled = proxies[place].isSettled
        if !isSettled || !proxies[place].isConnected || proxies[place].isUnserved { wanting.append(place) }
        guard proxies[place].isConnected else { continue }
        connected += 1
        if isSettled { acknowledged += 1 }
      }
    }
  }

  /// The proxies that are cut off from their control plane, were never sent what every proxy needs, or have not acknowledged
  /// what they were sent; few in a mesh that is well, whatever its size.
  public var wantingProxies: [ProxyState] { counts.wanting.map { states[$0] } }

  /// Adds what another dialect of the plane tells.
  package mutating func add(_ part: ProgrammedReport) {
    proxies = proxies.isEmpty ? part.proxies : proxies + part.proxies
    routes = routes.isEmpty ? part.routes : routes + part.routes
    asked += part.asked
    sent += part.sent
    unasked += part.unasked
    gaps += part.gaps
  }

  /// Keeps what an earlier report holds alike once, with what was worked out of it.
  public mutating func share(with earlier: ProgrammedReport) {
    if states == earlier.states { states = earlier.states }
    guard routes == earlier.routes, asked == earlier.asked, sent == earlier.sent else {
      if onlyAddsProxies(to: earlier) { routesAt = earlier.routesAt }
      return
    }
    routes = earlier.routes
    (index, routesAt) = (earlier.index, earlier.routesAt)
  }

  /// Whether the proxies that were asked before run what they ran, and the others what one of those runs.
  private func onlyAddsProxies(to earlier: ProgrammedReport) -> Bool {
    guard asked.count > earlier.asked.count, Set(asked).isSuperset(of: earlier.asked),
      Set(sent).intersection(earlier.asked) == Set(earlier.sent), let now = routes.byProxy,
      let before = earlier.routes.byProxy
    else { return false }
    func runsAlike(_ range: Range<Int>, _ other: Range<Int>) -> Bool {
      range.count == other.count && zip(range, other).allSatisfy { routes[$0].isAlike(earlier.routes[$1]) }
    }
    for proxy in earlier.asked {
      switch (before[proxy], now[proxy]) {
      case (nil, nil): break
      case (let before?, let now?): guard runsAlike(now, before) else { return false }
      default: return false
      }
    }
    let known = Set(earlier.asked)
    return now.allSatisfy { proxy, range in
      known.contains(proxy) || before.values.contains { runsAlike(range, $0) }
    }
  }

  /// Creates a report.
  public init(
    proxies: [ProxyState] = [], routes: [ProgrammedRoute] = [], asked: [ObjectRef] = [], gaps: [String] = [],
    at: Instant
  ) {
    states = proxies
    self.routes = routes
    self.asked = asked
    self.gaps = gaps
    self.at = at
    routesAt = at
    counts = Counts(proxies)
  }
}

extension ProgrammedReport {
  /// The routes made from objects, by their places (`namespace/name`), and those answering for hosts that do not say what
  /// they were made from.
  public func routes(madeFrom places: [String], answeringFor hosts: [String]) -> [ProgrammedRoute] {
    var numbers = Set(places.flatMap { index.places(of: routes)[$0] ?? [] })
    if !tellsOrigins { numbers.formUnion(self.numbers(answeringFor: hosts).filter { routes[$0].origin.isEmpty }) }
    return numbers.sorted().map { routes[$0] }
  }

  /// The routes answering for hosts, whatever they were made from.
  public func routes(answeringFor hosts: [String]) -> [ProgrammedRoute] {
    Set(numbers(answeringFor: hosts)).sorted().map { routes[$0] }
  }

  /// Whether a route was made from the object of a place.
  public func holds(madeFrom place: String) -> Bool { index.places(of: routes)[place] != nil }

  /// Whether every route says what it was made from; one that does not may belong to any.
  public var tellsOrigins: Bool { index.places(of: routes)[""] == nil }

  private func numbers(answeringFor hosts: [String]) -> [Int] { hosts.flatMap { index.hosts(of: routes)[$0] ?? [] } }

  /// Where the routes of a report are, worked out when somebody first looks: a large mesh has ten thousand rules, each of
  /// which is looked up among all routes.
  private final class RouteIndex: Sendable, Hashable {
    private let byPlace = Mutex<[String: [Int]]?>(nil)
    private let byHost = Mutex<[String: [Int]]?>(nil)

    func places(of routes: [ProgrammedRoute]) -> [String: [Int]] {
      Self.kept(byPlace) { Dictionary(grouping: routes.indices) { routes[$0].place } }
    }

    func hosts(of routes: [ProgrammedRoute]) -> [String: [Int]] {
      Self.kept(byHost) {
        var table: [String: [Int]] = [:]
        for number in routes.indices { for host in routes[number].domains { table[host, default: []].append(number) } }
        return table
      }
    }

    private static func kept(
      _ table: borrowing Mutex<[String: [Int]]?>, _ make: () -> [String: [Int]]
    ) -> [String: [Int]] {
      table.withLock { table in
        if let table { return table }
        let made = make()
        table = made
        return made
      }
    }

    /// An index says nothing that its routes do not.
    static func == (left: RouteIndex, right: RouteIndex) -> Bool { true }

    func hash(into hasher: inout Hasher) {}
  }
}

extension [ProxyState] {
  /// Puts them in the order of their names, which costs little where they are in it.
  public mutating func putInOrder() {
    if zip(self, dropFirst()).contains(where: { $1.ref < $0.ref }) { sort { $0.ref < $1.ref } }
  }

  /// The place of a proxy among those in the order of their names; the last where it is named twice.
  package func place(of proxy: ObjectRef) -> Int? {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if proxy < self[middle].ref { high = middle } else { low = middle + 1 }
    }
    return low > startIndex && self[low - 1].ref == proxy ? low - 1 : nil
  }
}
