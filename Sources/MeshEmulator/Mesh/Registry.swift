import MeshModel

/// A service of the registry: of Kubernetes or of a service entry.
struct RegistryService: Sendable {
  struct Port: Sendable {
    var name: String
    var number: Int
    var target: Int
    var `protocol`: String
  }

  /// The fully qualified host.
  var host: String
  /// The short name, for labels; the host itself for a service entry.
  var name: String
  var namespace: String
  var ports: [Port]
  var selector: [String: String]
  var address: String
  var isExternal: Bool
  var isServiceEntry: Bool
  /// The resolution, as registryz numbers it: 0 static, 1 DNS, 2 passthrough.
  var resolution: Int
  var labels: [String: String]
  var created: String
  var resourceVersion: Int

  init(service object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    name = object.name
    namespace = object.namespace
    host = "\(name).\(namespace).svc.cluster.local"
    ports = (spec?["ports"]?.array ?? []).map { port in
      let number = port["port"]?.int ?? 0
      let name = port["name"]?.string ?? ""
      return Port(
        name: name, number: number, target: port["targetPort"]?.int ?? number,
        protocol: Self.portProtocol(port["appProtocol"]?.string ?? name))
    }
    selector = spec?["selector"]?.stringMap ?? [:]
    address = spec?["clusterIP"]?.string ?? ""
    isExternal = false
    isServiceEntry = false
    resolution = 0
    labels = json["metadata"]?["labels"]?.stringMap ?? [:]
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    resourceVersion = object.resourceVersion
  }

  /// A host outside the cluster that no object stands for.
  init(outside host: String, port: Int, address: String) {
    self.host = host
    name = host
    namespace = ""
    ports = [Port(name: "http", number: port, target: port, protocol: "HTTP")]
    selector = [:]
    self.address = address
    isExternal = true
    isServiceEntry = false
    resolution = 2
    labels = [:]
    created = ""
    resourceVersion = 0
  }

  /// The services of a service entry, one a host.
  static func entries(_ object: StoredObject) -> [RegistryService] {
    let json = object.json
    let spec = json["spec"]
    return (spec?["hosts"]?.array ?? []).compactMap(\.string).map { host in
      var service = RegistryService(service: object)
      service.host = host
      service.name = host
      service.ports = (spec?["ports"]?.array ?? []).map { port in
        let number = port["number"]?.int ?? 0
        return Port(
          name: port["name"]?.string ?? "", number: number, target: port["targetPort"]?.int ?? number,
          protocol: port["protocol"]?.string?.uppercased() ?? "TCP")
      }
      service.selector = spec?["workloadSelector"]?["labels"]?.stringMap ?? [:]
      service.address = spec?["addresses"]?[0]?.string ?? "0.0.0.0"
      service.isExternal = spec?["location"]?.string != "MESH_INTERNAL"
      service.isServiceEntry = true
      service.resolution = ["STATIC": 0, "DNS": 1, "DNS_ROUND_ROBIN": 1][spec?["resolution"]?.string ?? ""] ?? 2
      return service
    }
  }

  /// The protocol a port's name begins with, as Istio selects it.
  static func portProtocol(_ name: String) -> String {
    let prefix = name.split(separator: "-").first.map(String.init) ?? name
    switch prefix {
    case "http": return "HTTP"
    case "http2": return "HTTP2"
    case "grpc": return "GRPC"
    case "https": return "HTTPS"
    case "tls": return "TLS"
    case "mongo", "mysql", "redis": return prefix.uppercased()
    default: return "TCP"
    }
  }

  func port(_ number: Int?) -> Port? {
    guard let number else { return ports.first }
    return ports.first { $0.number == number }
  }
}

extension JSONValue {
  /// The members of an object whose values are text.
  var stringMap: [String: String] {
    (object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
  }
}

/// What runs, kept up to date with the store: services and instances. Endpoint changes take effect at once.
struct Registry: Sendable {
  private(set) var services: [String: RegistryService] = [:]
  /// Instances by namespace and name; machines have a `~` and their group before theirs.
  private(set) var instances: [String: [String: Instance]] = [:]
  /// The addresses that slices name beside pods, and the instances that service entries name, by namespace and service,
  /// then by object.
  private var written: [String: [String: [Instance]]] = [:]
  private var hostsOfEntry: [String: [String]] = [:]
  /// The waypoints that namespaces ask for.
  private var waypoints: [String: String] = [:]
  /// Counts changes.
  private(set) var version = 0

  /// Whether a kind is of the registry: other groups have a kind `services` too.
  static func holds(_ resource: ResourceID) -> Bool {
    [
      "": ["pods", "services", "namespaces"], "networking.istio.io": ["serviceentries", "workloadentries"],
      "discovery.k8s.io": ["endpointslices"], "workload.linkerd.io": ["externalworkloads"],
    ][resource.group]?.contains(resource.plural) ?? false
  }

