import MeshModel

/// A virtual service as the control plane reads it: hosts and gateways qualified, times in milliseconds.
struct VirtualService: Sendable {
  var namespace: String
  var name: String
  var created: String
  var hosts: [String]
  /// `mesh` or `namespace/name`.
  var gateways: [String]
  var exportTo: [String]
  var http: [HTTPRule]
  var tcp: [ConnectionRule]
  var tls: [ConnectionRule]
  /// The object of another configuration API that it stands for.
  var origin: RouteOrigin?

  init(_ object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    let namespace = object.namespace
    self.namespace = namespace
    name = object.name
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    hosts = spec.strings("hosts").map { Registry.qualified($0, in: namespace) }
    gateways = spec.strings("gateways").map { $0 == "mesh" || $0.contains("/") ? $0 : "\(namespace)/\($0)" }
    if gateways.isEmpty { gateways = ["mesh"] }
    exportTo = spec.strings("exportTo")
    http = spec.elements("http").map { HTTPRule($0, namespace: namespace) }
    tcp = spec.elements("tcp").map { ConnectionRule($0, namespace: namespace) }
    tls = spec.elements("tls").map { ConnectionRule($0, namespace: namespace) }
  }

  func isVisible(from client: String) -> Bool {
    exportTo.isEmpty || exportTo.contains("*") || exportTo.contains(client)
      || (exportTo.contains(".") && client == namespace)
  }

  /// How well its hosts cover one: the length of the match, `Int.max` for the host itself, `nil` for none.
  func specificity(for host: String) -> Int? {
    hosts.compactMap { pattern in
      if pattern == host { return Int.max }
      if pattern == "*" { return 0 }
      return pattern.hasPrefix("*.") && host.hasSuffix(pattern.dropFirst()) ? pattern.utf8.count : nil
    }.max()
  }
}

/// A destination of a route.
struct RouteDestination: Sendable, Hashable {
  var host: String
  var subset: String?
  var port: Int?
  var weight: Int

  init(_ json: JSONValue, namespace: String) {
    let destination = json["destination"] ?? json
    host = Registry.qualified(destination["host"]?.string ?? "", in: namespace)
    subset = destination["subset"]?.string
    port = destination["port"]?["number"]?.int
    weight = json["weight"]?.int ?? 0
  }

  /// Destinations with the share each gets: zero weights are dropped, a single one needs no weight.
  ///
  /// Source: Istio, `pkg/config/validation/validation.go`, Istio's rule. Negative weights and a total of zero are never programmed.
  static func shares(_ destinations: [RouteDestination]) -> [(destination: RouteDestination, share: Double)] {
    if destinations.count == 1 { return [(destinations[0], 1)] }
    let total = destinations.reduce(0.0) { $0 + Double(max(0, $1.weight)) }
    guard total > 0 else { return [] }
    return destinations.filter { $0.weight > 0 }.map { ($0, Double($0.weight) / total) }
  }
}

/// One rule for requests.
struct HTTPRule: Sendable {
  struct Retries: Sendable {
    var attempts: Int
    var perTryTimeout: Double?
    var retryOn: [String]
  }

  struct Delay: Sendable {
    var milliseconds: Double
    var share: Double
  }

  struct Abort: Sendable {
    var status: Int
    var grpcStatus: String?
    var share: Double
  }

  struct Mirror: Sendable {
    var destination: RouteDestination
    var share: Double
  }

  var name: String?
  var matches: [RequestMatch]
  var routes: [RouteDestination]
  var timeout: Double?
  var retries: Retries?
  var delay: Delay?
  var abort: Abort?
  var mirrors: [Mirror]
  var redirect: JSONValue?
  var directStatus: Int?
  /// The delegate, `namespace/name`.
  var delegate: String?
  var headers: JSONValue?
  var rewrite: JSONValue?

