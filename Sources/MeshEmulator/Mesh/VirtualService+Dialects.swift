import MeshModel

extension VirtualService {
  /// What reads the objects of configuration APIs, by group and plural.
  typealias Readers = [ResourceID: @Sendable (StoredObject) -> VirtualService?]

  /// The kinds by which proxies of Linkerd route.
  static let linkerd: Readers = [
    ResourceID("httproutes", group: "gateway.networking.k8s.io"): linkerdRoute,
    ResourceID("grpcroutes", group: "gateway.networking.k8s.io"): linkerdRoute,
    ResourceID("httproutes", group: "policy.linkerd.io"): linkerdRoute,
    ResourceID("trafficsplits", group: "split.smi-spec.io"): trafficSplit,
  ]

  /// The kinds of other configuration APIs by which istiod routes.
  static let dialects: Readers = [
    ResourceID("httproutes", group: "gateway.networking.k8s.io"): gatewayRoute,
    ResourceID("grpcroutes", group: "gateway.networking.k8s.io"): gatewayRoute,
    ResourceID("tcproutes", group: "gateway.networking.k8s.io"): gatewayRoute,
    ResourceID("tlsroutes", group: "gateway.networking.k8s.io"): gatewayRoute,
    ResourceID("trafficsplits", group: "split.smi-spec.io"): trafficSplit,
    ResourceID("services", group: "serving.knative.dev"): knative,
    ResourceID("routes", group: "serving.knative.dev"): knative,
  ]

  @Sendable private static func gatewayRoute(_ object: StoredObject) -> VirtualService? {
    route(object, through: ["Gateway", "ListenerSet"])
  }

  @Sendable private static func linkerdRoute(_ object: StoredObject) -> VirtualService? {
    route(object, through: ["EgressNetwork"])
  }

  /// What a control plane makes of a route of the Gateway API: a virtual service for its Service parents, for those of its
  /// kinds of entrances and exits, or both.
  private static func route(_ object: StoredObject, through kinds: Set<String>) -> VirtualService? {
    let json = object.json
    let spec = json["spec"] ?? [:]
    var hosts: [JSONValue] = []
    var gateways: [JSONValue] = []
    var isOfConsumer = false
    for parent in spec["parentRefs"]?.array ?? [] {
      let namespace = parent["namespace"]?.string ?? object.namespace
      let name = parent["name"]?.string ?? ""
      if parent["kind"]?.string == "Service" {
        hosts.append(.string(host(name, namespace)))
        gateways.append("mesh")
        isOfConsumer = namespace != object.namespace
      } else if kinds.contains(parent["kind"]?.string ?? "Gateway") {
        gateways.append(.string("\(namespace)/\(name)"))
      }
    }
    guard !gateways.isEmpty else { return nil }
    hosts += spec["hostnames"]?.array ?? []
    // Without names a route is for all that come to its parents.
    if hosts.isEmpty { hosts = ["*"] }
    let (layer, kind) =
      [
        "grpcroutes": ("http", "GRPCRoute"), "tcproutes": ("tcp", "TCPRoute"), "tlsroutes": ("tls", "TLSRoute"),
      ][object.resource.plural] ?? ("http", "HTTPRoute")
    var result = made(
      object, hosts: hosts, gateways: gateways, [layer: .array(ordered(spec, object.namespace))])
    result?.origin = RouteOrigin(
      group: object.resource.group, kind: kind, namespace: object.namespace, name: object.name)
    // A route for another namespace's service is for callers of its own namespace alone (Gateway API, GEP-1324).
    if isOfConsumer { result?.exportTo = ["."] }
    return result
  }

  /// The servers a route of Linkerd hangs on, and its rules.
  static func serverRoute(_ object: StoredObject) -> (servers: [String], rules: [HTTPRule]) {
    let spec = object.json["spec"] ?? [:]
    let servers = (spec["parentRefs"]?.array ?? []).filter { $0["kind"]?.string == "Server" }
      .compactMap { $0["name"]?.string }
    guard !servers.isEmpty else { return ([], []) }
    return (servers, ordered(spec, object.namespace).map { HTTPRule($0, namespace: object.namespace) })
  }

