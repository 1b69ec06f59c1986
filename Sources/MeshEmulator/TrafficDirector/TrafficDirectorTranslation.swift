import MeshModel

/// The Istio objects that have the same consequence as a project's routes and policies.
///
/// A group stands for the workload of its name, a backend service for the instances of its groups; a proxy's metadata has
/// the labels of its instance.
struct TrafficDirectorTranslation {
  /// The namespace in which a project's services run in the simulation.
  static let namespace = "default"

  private let resources: TrafficDirectorResources
  private let instances: [Instance]
  private let backends: [String: JSONValue]

  init(_ resources: TrafficDirectorResources) {
    self.resources = resources
    instances = resources.estate.state.registry.sortedInstances
    backends = Dictionary(
      resources.estate.documents(TrafficDirectorResources.backendServices).map { ($0.name, $0.json) },
      uniquingKeysWith: { $1 })
  }

  /// Whether an instance is in a group: by the name of its workload, of a machine by application and version.
  static func isMember(_ instance: Instance, of group: String) -> Bool {
    if instance.workload == group, !instance.isMachine { return true }
    let app = instance.labels["app"] ?? ""
    return instance.labels["version"].map { "\(app)-\($0)" == group } ?? (app == group)
  }

  var objects: [JSONValue] {
    routes(.httpRoutes, "http") + routes(.grpcRoutes, "http") + routes(.tcpRoutes, "tcp") + subsets + mutualTLS
      + callers
  }

  private func object(_ group: String, _ kind: String, _ name: String, _ spec: JSONValue) -> JSONValue {
    [
      "apiVersion": .string("\(group).istio.io/v1"), "kind": .string(kind),
      "metadata": ["name": .string(name), "namespace": .string(Self.namespace)], "spec": spec,
    ]
  }

  private static func id(_ link: JSONValue?) -> String {
    link?.string?.split(separator: "/").last.map(String.init) ?? ""
  }

  /// The application and version that serve each group of a backend service.
  private func targets(_ service: String) -> [(host: String, subset: String?)] {
    (backends[service]?["backends"]?.array ?? []).compactMap { backend in
      let group = Self.id(backend["group"])
      guard let instance = instances.first(where: { Self.isMember($0, of: group) }), let app = instance.labels["app"]
      else { return nil }
      return (app, instance.labels["version"])
    }
  }

  private func routes(_ kind: TrafficDirectorCollection, _ member: String) -> [JSONValue] {
    resources.stored(kind).compactMap { id, json in
      let rules = (json["rules"]?.array ?? []).map { rule(of: $0, kind) }
      var hosts = json["hostnames"] ?? []
      // A TCP route is for whatever goes to its services.
      if hosts.array?.isEmpty != false {
        let names = (json["rules"]?.array ?? []).flatMap { $0["action"]?["destinations"]?.array ?? [] }
          .flatMap { targets(Self.id($0["serviceName"])) }.map(\.host)
        hosts = .array(Set(names).sorted().map(JSONValue.string))
      }
      guard hosts.array?.isEmpty == false else { return nil }
      return object("networking", "VirtualService", id, ["hosts": hosts, member: .array(rules)])
    }
  }

  private func rule(of json: JSONValue, _ kind: TrafficDirectorCollection) -> JSONValue {
    var rule: JSONValue = [:]
    let conditions = (json["matches"]?.array ?? []).map { Self.condition($0, kind) }
    if !conditions.isEmpty, !conditions.contains([:]) { rule["match"] = .array(conditions) }
    let action = json["action"] ?? .null
    rule["route"] = .array(destinations(action["destinations"]?.array ?? []))
    if let timeout = action["timeout"] { rule["timeout"] = timeout }
    if let policy = action["retryPolicy"] {
      let reasons = (policy["retryConditions"]?.array ?? []).compactMap(\.string).joined(separator: ",")
      var retries: JSONValue = ["attempts": .int(policy["numRetries"]?.int ?? 1), "retryOn": .string(reasons)]
      if let time = policy["perTryTimeout"] { retries["perTryTimeout"] = time }
      rule["retries"] = retries
    }
    if let policy = action["faultInjectionPolicy"] {
      var fault: JSONValue = [:]
      if let delay = policy["delay"] {
        fault["delay"] = ["fixedDelay": delay["fixedDelay"] ?? "0s", "percentage": ["value": delay["percentage"] ?? 0]]
      }
      if let abort = policy["abort"] {
        fault["abort"] = ["httpStatus": abort["httpStatus"] ?? 500, "percentage": ["value": abort["percentage"] ?? 0]]
      }
      rule["fault"] = fault
    }
    if let mirror = action["requestMirrorPolicy"],
      let target = targets(Self.id(mirror["destination"]?["serviceName"])).first
    {
      rule["mirror"] = Self.destination(target)
      rule["mirrorPercentage"] = ["value": mirror["mirrorPercent"] ?? 100]
    }
    return rule
  }

