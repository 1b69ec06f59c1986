import MeshModel

/// The neutral views of what a fleet told: node groups that call clusters, and the routes between them.
///
/// A group of proxies (the node's `cluster`) is a namespace: proxies of a group run the same configuration, and names of
/// clusters mean something only inside one.
struct EnvoyEntities {
  let plane: PlaneName
  let fleet: EnvoyFleet.State
  /// Whether this is what a control plane sends, and no proxy runs it yet.
  var isControlPlane = false

  /// The kinds of native and derived things, as their references have them.
  enum Kind {
    static let virtualHost = "virtualhost"
    static let tcpProxy = "tcpproxy"
    static let runtime = "runtime"
    static let proxy = "proxy"
    static let cluster = "cluster"
    static let listener = "listener"
    static let all = [virtualHost, tcpProxy, proxy, cluster, listener, "service", "workload", "endpoint"]
  }

  /// All entities.
  func all() -> [Entity] {
    let groups = Dictionary(grouping: fleet.readings, by: \.group)
    return groups.flatMap { name, readings in
      nodes(name, readings) + clusters(name, readings) + routes(name, readings) + listeners(name, readings)
    }
  }

  /// The name of the workload that a group of proxies is: the group's, unless one of its clusters has that name.
  static func workload(ofGroup group: String, clusters: some Sequence<String>) -> String {
    let name = group.isEmpty ? "envoy" : group
    return clusters.contains { EnvoyReader.name($0) == name } ? "\(name)~proxy" : name
  }

  /// The name of a route: its table's and its virtual host's, or its listener's.
  static func route(_ table: EnvoyRouteTable, _ host: EnvoyRouteTable.VirtualHost) -> (kind: ObjectKind, name: String) {
    if host.entries.contains(where: { $0.layer == .tcp }) { return (Kind.tcpProxy, EnvoyReader.name(table.name)) }
    return (Kind.virtualHost, EnvoyReader.name("\(table.name):\(host.name)"))
  }

  /// What a proxy runs of a table, each rule under the identity by which its route finds it again.
  static func programmed(
    _ table: EnvoyRouteTable, proxy: ObjectRef, group: String, runtime: EnvoyRuntime
  ) -> [ProgrammedRoute] {
    table.hosts.flatMap { host in
      let route = route(table, host)
      return host.entries.enumerated().filter { !$0.element.weights.clusters.isEmpty }.map { index, entry in
        ProgrammedRoute(
          proxy: proxy, domains: host.domains, name: entry.name,
          origin: EnvoyRules.origin(group: group, route: route.name, rule: index),
          clusters: zip(entry.weights.clusters, entry.weights.effective(runtime.values)).map { target, weight in
            ProgrammedRoute.Cluster(host: target.cluster, subset: nil, port: nil, weight: weight)
          })
      }
    }
  }

  private func ref(_ group: String, _ kind: ObjectKind, _ name: String) -> ObjectRef {
    ObjectRef(plane: plane, namespace: EnvoyReader.name(group), kind: kind, name: EnvoyReader.name(name))
  }

  private func nodes(_ group: String, _ readings: [EnvoyReading]) -> [Entity] {
    let name = Self.workload(ofGroup: group, clusters: readings.flatMap(\.clusters.keys))
    let workload = ref(group, "workload", name)
    let labels = ["envoy.group": name]
    var entities: [Entity] = [
      .workload(
        Workload(
          ref: workload, labels: labels, desired: isControlPlane ? nil : readings.count, nativeKind: Kind.proxy))
    ]
    for reading in readings where !isControlPlane {
      var own = labels
      own["version"] = reading.version
      entities.append(
        .endpoint(
          Endpoint(
            ref: ref(group, Kind.proxy, reading.node), workload: workload, labels: own, address: reading.address,
            ports: reading.listeners.compactMap(\.port),
            isReady: reading.state == "LIVE" && fleet.failures[reading.address] == nil, proxy: .gateway,
            acceptsMeshTLS: reading.listeners.contains { $0.mode == .strict })))
    }
    return entities
  }