  /// The rules of a route in Istio's words, a rule a condition, the most specific one first.
  private static func ordered(_ spec: JSONValue, _ namespace: String) -> [JSONValue] {
    var rules: [(rank: [Int], rule: JSONValue)] = []
    for rule in spec["rules"]?.array ?? [] {
      let matches = rule["matches"]?.array ?? []
      for match in matches.isEmpty ? [[:]] : matches {
        rules.append((rank(match), istioRule(rule, match, namespace: namespace)))
      }
    }
    // The most specific condition goes first; between equal ones the order written (Gateway API, HTTPRouteRule.matches).
    return rules.enumerated().sorted {
      $0.element.rank == $1.element.rank
        ? $0.offset < $1.offset : $1.element.rank.lexicographicallyPrecedes($0.element.rank)
    }.map(\.element.rule)
  }

  /// Linkerd's ServiceProfile: classes of requests with timeouts and retries, and backends by weight for all of them.
  static func serviceProfile(_ object: StoredObject) -> VirtualService? {
    let spec = object.json["spec"] ?? [:]
    let routes = (spec["dstOverrides"]?.array ?? []).map { override -> JSONValue in
      let authority = (override["authority"]?.string ?? "").prefix { $0 != ":" }
      return ["destination": ["host": .string(String(authority))], "weight": .int(thousandths(override["weight"]))]
    }
    var rules = (spec["routes"]?.array ?? []).map { route -> JSONValue in
      var condition: JSONValue = [:]
      if let path = route["condition"]?["pathRegex"] { condition["uri"] = ["regex": path] }
      if let method = route["condition"]?["method"] { condition["method"] = ["exact": method] }
      var rule: JSONValue = ["route": .array(routes)]
      if condition.object?.isEmpty == false { rule["match"] = [condition] }
      if let timeout = route["timeout"] { rule["timeout"] = timeout }
      if route["isRetryable"]?.bool == true { rule["retries"] = ["attempts": 1, "retryOn": "5xx"] }
      return rule
    }
    if !routes.isEmpty { rules.append(["route": .array(routes)]) }
    var result = made(object, hosts: [.string(object.name)], gateways: ["mesh"], ["http": .array(rules)])
    result?.origin = RouteOrigin(
      group: object.resource.group, kind: "ServiceProfile", namespace: object.namespace, name: object.name)
    return result
  }

  /// A quantity such as `500m` or `1` in thousandths.
  private static func thousandths(_ json: JSONValue?) -> Int {
    let text = json?.string ?? json?.int.map(String.init) ?? "0"
    if text.hasSuffix("m") { return Int(text.dropLast()) ?? 0 }
    return Double(text).flatMap { Int(exactly: ($0 * 1000).rounded()) } ?? 0
  }

  /// SMI: the root service's calls go to the backends by weight.
  @Sendable private static func trafficSplit(_ object: StoredObject) -> VirtualService? {
    let spec = object.json["spec"] ?? [:]
    let routes = (spec["backends"]?.array ?? []).map { backend -> JSONValue in
      [
        "destination": ["host": .string(host(backend["service"]?.string ?? "", object.namespace))],
        "weight": backend["weight"] ?? 0,
      ]
    }
    let root = spec["service"]?.string ?? ""
    return made(
      object, hosts: [.string(root.contains(".") ? root : host(root, object.namespace))], gateways: ["mesh"],
      ["http": [["route": .array(routes)]]])
  }

  /// Knative: calls of the name of a Service, or of a Route, go to the Services of its revisions by percent.
  @Sendable private static func knative(_ object: StoredObject) -> VirtualService? {
    let json = object.json
    // What a Route's Configuration has ready its controller writes into the status.
    let followed = json["status"]?["traffic"]?.array?.first { $0["latestRevision"]?.bool == true }?["revisionName"]
    let latest = (json["status"]?["latestReadyRevisionName"] ?? followed)?.string ?? "\(object.name)-00001"
    let traffic = json["spec"]?["traffic"]?.array ?? [["latestRevision": true, "percent": 100]]
    let routes = traffic.map { target -> JSONValue in
      [
        "destination": ["host": .string(host(target["revisionName"]?.string ?? latest, object.namespace))],
        "weight": target["percent"] ?? 0,
      ]
    }
    return made(
      object, hosts: [.string(host(object.name, object.namespace))], gateways: ["mesh"],
      ["http": [["route": .array(routes)]]])
  }