  /// The shares of the destinations, in parts of a million: of a service with several groups each group gets its part.
  private func destinations(_ destinations: [JSONValue]) -> [JSONValue] {
    let weights = destinations.map { max(0, $0["weight"]?.int ?? 0) }
    let sum = weights.reduce(0, +)
    return destinations.enumerated().flatMap { index, destination -> [JSONValue] in
      let targets = targets(Self.id(destination["serviceName"]))
      let share = sum == 0 ? 1 / Double(destinations.count) : Double(weights[index]) / Double(sum)
      return targets.map { target in
        let part = ProxyView.whole((share / Double(targets.count) * 1_000_000).rounded())
        return ["destination": Self.destination(target), "weight": .int(part)]
      }
    }
  }

  private static func destination(_ target: (host: String, subset: String?)) -> JSONValue {
    var destination: JSONValue = ["host": .string(target.host)]
    if let subset = target.subset { destination["subset"] = .string(subset) }
    return destination
  }

  private static func condition(_ match: JSONValue, _ kind: TrafficDirectorCollection) -> JSONValue {
    var condition: JSONValue = [:]
    if let path = match["fullPathMatch"] { condition["uri"] = ["exact": path] }
    if let path = match["prefixMatch"] { condition["uri"] = ["prefix": path] }
    if let path = match["regexMatch"] { condition["uri"] = ["regex": path] }
    if let method = match["method"], let service = method["grpcService"]?.string {
      let name = method["grpcMethod"]?.string
      condition["uri"] = name.map { ["exact": .string("/\(service)/\($0)")] } ?? ["prefix": .string("/\(service)/")]
    }
    var headers = JSONObject()
    var others = JSONObject()
    for header in match["headers"]?.array ?? [] {
      guard let name = (header["header"] ?? header["key"])?.string?.lowercased() else { continue }
      let value: JSONValue =
        header["exactMatch"].map { ["exact": $0] } ?? header["prefixMatch"].map { ["prefix": $0] }
        ?? header["regexMatch"].map { ["regex": $0] } ?? header["value"].map { ["exact": $0] } ?? ["regex": ".+"]
      if header["invertMatch"]?.bool == true { others[name] = value } else { headers[name] = value }
    }
    if !headers.isEmpty { condition["headers"] = .object(headers) }
    if !others.isEmpty { condition["withoutHeaders"] = .object(others) }
    if kind == .tcpRoutes, let port = match["port"]?.string.flatMap(Int.init) { condition = ["port": .int(port)] }
    return condition
  }

  /// The versions of each application as subsets, with the TLS that callers of its backend services use.
  private var subsets: [JSONValue] {
    var versions: [String: Set<String>] = [:]
    var tls: [String: String] = [:]
    for (service, json) in backends {
      let link = json["securitySettings"]?["clientTlsPolicy"]
      let policy = resources.stored(.clientTlsPolicies).first { $0.id == Self.id(link) }
      let mode = policy.map { $0.json["clientCertificate"] == nil ? "SIMPLE" : "ISTIO_MUTUAL" } ?? "DISABLE"
      for target in targets(service) {
        if let subset = target.subset { versions[target.host, default: []].insert(subset) }
        tls[target.host] = mode
      }
    }
    return tls.sorted { $0.key < $1.key }.map { host, mode in
      let list = (versions[host] ?? []).sorted().map { version -> JSONValue in
        ["name": .string(version), "labels": ["version": .string(version)]]
      }
      return object(
        "networking", "DestinationRule", host,
        ["host": .string(host), "subsets": .array(list), "trafficPolicy": ["tls": ["mode": .string(mode)]]])
    }
  }

