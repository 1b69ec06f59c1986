import MeshModel

/// A destination rule as the control plane reads it.
struct DestinationRule: Sendable {
  /// A TLS mode of clients.
  enum TLSMode: String, Sendable {
    case disable = "DISABLE"
    case simple = "SIMPLE"
    case mutual = "MUTUAL"
    case istioMutual = "ISTIO_MUTUAL"
  }

  struct Policy: Sendable {
    var mode: TLSMode?
    var portModes: [Int: TLSMode]
    var json: JSONValue?

    init(_ json: JSONValue?) {
      self.json = json
      mode = Self.mode(json)
      portModes = [:]
      for setting in json.elements("portLevelSettings") {
        if let port = setting["port"]?["number"]?.int, let mode = Self.mode(setting) { portModes[port] = mode }
      }
    }

    private static func mode(_ json: JSONValue?) -> TLSMode? {
      guard let tls = json?["tls"] else { return nil }
      // An empty `tls` is the zero value of the enumeration, which is DISABLE.
      return TLSMode(rawValue: tls["mode"]?.string ?? "DISABLE")
    }
  }

  struct Subset: Sendable {
    var name: String
    var labels: [String: String]
    var policy: Policy
  }

  var namespace: String
  var name: String
  var created: String
  var host: String
  var exportTo: [String]
  var workloadSelector: [String: String]
  var policy: Policy
  var subsets: [Subset]

  init(_ object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    namespace = object.namespace
    name = object.name
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    host = Registry.qualified(spec?["host"]?.string ?? "", in: object.namespace)
    exportTo = spec.strings("exportTo")
    workloadSelector = spec?["workloadSelector"]?["matchLabels"]?.stringMap ?? [:]
    policy = Policy(spec?["trafficPolicy"])
    subsets = spec.elements("subsets").map {
      Subset(
        name: $0["name"]?.string ?? "", labels: $0["labels"]?.stringMap ?? [:], policy: Policy($0["trafficPolicy"]))
    }
  }

  /// The mode for a service port and subset, the most specific first (Istio, `cluster_tls.go` and `push_context.go`.1).
  func mode(port: Int, subset: String?) -> TLSMode? {
    let subsetPolicy = subset.flatMap { name in subsets.first { $0.name == name }?.policy }
    return subsetPolicy?.portModes[port] ?? subsetPolicy?.mode ?? policy.portModes[port] ?? policy.mode
  }

  func covers(_ host: String) -> Int? {
    if self.host == host { return Int.max }
    if self.host == "*" { return 0 }
    return self.host.hasPrefix("*.") && host.hasSuffix(self.host.dropFirst()) ? self.host.utf8.count : nil
  }
}

/// A peer authentication as the control plane reads it.
struct PeerAuthentication: Sendable {
  /// What a workload accepts.
  enum Mode: String, Sendable {
    case disable = "DISABLE"
    case permissive = "PERMISSIVE"
    case strict = "STRICT"
  }

  var namespace: String
  var name: String
  var created: String
  var selector: [String: String]
  var mode: Mode?
  var portModes: [Int: Mode]

  init(_ object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    namespace = object.namespace
    name = object.name
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    selector = spec?["selector"]?["matchLabels"]?.stringMap ?? [:]
    mode = spec?["mtls"]?["mode"]?.string.flatMap(Mode.init(rawValue:))
    portModes = [:]
    for member in spec?["portLevelMtls"]?.object?.members ?? [] {
      if let port = Int(member.name), let mode = member.value["mode"]?.string.flatMap(Mode.init(rawValue:)) {
        portModes[port] = mode
      }
    }
  }
}

/// An authorization policy as the control plane reads it: callers by principal or namespace, operations by method and path.
struct AuthorizationPolicy: Sendable {
  struct Rule: Sendable {
    var principals: [String]
    var namespaces: [String]
    var methods: [String]
    var paths: [String]
    /// Whether it asks for something the simulation does not know; such a rule never matches.
    var isBeyondSimulation: Bool
  }

  var namespace: String
  var selector: [String: String]
  /// The gateways it is for, by name, where it is for gateways or for services behind a waypoint; `nil` elsewhere.
  var gateways: [String]?
  var action: String
  var rules: [Rule]

  init(_ object: StoredObject) {
    let spec = object.json["spec"]
    namespace = object.namespace
    let targets = spec.elements("targetRefs") + (spec?["targetRef"].map { [$0] } ?? [])
    if !targets.isEmpty { gateways = targets.filter { $0["kind"] == "Gateway" }.compactMap { $0["name"]?.string } }
    selector = spec?["selector"]?["matchLabels"]?.stringMap ?? [:]
    action = spec?["action"]?.string ?? "ALLOW"
    rules = spec.elements("rules").map { rule in
      let sources = (rule["from"]?.array ?? []).compactMap { $0["source"] }
      let operations = (rule["to"]?.array ?? []).compactMap { $0["operation"] }
      let known: Set = ["principals", "namespaces", "methods", "paths"]
      let fields = (sources + operations).flatMap { $0.object?.names ?? [] }
      return Rule(
        principals: sources.flatMap { Optional($0).strings("principals") },
        namespaces: sources.flatMap { Optional($0).strings("namespaces") },
        methods: operations.flatMap { Optional($0).strings("methods") },
        paths: operations.flatMap { Optional($0).strings("paths") },
        isBeyondSimulation: rule["when"]?.array?.isEmpty == false || !known.isSuperset(of: fields))
    }
  }

  /// Whether the proxy of an instance goes by it (istiod, `ShouldAttachPolicy`).
  func isFor(_ instance: Instance, root: String) -> Bool {
    guard namespace == instance.namespace || namespace == root else { return false }
    guard let gateways else { return instance.matches(selector) }
    return instance.labels["gateway.networking.k8s.io/gateway-name"].map { gateways.contains($0) } ?? false
  }

  /// Whether a rule matches a request; `principal` is `nil` for callers without a certificate.
  func matches(principal: String?, namespace: String?, request: RequestShape) -> Bool {
    rules.contains { rule in
      !rule.isBeyondSimulation
        && (rule.principals.isEmpty || principal.map { Self.any(rule.principals, $0) } == true)
        && (rule.namespaces.isEmpty || namespace.map { Self.any(rule.namespaces, $0) } == true)
        && (rule.methods.isEmpty || Self.any(rule.methods, request.method))
        && (rule.paths.isEmpty || Self.any(rule.paths, request.path))
    }
  }

  private static func any(_ patterns: [String], _ value: String) -> Bool {
    patterns.contains { pattern in
      if pattern == "*" || pattern == value { return true }
      if pattern.hasSuffix("*") { return value.hasPrefix(pattern.dropLast()) }
      return pattern.hasPrefix("*") && value.hasSuffix(pattern.dropFirst())
    }
  }
}