  private static func host(_ name: String, _ namespace: String) -> String { "\(name).\(namespace).svc.cluster.local" }

  private static func made(
    _ object: StoredObject, hosts: [JSONValue], gateways: [JSONValue], _ rules: JSONValue
  ) -> VirtualService? {
    guard !hosts.isEmpty else { return nil }
    var spec = rules
    spec["hosts"] = .array(hosts)
    spec["gateways"] = .array(gateways)
    var json = object.json
    json["spec"] = spec
    return VirtualService(StoredObject(json, resource: object.resource, resourceVersion: object.resourceVersion))
  }

  /// How specific a condition is, the more significant part first.
  private static func rank(_ match: JSONValue) -> [Int] {
    let path = match["path"]
    let length = path?["value"]?.string?.utf8.count ?? 1
    let exact = path?["type"]?.string == "Exact" ? 1 : 0
    let method = match["method"] == nil ? 0 : 1
    return [exact, length, method, match["headers"]?.array?.count ?? 0, match["queryParams"]?.array?.count ?? 0]
  }

  private static func istioRule(_ rule: JSONValue, _ match: JSONValue, namespace: String) -> JSONValue {
    var result: JSONValue = [:]
    if let name = rule["name"] { result["name"] = name }
    let condition = condition(match)
    if condition.object?.isEmpty == false { result["match"] = [condition] }
    result["route"] = .array(
      (rule["backendRefs"]?.array ?? []).map { backend in
        var route: JSONValue = [
          "destination": [
            "host": .string(host(backend["name"]?.string ?? "", backend["namespace"]?.string ?? namespace))
          ]
        ]
        if let port = backend["port"] { route["destination"]?["port"] = ["number": port] }
        route["weight"] = backend["weight"] ?? 1
        return route
      })
    if let timeout = rule["timeouts"]?["request"] { result["timeout"] = timeout }
    for filter in rule["filters"]?.array ?? [] {
      if let mirror = filter["requestMirror"], let backend = mirror["backendRef"] {
        result["mirror"] = [
          "host": .string(host(backend["name"]?.string ?? "", backend["namespace"]?.string ?? namespace)),
          "port": ["number": backend["port"] ?? 80],
        ]
        if let percent = mirror["percent"] { result["mirrorPercentage"] = ["value": percent] }
      }
      if let redirect = filter["requestRedirect"] { result["redirect"] = ["authority": redirect["hostname"] ?? ""] }
    }
    return result
  }

  private static func condition(_ match: JSONValue) -> JSONValue {
    var condition: JSONValue = [:]
    if let path = match["path"], let value = path["value"]?.string {
      switch path["type"]?.string {
      case "Exact": condition["uri"] = ["exact": .string(value)]
      case "RegularExpression": condition["uri"] = ["regex": .string(value)]
      // A prefix matches whole segments.
      default: if value != "/" { condition["uri"] = ["regex": .string("\(value)(/.*)?")] }
      }
    }
    if let method = match["method"]?.string { condition["method"] = ["exact": .string(method)] }
    if let service = match["method"]?["service"]?.string {
      let name = match["method"]?["method"]?.string
      condition["uri"] = name.map { ["exact": .string("/\(service)/\($0)")] } ?? ["prefix": .string("/\(service)/")]
    }
    var headers = JSONObject()
    for header in match["headers"]?.array ?? [] {
      guard let name = header["name"]?.string else { continue }
      let isPattern = header["type"]?.string == "RegularExpression"
      headers[name] = [isPattern ? "regex" : "exact": header["value"] ?? ""]
    }
    if !headers.isEmpty { condition["headers"] = .object(headers) }
    return condition
  }
}
