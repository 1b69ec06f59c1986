import MeshModel

/// The Istio objects that have the same consequence as an App Mesh's resources.
///
/// A mesh is a namespace of the simulation; a virtual service is called by the first label of its name; a virtual node is
/// the workload of its name. What clients enforce is not translated: the simulation's proxies speak TLS wherever the
/// server takes it.
struct AppMeshTranslation {
  private let services: [JSONValue]
  private let routes: [JSONValue]
  private let nodes: [JSONValue]
  private let gatewayRoutes: [JSONValue]
  private let gateways: [JSONValue]

  init(_ store: AppMeshStore) {
    services = store.everything(.virtualService)
    routes = store.everything(.route)
    nodes = store.everything(.virtualNode)
    gatewayRoutes = store.everything(.gatewayRoute)
    gateways = store.everything(.virtualGateway)
  }

  var objects: [JSONValue] {
    services.flatMap(service) + nodes.compactMap(peerAuthentication) + gateways.flatMap(gateway)
  }

  private static func mesh(_ json: JSONValue) -> String { json["meshName"]?.string ?? "" }

  /// The host that a virtual service is in the simulation.
  static func host(_ name: String) -> String { name.split(separator: ".").first.map(String.init) ?? name }

  private func object(_ group: String, _ kind: String, _ mesh: String, _ name: String, _ spec: JSONValue) -> JSONValue {
    [
      "apiVersion": .string("\(group).istio.io/v1"), "kind": .string(kind),
      "metadata": ["name": .string(name), "namespace": .string(mesh)], "spec": spec,
    ]
  }

  /// A virtual service with the routes of its router, and the nodes they lead to as subsets.
  private func service(_ json: JSONValue) -> [JSONValue] {
    let mesh = Self.mesh(json)
    let host = Self.host(json["virtualServiceName"]?.string ?? "")
    var rules: [JSONValue]
    var targets: [String]
    if let router = json["spec"]?["provider"]?["virtualRouter"]?["virtualRouterName"]?.string {
      let own = routes.filter { Self.mesh($0) == mesh && $0["virtualRouterName"]?.string == router }
        // A lower number is tried first; where there is none, last. Source: API reference, `RouteSpec.priority`.
        .sorted { ($0["spec"]?["priority"]?.int ?? 1001) < ($1["spec"]?["priority"]?.int ?? 1001) }
      rules = own.compactMap { Self.rule($0, host) }
      targets = own.flatMap(Self.nodes)
    } else if let node = json["spec"]?["provider"]?["virtualNode"]?["virtualNodeName"]?.string {
      rules = [["route": [Self.destination(host, node, 1)]]]
      targets = [node]
    } else {
      return []
    }
    // What no route takes is answered by the router itself: App Mesh's Envoys answer 404.
    rules.append(["directResponse": ["status": 404]])
    var seen: Set<String> = []
    let subsets = targets.filter { seen.insert($0).inserted }.map { node -> JSONValue in
      ["name": .string(node), "labels": labels(node, host)]
    }
    return [
      object("networking", "VirtualService", mesh, host, ["hosts": [.string(host)], "http": .array(rules)]),
      object("networking", "DestinationRule", mesh, host, ["host": .string(host), "subsets": .array(subsets)]),
    ]
  }

  /// The labels that the instances of a node carry in the simulation: those of its app and version.
  private func labels(_ node: String, _ host: String) -> JSONValue {
    guard node.hasPrefix(host + "-") else { return ["app": .string(node)] }
    return ["app": .string(host), "version": .string(String(node.dropFirst(host.count + 1)))]
  }

  private static let layers = ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"]

  private static func body(_ route: JSONValue) -> JSONValue? {
    layers.compactMap { route["spec"]?[$0] }.first { !$0.isNull }
  }

  private static func nodes(_ route: JSONValue) -> [String] {
    (body(route)?["action"]?["weightedTargets"]?.array ?? []).compactMap { $0["virtualNode"]?.string }
  }