  init(_ json: JSONValue, namespace: String) {
    name = json["name"]?.string
    matches = (json["match"]?.array ?? []).map(RequestMatch.init)
    routes = (json["route"]?.array ?? []).map { RouteDestination($0, namespace: namespace) }
    timeout = json["timeout"]?.string.flatMap(Duration.milliseconds)
    if let retries = json["retries"] {
      self.retries = Retries(
        attempts: max(0, retries["attempts"]?.int ?? 0),
        perTryTimeout: retries["perTryTimeout"]?.string.flatMap(Duration.milliseconds),
        retryOn: retries["retryOn"]?.string?.split(separator: ",").map(String.init) ?? HTTPRule.defaultRetryOn)
    }
    if let delay = json["fault"]?["delay"] {
      self.delay = Delay(
        milliseconds: delay["fixedDelay"]?.string.flatMap(Duration.milliseconds) ?? 0, share: Self.percent(delay))
    }
    if let abort = json["fault"]?["abort"] {
      self.abort = Abort(
        status: abort["httpStatus"]?.int ?? (abort["grpcStatus"] == nil ? 503 : 200),
        grpcStatus: abort["grpcStatus"]?.string, share: Self.percent(abort))
    }
    let mirrored = json["mirrors"]?.array ?? (json["mirror"].map { [$0] } ?? [])
    mirrors = mirrored.map { mirror in
      let share =
        mirror["percentage"]?["value"]?.double ?? json["mirrorPercentage"]?["value"]?.double
        ?? json["mirrorPercent"]?.double ?? 100
      return Mirror(destination: RouteDestination(mirror, namespace: namespace), share: min(100, max(0, share)) / 100)
    }
    redirect = json["redirect"]
    directStatus = json["directResponse"]?["status"]?.int
    delegate = json["delegate"].map { "\($0["namespace"]?.string ?? namespace)/\($0["name"]?.string ?? "")" }
    headers = json["headers"]
    rewrite = json["rewrite"]
  }

  /// The rule of a delegate as it stands in the place of the rule that hands on to it.
  ///
  /// Source: istiod, `mergeHTTPRoute`: names are joined, and what the delegate does not say is the root's.
  func merged(into root: HTTPRule) -> HTTPRule {
    var rule = self
    let names = [root.name, name].compactMap { $0 }.filter { !$0.isEmpty }
    rule.name = names.isEmpty ? nil : names.joined(separator: "-")
    // A delegate's conditions narrow those of the rule that delegates; one of the two is nearly always empty.
    if matches.isEmpty { rule.matches = root.matches }
    rule.timeout = timeout ?? root.timeout
    rule.retries = retries ?? root.retries
    if delay == nil, abort == nil { (rule.delay, rule.abort) = (root.delay, root.abort) }
    if mirrors.isEmpty { rule.mirrors = root.mirrors }
    rule.directStatus = directStatus ?? root.directStatus
    rule.headers = headers ?? root.headers
    rule.rewrite = rewrite ?? root.rewrite
    return rule
  }

  /// What istiod retries on where a rule does not say (seen in a recorded Envoy).
  static let defaultRetryOn = [
    "connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes", "503",
  ]

  /// The share a fault hits: none where it is not written.
  private static func percent(_ json: JSONValue) -> Double {
    let value = json["percentage"].map { $0["value"]?.double ?? 0 } ?? json["percent"]?.double ?? 0
    return min(100, max(0, value)) / 100
  }
}

/// One rule for connections.
struct ConnectionRule: Sendable {
  var ports: [Int]
  var sniHosts: [String]
  var sourceLabels: [[String: String]]
  var routes: [RouteDestination]

  init(_ json: JSONValue, namespace: String) {
    let matches = json["match"]?.array ?? []
    ports = matches.compactMap { $0["port"]?.int }
    sniHosts = matches.flatMap { Optional($0).strings("sniHosts") }
    sourceLabels = matches.compactMap { $0["sourceLabels"]?.stringMap }.filter { !$0.isEmpty }
    routes = (json["route"]?.array ?? []).map { RouteDestination($0, namespace: namespace) }
  }

  func matches(port: Int, source: [String: String]) -> Bool {
    (ports.isEmpty || ports.contains(port))
      && (sourceLabels.isEmpty || sourceLabels.contains { $0.allSatisfy { source[$0.key] == $0.value } })
  }
}

extension JSONValue? {
  func strings(_ name: String) -> [String] { (self?[name]?.array ?? []).compactMap(\.string) }
  func elements(_ name: String) -> [JSONValue] { self?[name]?.array ?? [] }
}

extension Duration {
  /// The milliseconds a duration such as `1.5s`, `500ms` or `1h2m` spells, or `nil` where it spells none.
  static func milliseconds(_ text: String) -> Double? {
    var total = 0.0
    var number = ""
    var unit = ""
    func factor(_ unit: String) -> Double? {
      ["h": 3_600_000.0, "m": 60_000, "s": 1_000, "ms": 1, "us": 0.001, "ns": 0.000_001][unit]
    }
    for character in text {
      if character.isNumber || character == "." {
        if !unit.isEmpty {
          guard let value = Double(number), let factor = factor(unit) else { return nil }
          total += value * factor
          number = ""
          unit = ""
        }
        number.append(character)
      } else {
        unit.append(character)
      }
    }
    guard let value = Double(number), let factor = factor(unit) else { return nil }
    return total + value * factor
  }
}