  private func clusters(_ group: String, _ readings: [EnvoyReading]) -> [Entity] {
    var entities: [Entity] = []
    for name in Set(readings.flatMap(\.clusters.keys)).sorted() {
      let holders = readings.compactMap { reading in reading.clusters[name].map { (reading, $0) } }
      guard let (_, cluster) = holders.first else { continue }
      let workload = ref(group, "workload", name)
      var labels = ["envoy.cluster": name]
      let pressed = holders.compactMap { reading, cluster in reading.pressure[cluster.statName] }
      if let words = pressed.first {
        labels["envoy.pressure"] =
          holders.count > 1 ? "\(words) (on \(pressed.count) of \(holders.count) proxies)" : words
      }
      var hosts: [String: [EnvoyCluster.Host]] = [:]
      for (_, cluster) in holders {
        for host in cluster.hosts {
          hosts[host.port.map { "\(host.address):\($0)" } ?? host.address, default: []].append(host)
        }
      }
      entities.append(
        .workload(
          Workload(
            ref: workload, labels: labels, runtime: .external, desired: hosts.isEmpty ? nil : hosts.count,
            nativeKind: Kind.cluster)))
      let ports = Set(hosts.values.compactMap { $0.first?.port }).sorted()
      let isTCP = holders.contains { reading, _ in
        reading.listeners.contains { $0.tcp.contains { $0.weights.clusters.contains { $0.cluster == name } } }
      }
      let role: Role = isTCP ? .tcp : cluster.isHTTP2 ? .grpc : .http
      entities.append(
        .service(
          Service(
            ref: ref(group, "service", name), hosts: [name],
            ports: ports.map {
              ServicePort(name: "", port: $0, targetPort: $0, appProtocol: isTCP ? "tcp" : "http")
            }, selector: ["envoy.cluster": name], runtime: .external, role: role)))
      entities.append(
        .destination(
          DestinationPolicy(
            ref: ref(group, Kind.cluster, name), host: name,
            settings: DestinationPolicy.TrafficSettings(
              tls: cluster.tls, loadBalancer: cluster.loadBalancer, outlierDetection: cluster.outlierDetection,
              connectionPool: cluster.circuitBreakers), version: cluster.version,
            apiVersion: "envoy.config.cluster.v3")))
      for (address, seen) in hosts.sorted(by: { $0.key < $1.key }) {
        let faulty = seen.filter { !$0.faults.isEmpty }
        var own = ["envoy.cluster": name]
        if let first = faulty.first {
          let words = first.faults.joined(separator: ", ")
          own["envoy.health"] = seen.count > 1 ? "\(words) (says \(faulty.count) of \(seen.count) proxies)" : words
        }
        entities.append(
          .endpoint(
            Endpoint(
              ref: ref(group, "endpoint", "\(name)@\(address)"), workload: workload, labels: own,
              address: seen.first?.address ?? "", ports: seen.first?.port.map { [$0] } ?? [],
              // What most proxies say: one that ejected a host by itself does not take it from the others.
              isReady: faulty.count * 2 < seen.count || faulty.isEmpty, proxy: .none,
              acceptsMeshTLS: cluster.tls == .istioMutual || cluster.tls == .mutual, runtime: .external)))
      }
    }
    return entities
  }

  private func routes(_ group: String, _ readings: [EnvoyReading]) -> [Entity] {
    var result: [ObjectRef: Route] = [:]
    for reading in readings {
      for table in reading.allTables {
        let conditions = reading.conditions(of: table.name)
        for host in table.hosts {
          let (kind, name) = Self.route(table, host)
          let ref = ref(group, kind, name)
          guard result[ref] == nil else { continue }
          let owner = reading.origin.owner(isStatic: table.isStatic)
          result[ref] = Route(
            ref: ref, dialect: .envoy, apiVersion: "envoy.config.route.v3", hosts: host.domains,
            attachedTo: reading.listeners(using: table.name).map(\.name),
            rules: host.entries.map { Self.rule($0, runtime: reading.runtime, conditions) }, version: table.version,
            owners: [
              Owner(
                tool: table.isStatic || reading.origin.controlPlane == nil ? "bootstrap" : "xDS",
                name: reading.origin.name(isStatic: table.isStatic), evidence: owner)
            ])
        }
      }
    }
    return result.values.map { .route($0) }
  }

  /// - Parameter scopes: The conditions of the scopes in which alone the rule's table holds.
  private static func rule(_ entry: EnvoyRouteTable.Entry, runtime: EnvoyRuntime, _ scopes: [String]) -> Rule {
    let weights = entry.weights.effective(runtime.values)
    var match = entry.match
    if !scopes.isEmpty { match.others.append(scopes.joined(separator: " or ")) }
    return Rule(
      name: entry.name, layer: entry.layer, matches: match.isEmpty ? [] : [match],
      backends: zip(entry.weights.clusters, weights).map { target, weight in
        Backend(
          name: EnvoyReader.name(target.cluster), host: target.cluster, weight: weight, pointer: target.pointer)
      }, timeout: entry.timeout, retries: entry.retries, mirrors: entry.mirrors, action: entry.action,
      pointer: entry.pointer)
  }

  private func listeners(_ group: String, _ readings: [EnvoyReading]) -> [Entity] {
    var result: [ObjectRef: Gateway] = [:]
    let workload = Self.workload(ofGroup: group, clusters: readings.flatMap(\.clusters.keys))
    for listener in readings.flatMap(\.listeners) {
      let ref = ref(group, Kind.listener, listener.name)
      guard result[ref] == nil else { continue }
      result[ref] = Gateway(
        ref: ref, selector: ["envoy.group": workload],
        listeners: [
          Gateway.Listener(
            port: listener.port ?? 0, transport: listener.transport, hosts: listener.serverNames, tls: listener.tls,
            pointer: "/filter_chains")
        ])
    }
    return result.values.map { .gateway($0) }
  }
}