  private func mode(_ policy: JSONValue) -> JSONValue {
    let link = policy["serverTlsPolicy"]
    guard let server = resources.stored(.serverTlsPolicies).first(where: { $0.id == Self.id(link) })?.json,
      server["mtlsPolicy"] != nil
    else { return "DISABLE" }
    return server["allowOpen"]?.bool == true ? "PERMISSIVE" : "STRICT"
  }

  /// The labels that a policy's proxies have, one set for each way to fit; an empty set fits every proxy.
  private func selectors(_ policy: JSONValue) -> [JSONObject] {
    let matcher = policy["endpointMatcher"]?["metadataLabelMatcher"]
    let labels = (matcher?["metadataLabels"]?.array ?? []).map {
      JSONObject.Member(name: $0["labelName"]?.string ?? "", value: $0["labelValue"] ?? "")
    }
    if labels.isEmpty { return [JSONObject()] }
    let needsAll =
      matcher?["metadataLabelMatchCriteria"]?.string == "MATCH_ALL" || matcher?["metadataLabelMatchCriteria"]?.int == 2
    return needsAll ? [JSONObject(labels)] : labels.map { JSONObject([$0]) }
  }

  private var mutualTLS: [JSONValue] {
    let policies = resources.stored(.endpointPolicies).flatMap { id, json in
      selectors(json).enumerated().map { ("\(id)-\($0.offset)", $0.element, json) }
    }
    var objects = policies.map { name, selector, json in
      var spec: JSONValue = ["mtls": ["mode": mode(json)]]
      if !selector.isEmpty { spec["selector"] = ["matchLabels": .object(selector)] }
      return object("security", "PeerAuthentication", name, spec)
    }
    // Without an endpoint policy nothing that comes in is authenticated.
    if !policies.contains(where: { $0.1.isEmpty }) {
      objects.append(object("security", "PeerAuthentication", "otherwise", ["mtls": ["mode": "DISABLE"]]))
    }
    return objects
  }

  /// Who may call, where an endpoint policy names an authorization policy.
  private var callers: [JSONValue] {
    resources.stored(.endpointPolicies).flatMap { id, json -> [JSONValue] in
      guard
        let policy = resources.stored(.authorizationPolicies).first(where: {
          $0.id == Self.id(json["authorizationPolicy"])
        })
      else { return [] }
      let rules = (policy.json["rules"]?.array ?? []).map(Self.callers)
      return selectors(json).enumerated().map { index, selector in
        var spec: JSONValue = [
          "action": policy.json["action"] ?? "ALLOW", "rules": rules.isEmpty ? [[:]] : .array(rules),
        ]
        if !selector.isEmpty { spec["selector"] = ["matchLabels": .object(selector)] }
        return object("security", "AuthorizationPolicy", "\(id)-\(index)", spec)
      }
    }
  }

  private static func callers(_ rule: JSONValue) -> JSONValue {
    var result: JSONValue = [:]
    let sources = (rule["sources"]?.array ?? []).map { source -> JSONValue in
      var from: JSONValue = [:]
      // A certificate names `spiffe://TRUST/ns/NAMESPACE/sa/ACCOUNT`; the simulation has one trust domain.
      let principals = (source["principals"]?.array ?? []).compactMap(\.string).map { principal -> JSONValue in
        guard let range = principal.firstRange(of: "/ns/") else { return .string(principal) }
        return .string("cluster.local" + principal[range.lowerBound...])
      }
      if !principals.isEmpty { from["principals"] = .array(principals) }
      if let blocks = source["ipBlocks"] { from["ipBlocks"] = blocks }
      return ["source": from]
    }
    if !sources.isEmpty { result["from"] = .array(sources) }
    let operations = (rule["destinations"]?.array ?? []).map { destination -> JSONValue in
      var to: JSONValue = [:]
      for member in ["hosts", "methods"] { if let value = destination[member] { to[member] = value } }
      if let ports = destination["ports"]?.array {
        to["ports"] = .array(ports.compactMap(\.int).map { .string(String($0)) })
      }
      return ["operation": to]
    }
    if !operations.isEmpty { result["to"] = .array(operations) }
    return result
  }
}