  private static func rule(_ route: JSONValue, _ host: String) -> JSONValue? {
    guard let body = body(route) else { return nil }
    let targets = body["action"]?["weightedTargets"]?.array ?? []
    var rule: JSONValue = [
      "name": route["routeName"] ?? "",
      "route": .array(targets.map { destination(host, $0["virtualNode"]?.string ?? "", $0["weight"]?.int ?? 0) }),
    ]
    let condition = condition(body["match"])
    if condition.object?.isEmpty == false { rule["match"] = [condition] }
    if let timeout = duration(body["timeout"]?["perRequest"]) { rule["timeout"] = .string(timeout) }
    if let policy = body["retryPolicy"], let attempts = policy["maxRetries"]?.int {
      let events = (policy["httpRetryEvents"]?.array ?? []) + (policy["tcpRetryEvents"]?.array ?? [])
      let words = events.compactMap {
        [
          "server-error": "5xx", "gateway-error": "gateway-error", "connection-error": "connect-failure",
          "stream-error": "reset", "client-error": "retriable-4xx",
        ][$0.string ?? ""]
      }
      rule["retries"] = ["attempts": .int(attempts), "retryOn": .string(words.joined(separator: ","))]
      if let each = duration(policy["perRetryTimeout"]) { rule["retries"]?["perTryTimeout"] = .string(each) }
    }
    return rule
  }

  private static func destination(_ host: String, _ node: String, _ weight: Int) -> JSONValue {
    ["destination": ["host": .string(host), "subset": .string(node)], "weight": .int(weight)]
  }

  private static func duration(_ value: JSONValue?) -> String? {
    value?["value"]?.int.map { "\($0)\(value?["unit"]?.string ?? "s")" }
  }

  private static func condition(_ match: JSONValue?) -> JSONValue {
    var condition: JSONValue = [:]
    if let prefix = match?["prefix"]?.string, prefix != "/" { condition["uri"] = ["prefix": .string(prefix)] }
    if let path = match?["path"]?["exact"] { condition["uri"] = ["exact": path] }
    if let path = match?["path"]?["regex"] { condition["uri"] = ["regex": path] }
    if let method = match?["method"], !method.isNull { condition["method"] = ["exact": method] }
    var headers = JSONObject()
    for header in match?["headers"]?.array ?? [] where header["invert"]?.bool != true {
      guard let name = header["name"]?.string?.lowercased() else { continue }
      let word = ["exact", "prefix", "regex"].first { header["match"]?[$0] != nil }
      headers[name] = word.map { [$0: header["match"]?[$0] ?? .null] } ?? ["regex": ".*"]
    }
    if !headers.isEmpty { condition["headers"] = .object(headers) }
    return condition
  }

  /// What the listeners of a node accept.
  private func peerAuthentication(_ node: JSONValue) -> JSONValue? {
    guard let name = node["virtualNodeName"]?.string else { return nil }
    let modes = (node["spec"]?["listeners"]?.array ?? []).map { $0["tls"]?["mode"]?.string ?? "DISABLED" }
    let mode =
      modes.contains("DISABLED") || modes.isEmpty ? "DISABLE" : modes.contains("PERMISSIVE") ? "PERMISSIVE" : "STRICT"
    let host =
      services.map { Self.host($0["virtualServiceName"]?.string ?? "") }.filter { name.hasPrefix($0 + "-") }
      .max { $0.utf8.count < $1.utf8.count } ?? name
    return object(
      "security", "PeerAuthentication", Self.mesh(node), name,
      ["selector": ["matchLabels": labels(name, host)], "mtls": ["mode": .string(mode)]])
  }

  /// A virtual gateway with its routes, for whatever host is asked for.
  private func gateway(_ json: JSONValue) -> [JSONValue] {
    let (mesh, name) = (Self.mesh(json), json["virtualGatewayName"]?.string ?? "")
    let servers = (json["spec"]?["listeners"]?.array ?? []).map { listener -> JSONValue in
      [
        "port": ["number": listener["portMapping"]?["port"] ?? 80, "name": "http", "protocol": "HTTP"], "hosts": ["*"],
      ]
    }
    let own = gatewayRoutes.filter { Self.mesh($0) == mesh && $0["virtualGatewayName"]?.string == name }
    let rules = own.compactMap { route -> JSONValue? in
      guard let body = Self.body(route),
        let target = body["action"]?["target"]?["virtualService"]?["virtualServiceName"]?.string
      else { return nil }
      var rule: JSONValue = ["route": [["destination": ["host": .string(Self.host(target))]]]]
      let condition = Self.condition(body["match"])
      if condition.object?.isEmpty == false { rule["match"] = [condition] }
      return rule
    }
    guard !rules.isEmpty else { return [] }
    return [
      object(
        "networking", "Gateway", mesh, name, ["selector": ["app": .string(name)], "servers": .array(servers)]),
      object(
        "networking", "VirtualService", mesh, "\(name)-routes",
        ["hosts": ["*"], "gateways": [.string(name)], "http": .array(rules)]),
    ]
  }
}
