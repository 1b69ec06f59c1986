import MeshModel

/// Linkerd's configuration at one moment: the routes of callers, and who is let in. Its proxies are told at once.
///
/// Source: Linkerd, "Authorization Policy" and "HTTPRoute". The client has an implementation of its own; the two check
/// each other.
struct LinkerdConfiguration: Sendable {
  /// What callers' proxies route by where no profile goes before it.
  private var routes = MeshConfiguration()
  private var profiles: [Key: VirtualService] = [:]
  private(set) var servers: [Key: LinkerdServer] = [:]
  private(set) var authorizations: [Key: LinkerdAuthorization] = [:]
  private(set) var authentications: [Key: LinkerdDemand] = [:]
  /// The routes of servers by namespace and name, with the servers they hang on.
  private(set) var serverRoutes: [Key: (servers: [String], rules: [HTTPRule])] = [:]
  private(set) var rateLimits: [Key: LinkerdRateLimit] = [:]
  private(set) var egressNetworks: [Key: EgressNetwork] = [:]

  /// The identity of an object.
  struct Key: Sendable, Hashable {
    var kind: String
    var namespace: String
    var name: String
  }

  private static let policy = "policy.linkerd.io"

  /// The kinds it is made of.
  static func holds(_ resource: ResourceID) -> Bool {
    switch resource.group {
    case policy:
      [
        "httproutes", "servers", "serverauthorizations", "authorizationpolicies", "meshtlsauthentications",
        "networkauthentications", "httplocalratelimitpolicies", "egressnetworks",
      ].contains(resource.plural)
    case "linkerd.io": resource.plural == "serviceprofiles"
    case "gateway.networking.k8s.io": ["httproutes", "grpcroutes", "tcproutes"].contains(resource.plural)
    case "split.smi-spec.io": true
    default: false
    }
  }

  mutating func put(_ object: StoredObject) {
    let key = Self.key(object)
    switch (object.resource.group, object.resource.plural) {
    case (Self.policy, "servers"): servers[key] = LinkerdServer(object)
    case (Self.policy, "authorizationpolicies"): authorizations[key] = LinkerdAuthorization(policy: object)
    case (Self.policy, "serverauthorizations"): authorizations[key] = LinkerdAuthorization(server: object)
    case (Self.policy, "meshtlsauthentications"):
      authentications[key] = .identities(LinkerdDemand.names(object.json["spec"], in: object.namespace))
    case (Self.policy, "networkauthentications"):
      authentications[key] = .networks(LinkerdDemand.networks(object.json["spec"]?["networks"]))
    case ("linkerd.io", "serviceprofiles"): profiles[key] = VirtualService.serviceProfile(object)
    case (Self.policy, "httplocalratelimitpolicies"): rateLimits[key] = LinkerdRateLimit(object)
    case (Self.policy, "egressnetworks"): egressNetworks[key] = EgressNetwork(object)
    default:
      serverRoutes[key] = nil
      if object.resource.plural == "httproutes" {
        let hung = VirtualService.serverRoute(object)
        if !hung.servers.isEmpty { serverRoutes[key] = hung }
      }
      routes.put(object, as: VirtualService.linkerd)
    }
  }

  mutating func remove(_ object: StoredObject) {
    let key = Self.key(object)
    servers[key] = nil
    authorizations[key] = nil
    authentications[key] = nil
    serverRoutes[key] = nil
    profiles[key] = nil
    rateLimits[key] = nil
    egressNetworks[key] = nil
    routes.remove(object, as: VirtualService.linkerd)
  }

  /// What a caller's proxies route calls of a host by.
  ///
  /// A profile with routes or overrides goes before routes, and the caller's own before that of the host's namespace
  /// (linkerd2-proxy, `should_override_policy`; Linkerd, "Setting Up Service Profiles").
  func route(for host: String, of service: RegistryService, client: String) -> VirtualService? {
    for namespace in [client, service.namespace] {
      let key = Key(kind: "serviceprofile", namespace: namespace, name: host)
      if let profile = profiles[key], !profile.http.isEmpty { return profile }
    }
    return routes.virtualService(for: host, client: client, gateway: "mesh")
  }

  /// What a network says of calls of a host outside the cluster.
  func route(for host: String, through network: EgressNetwork, client: String) -> VirtualService? {
    routes.virtualService(for: host, client: client, gateway: "\(network.namespace)/\(network.name)")
  }

