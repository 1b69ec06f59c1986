import MeshModel

/// What was read of one namespace, and the neutral things it stands for.
struct ConsulReading: Sendable {
  /// The namespace, where the server has namespaces.
  var namespace: String?
  /// The instances of everything in the catalog; `nil` where the catalog was not read.
  var instances: [ConsulInstance]?
  /// The instances that each subset of a service selects, as the server itself evaluates its filter.
  var subsets: [String: [String: Set<String>]] = [:]
  /// The services that peers export to this cluster.
  var imports: [ConsulImport] = []
  /// The services that transparent sidecars may call, by the service they stand before, as the servers tell.
  var upstreams: [String: [String]] = [:]
  /// The configuration entries by kind.
  var entries: [ConsulKind: [JSONValue]] = [:]
  /// Why a kind is not there: denied, or not known to these servers.
  var gaps: [ObjectKind: FeedState] = [:]

  /// The label that an instance carries for its service.
  static let serviceLabel = "consul-service"

  /// The label that an instance carries for each subset it belongs to.
  static func label(subset: String) -> String { "consul-subset/\(subset)" }

  /// The things by kind; a kind that was not read is left out.
  func entities(plane: PlaneName) -> [(ObjectKind, [Entity])] {
    var result: [(ObjectKind, [Entity])] = []
    if let instances {
      result += catalog(instances, plane)
    }
    for (kind, entries) in entries.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      result.append((kind.rawValue, entries.flatMap { ConsulEntryReader(json: $0, plane: plane).entities() }))
    }
    return result
  }

  private func catalog(_ instances: [ConsulInstance], _ plane: PlaneName) -> [(ObjectKind, [Entity])] {
    let space = namespace ?? ConsulName.defaultNamespace
    func ref(_ kind: ObjectKind, _ name: String) -> ObjectRef {
      ObjectRef(plane: plane, namespace: space, kind: kind, name: ConsulName.encoded(name))
    }
    let sidecars = Dictionary(
      instances.filter { $0.kind == "connect-proxy" }.map { ("\($0.node)/\($0.destinationID)", $0) },
      uniquingKeysWith: { first, _ in first })
    let proper = instances.filter { $0.kind.isEmpty || $0.kind.hasSuffix("gateway") }
    var services: [Entity] = []
    var workloads: [ObjectRef: Workload] = [:]
    var endpoints: [Entity] = []
    for (name, group) in Dictionary(grouping: proper, by: \.service).sorted(by: { $0.key < $1.key }) {
      services.append(.service(service(name, group, ref("service", name))))
      for instance in group {
        let memberships = (subsets[name] ?? [:]).filter { $0.value.contains(instance.key) }.keys.sorted()
        let workload = ref("workload", ([name] + memberships).joined(separator: "-"))
        var labels = [Self.serviceLabel: name]
        for subset in memberships { labels[Self.label(subset: subset)] = "member" }
        workloads[workload] = Workload(
          ref: workload, labels: labels, serviceAccount: "", runtime: .vm, desired: nil, nativeKind: "service")
        let proxy: ProxyMode =
          !instance.kind.isEmpty ? .gateway : sidecars[instance.key] != nil || instance.isNative ? .sidecar : .none
        for (key, value) in instance.meta { labels["meta/\(key)"] = value }
        endpoints.append(
          .endpoint(
            Endpoint(
              ref: ref("instance", "\(instance.node):\(instance.id)"), workload: workload, labels: labels,
              address: instance.address, ports: instance.port > 0 ? [instance.port] : [],
              isReady: instance.isPassing && sidecars[instance.key]?.isPassing != false, proxy: proxy,
              acceptsMeshTLS: proxy != .none, runtime: .vm)))
      }
    }
    var scopes: [ObjectRef: EgressScope] = [:]
    for sidecar in instances where sidecar.kind == "connect-proxy" {
      let scope = ref("upstreams", sidecar.destination)
      let hosts = Set(scopes[scope]?.hosts ?? []).union(sidecar.upstreams).union(upstreams[sidecar.destination] ?? [])
      guard !hosts.isEmpty else { continue }
      scopes[scope] = EgressScope(
        ref: scope, selector: [Self.serviceLabel: sidecar.destination], hosts: hosts.sorted(), namesCallees: true)
    }
    for found in imports {
      for (kind, entity) in found.entities(plane, namespace: space) {
        switch (kind, entity) {
        case (_, .workload(let workload)): workloads[workload.ref] = workload
        case ("service", _): services.append(entity)
        default: endpoints.append(entity)
        }
      }
    }
    let here = Namespace(ref: ObjectRef(plane: plane, namespace: "", kind: "namespace", name: space), labels: [:])
    return [
      ("namespace", [.namespace(here)]), ("service", services),
      ("workload", workloads.values.sorted { $0.ref < $1.ref }.map { .workload($0) }), ("instance", endpoints),
      ("upstreams", scopes.values.sorted { $0.ref < $1.ref }.map { .egressScope($0) }),
    ]
  }

  private func service(_ name: String, _ instances: [ConsulInstance], _ ref: ObjectRef) -> Service {
    let spoken = protocolName(of: name)
    let ports = Set(instances.map(\.port)).filter { $0 > 0 }.sorted().map {
      ServicePort(name: spoken, port: $0, targetPort: $0, appProtocol: spoken)
    }
    return Service(
      ref: ref, hosts: [name, "\(name).service.consul", "\(name).virtual.consul"], ports: ports,
      selector: [Self.serviceLabel: name], runtime: .vm, role: Self.role(of: spoken))
  }

  /// What a server of a protocol is.
  static func role(of spoken: String) -> Role { spoken == "grpc" ? .grpc : spoken == "tcp" ? .tcp : .http }

  /// The protocol of a service: its own, the proxies' default, else TCP.
  func protocolName(of service: String) -> String {
    let own = entries[.serviceDefaults]?.first { $0["Name"]?.string == service }?["Protocol"]?.string ?? ""
    if !own.isEmpty { return own.lowercased() }
    let general = entries[.proxyDefaults]?.first?["Config"]?["protocol"]?.string ?? ""
    return general.isEmpty ? "tcp" : general.lowercased()
  }
}