  mutating func put(_ object: StoredObject) {
    guard Self.holds(object.resource) else { return }
    version += 1
    switch object.resource.plural {
    case "pods": instances[object.namespace, default: [:]][object.name] = Instance(pod: object)
    case "namespaces": waypoints[object.name] = object.label(Self.waypointLabel)
    case "workloadentries":
      instances[object.namespace, default: [:]][Self.key(ofMachine: object)] = Instance(machine: object)
    case "externalworkloads":
      instances[object.namespace, default: [:]][Self.key(ofMachine: object)] = Instance(external: object)
    case "endpointslices":
      // What selectors find are the pods themselves.
      guard object.label("endpointslice.kubernetes.io/managed-by") != "endpointslice-controller.k8s.io" else { return }
      written[Self.place(ofSlice: object), default: [:]][object.name] = Instance.written(in: object)
    case "services":
      let service = RegistryService(service: object)
      services[service.host] = service
    case "serviceentries":
      remove(object)
      let entries = RegistryService.entries(object)
      hostsOfEntry["\(object.namespace)/\(object.name)"] = entries.map(\.host)
      let named = Instance.named(in: object)
      for entry in entries {
        services[entry.host] = entry
        written["\(entry.namespace)/\(entry.name)", default: [:]][Self.key(ofEntry: object)] = named
      }
    default: break
    }
  }

  mutating func remove(_ object: StoredObject) {
    guard Self.holds(object.resource) else { return }
    version += 1
    switch object.resource.plural {
    case "pods": instances[object.namespace]?[object.name] = nil
    case "namespaces": waypoints[object.name] = nil
    case "workloadentries", "externalworkloads": instances[object.namespace]?[Self.key(ofMachine: object)] = nil
    case "endpointslices": written[Self.place(ofSlice: object)]?[object.name] = nil
    case "services": services["\(object.name).\(object.namespace).svc.cluster.local"] = nil
    case "serviceentries":
      for host in hostsOfEntry.removeValue(forKey: "\(object.namespace)/\(object.name)") ?? [] {
        services[host] = nil
        written["\(object.namespace)/\(host)"]?[Self.key(ofEntry: object)] = nil
      }
    default: break
    }
  }

  /// The instances behind a service, in order of name.
  func endpoints(of service: RegistryService) -> [Instance] {
    let written = written["\(service.namespace)/\(service.name)"].map { $0.values.flatMap(\.self) } ?? []
    guard !service.selector.isEmpty else { return written.sorted { $0.name < $1.name } }
    return written
      + (instances[service.namespace] ?? [:]).values
      .filter { (!service.isServiceEntry || $0.isMachine) && $0.matches(service.selector) }
      .sorted { $0.name < $1.name }
  }

  private static let waypointLabel = "istio.io/use-waypoint"

  /// The name of the waypoint of its namespace that a service is reached through; `nil` where it has none.
  ///
  /// Source: Istio's labels: that of the service goes before the namespace's, and `none` means none.
  func waypoint(of service: RegistryService) -> String? {
    let name = service.labels[Self.waypointLabel] ?? waypoints[service.namespace]
    return name == "none" ? nil : name
  }

  private static func key(ofMachine object: StoredObject) -> String { "~\(object.resource.group)/\(object.name)" }

  /// No slice has such a name.
  private static func key(ofEntry object: StoredObject) -> String { "serviceentry/\(object.name)" }

  private static func place(ofSlice object: StoredObject) -> String {
    "\(object.namespace)/\(object.label("kubernetes.io/service-name") ?? "")"
  }

  /// All instances in order of namespace and name.
  var sortedInstances: [Instance] {
    instances.values.flatMap(\.values).sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
  }

  /// The instance of a pod.
  func pod(_ namespace: String, _ name: String) -> Instance? { instances[namespace]?[name] }

  /// The fully qualified host that a short one means in a namespace; as it is where it already is one.
  func resolve(_ host: String, in namespace: String) -> String {
    if services[host] != nil { return host }
    for candidate in Self.candidates(host, in: namespace) where services[candidate] != nil { return candidate }
    return Self.qualified(host, in: namespace)
  }

  private static func candidates(_ host: String, in namespace: String) -> [String] {
    host.contains(".")
      ? ["\(host).svc.cluster.local", "\(host).cluster.local"] : ["\(host).\(namespace).svc.cluster.local"]
  }

  /// A host as configuration means it: only names without dots are short (Istio API, VirtualService.hosts).
  static func qualified(_ host: String, in namespace: String) -> String {
    host.contains(".") || host == "*" ? host : "\(host).\(namespace).svc.cluster.local"
  }
}