  private static func key(_ object: StoredObject) -> Key {
    let plural = object.resource.plural
    let kind = ["authorizationpolicies": "authorizationpolicy"][plural] ?? String(plural.dropLast())
    return Key(kind: kind, namespace: object.namespace, name: object.name)
  }
}

/// A Server: a port of instances, and what becomes of callers that no authorization lets in.
struct LinkerdServer: Sendable {
  var namespace: String
  var name: String
  var created: String
  var labels: [String: String]
  var selector: [String: String]
  /// Whether it is for machines outside the cluster and not for pods.
  var selectsMachines: Bool
  /// A number, or the name of a container's port.
  var port: String
  var fallback: String

  init(_ object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    namespace = object.namespace
    name = object.name
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    labels = json["metadata"]?["labels"]?.stringMap ?? [:]
    selectsMachines = spec?["podSelector"] == nil && spec?["externalWorkloadSelector"] != nil
    selector =
      spec?[selectsMachines ? "externalWorkloadSelector" : "podSelector"]?["matchLabels"]?.stringMap ?? [:]
    port = spec?["port"]?.string ?? spec?["port"]?.int.map(String.init) ?? ""
    fallback = spec?["accessPolicy"]?.string ?? "deny"
  }

  func claims(_ instance: Instance, port: Int) -> Bool {
    instance.namespace == namespace && instance.isMachine == selectsMachines && instance.matches(selector)
      && (self.port == String(port) || instance.portNames[self.port] == port)
  }
}

/// One demand on callers.
enum LinkerdDemand: Sendable {
  /// One of these: a full name, `*`, `*.suffix`, `namespace/account`, `namespace/*`.
  case identities([String])
  case networks([NetworkRange])
  /// An authentication by reference.
  case reference(LinkerdConfiguration.Key)

  static func names(_ json: JSONValue?, in namespace: String) -> [String] {
    let named = json.strings("identities")
    let references = (json.elements("identityRefs") + json.elements("serviceAccounts")).map { item in
      let name = item["name"]?.string ?? ""
      return item["kind"]?.string == "Namespace"
        ? "\(name.isEmpty ? namespace : name)/*" : "\(item["namespace"]?.string ?? namespace)/\(name)"
    }
    return named + references
  }

  static func networks(_ json: JSONValue?) -> [NetworkRange] {
    (json?.array ?? []).map {
      NetworkRange(cidr: $0["cidr"]?.string ?? "", except: Optional($0).strings("except"))
    }
  }
}

/// What lets callers in: all demands of one must be met.
struct LinkerdAuthorization: Sendable {
  /// What it is for: a server, a route or a namespace.
  var target: LinkerdConfiguration.Key?
  /// The labels of the servers it is for, where it chooses them so.
  var serverLabels: [String: String]?
  var namespace: String
  var demands: [LinkerdDemand]

  init(policy object: StoredObject) {
    let spec = object.json["spec"]
    func key(_ json: JSONValue) -> LinkerdConfiguration.Key {
      LinkerdConfiguration.Key(
        kind: json["kind"]?.string?.lowercased() ?? "", namespace: json["namespace"]?.string ?? object.namespace,
        name: json["name"]?.string ?? "")
    }
    namespace = object.namespace
    target = spec?["targetRef"].map(key)
    demands = spec.elements("requiredAuthenticationRefs").map { reference in
      reference["kind"]?.string == "ServiceAccount"
        ? .identities(["\(reference["namespace"]?.string ?? object.namespace)/\(reference["name"]?.string ?? "")"])
        : .reference(key(reference))
    }
  }

  init(server object: StoredObject) {
    let spec = object.json["spec"]
    let client = spec?["client"]
    namespace = object.namespace
    if let name = spec?["server"]?["name"]?.string {
      target = LinkerdConfiguration.Key(kind: "server", namespace: object.namespace, name: name)
    } else {
      serverLabels = spec?["server"]?["selector"]?["matchLabels"]?.stringMap ?? [:]
    }
    demands = []
    if client?["unauthenticated"]?.bool != true {
      let any = client?["meshTLS"]?["unauthenticatedTLS"]?.bool == true
      demands.append(.identities(LinkerdDemand.names(client?["meshTLS"], in: object.namespace) + (any ? ["*"] : [])))
    }
    if let networks = client?["networks"] { demands.append(.networks(LinkerdDemand.networks(networks))) }
  }
}
