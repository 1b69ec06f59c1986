/// The way of calls through the mesh: which route, cluster and endpoint they take and how they end.
///
/// Requests are a fluid here: a call is divided by shares, never tossed; the counters make whole requests of it.
struct CallSolver {
  let registry: Registry
  let distribution: ConfigDistribution
  let mesh: Scenario.Mesh
  let time: Double
  /// The behaviour of workloads by `namespace/name`; of external services by host.
  let behaviours: [String: WorkloadBehaviour]
  let linkerd: LinkerdConfiguration
  /// What reaches each workload, where limits of rates look at it.
  var loads: [String: LinkerdRateLimit.Load] = [:]
  private var instancesByWorkload: [String: [Instance]] = [:]
  var endpointsByHost: [String: [Instance]] = [:]
  var answers: [String: Answer] = [:]
  var underWay: Set<String> = []

  /// How a workload answers, what it calls included.
  struct Answer {
    var failureShare: Double
    var errorStatus: Int
    var latency: Latency
    var isGRPC: Bool
  }

  init(
    registry: Registry, distribution: ConfigDistribution, mesh: Scenario.Mesh, time: Double,
    behaviours: [String: WorkloadBehaviour], linkerd: LinkerdConfiguration = LinkerdConfiguration()
  ) {
    self.linkerd = linkerd
    self.registry = registry
    self.distribution = distribution
    self.mesh = mesh
    self.time = time
    self.behaviours = behaviours
    for namespace in Set(behaviours.keys.compactMap { $0.split(separator: "/").first.map(String.init) }) {
      for instance in (registry.instances[namespace] ?? [:]).values {
        instancesByWorkload[instance.workloadID, default: []].append(instance)
      }
    }
    for id in instancesByWorkload.keys { instancesByWorkload[id]?.sort { $0.name < $1.name } }
  }

  /// The ready instances of a workload.
  func instances(_ workload: String) -> [Instance] { (instancesByWorkload[workload] ?? []).filter(\.isReady) }

  /// What becomes of a call of a workload, over all its instances and the configurations they work with.
  mutating func outcome(of call: Scenario.Call, from workload: String, isArrival: Bool = false) -> CallOutcome {
    let callers = instances(workload)
    guard let first = callers.first else { return CallOutcome() }
    if first.proxy == .linkerd { return outcomeThroughLinkerd(of: call, from: first) }
    if first.proxy == .ambient { return outcomeInAmbient(of: call, from: first) }
    guard first.hasProxy else { return outcomeWithoutProxy(of: call, from: first) }
    return routed(call, from: first, through: callers, isArrival: isArrival)
  }

  /// A call by the rules that proxies work with, in proportion to the number of those that work with each.
  mutating func routed(
    _ call: Scenario.Call, from caller: Instance, through proxies: [Instance], isArrival: Bool = false
  ) -> CallOutcome {
    var groups: [Int: (push: ConfigPush, count: Int)] = [:]
    for proxy in proxies {
      guard let push = distribution.acknowledged(by: proxy, at: time) else { continue }
      groups[push.id, default: (push, 0)].count += 1
    }
    var result = CallOutcome()
    for id in groups.keys.sorted() {
      guard let group = groups[id] else { continue }
      let share = Double(group.count) / Double(proxies.count)
      result.add(routed(call, from: caller, by: group.push.configuration, isArrival: isArrival), share: share)
    }
    return result
  }

  /// A call of a workload that no proxy stands before: straight to any endpoint, in plaintext, reported by nobody.
  private mutating func outcomeWithoutProxy(of call: Scenario.Call, from caller: Instance) -> CallOutcome {
    let host = registry.resolve(call.to, in: caller.namespace)
    guard let service = registry.services[host], let port = service.port(call.port) else { return CallOutcome() }
    return tries(
      Cluster(service: service, port: port, labels: [:]), call: call, caller: caller, sent: .plaintext, policy: nil)
  }

  /// A call by the rules of one configuration.
  private mutating func routed(
    _ call: Scenario.Call, from caller: Instance, by configuration: MeshConfiguration, isArrival: Bool
  ) -> CallOutcome {
    let host = isArrival ? call.to : registry.resolve(call.to, in: caller.namespace)
    let service = registry.services[host]
    let port = service?.port(call.port)
    let number = port?.number ?? call.port ?? (isArrival ? 443 : 80)
    let route = configuration.virtualService(
      for: host, client: caller.namespace, gateway: isArrival ? "*" : "mesh")
    let isHTTP = isArrival || port.map { ["HTTP", "HTTP2", "GRPC"].contains($0.protocol) } ?? true
    guard isHTTP else {
      let rule = (route.map { $0.tcp + $0.tls } ?? []).first { $0.matches(port: number, source: caller.labels) }
      if let rule {
        return spread(rule.routes, call: call, caller: caller, port: number, configuration: configuration, rule: nil)
      }
      guard let service, let port else { return missing(nil, flags: "NC") }
      return cluster(
        Cluster(service: service, port: port, labels: [:]), call: call, caller: caller, configuration: configuration,
        rule: nil)
    }
    if let route, !route.http.isEmpty {
      let request = RequestShape(
        method: call.method, path: call.path, authority: call.to, headers: call.headers, port: number)
      let gateway = isArrival ? route.gateways.first { $0 != "mesh" } ?? "" : "mesh"
      let rule = configuration.rules(of: route).first { rule in
        rule.matches.isEmpty
          || rule.matches.contains {
            $0.matches(request, source: caller.labels, namespace: caller.namespace, gateway: gateway)
          }
      }
      guard let rule else { return missing(service, code: 404, flags: "NR") }
      return applied(rule, call: call, caller: caller, port: number, configuration: configuration, service: service)
    }
    if isArrival, let rule = route?.tls.first(where: { $0.matches(port: number, source: caller.labels) }) {
      return spread(rule.routes, call: call, caller: caller, port: number, configuration: configuration, rule: nil)
    }
    guard !isArrival, let service, let port else { return missing(nil, code: 404, flags: "NR") }
    return cluster(
      Cluster(service: service, port: port, labels: [:]), call: call, caller: caller, configuration: configuration,
      rule: nil)
  }

  /// One rule: faults first, then the weighted destinations, then mirrors.
  private mutating func applied(
    _ rule: HTTPRule, call: Scenario.Call, caller: Instance, port: Int, configuration: MeshConfiguration,
    service: RegistryService?
  ) -> CallOutcome {
    if let status = rule.directStatus { return missing(service, code: status, flags: "") }
    if rule.redirect != nil { return missing(service, code: 301, flags: "") }
    var routed = spread(
      rule.routes, call: call, caller: caller, port: port, configuration: configuration, rule: rule)
    if let delay = rule.delay, delay.share > 0 {
      routed.seen = routed.seen.flatMap { outcome -> [Outcome] in
        var delayed = outcome.scaled(delay.share).adding(flag: "DI")
        delayed.latency = delayed.latency.delayed(by: delay.milliseconds)
        return delay.share < 1 ? [outcome.scaled(1 - delay.share), delayed] : [delayed]
      }
    }
    if let abort = rule.abort, abort.share > 0 {
      var result = CallOutcome()
      result.add(routed, share: 1 - abort.share)
      result.seen.removeAll { $0.share <= 0 }
      result.served.removeAll { $0.share <= 0 }
      var aborted = Outcome(share: abort.share, code: abort.status, flags: "FI", latency: .about(0.4))
      aborted.grpcStatus = abort.grpcStatus.map { GRPCStatus.number($0) } ?? ""
      result.seen.append(aborted)
      routed = result
    }
    for mirror in rule.mirrors where mirror.share > 0 {
      let shadow = spread(
        [mirror.destination], call: call, caller: caller, port: port, configuration: configuration, rule: nil)
      routed.served += shadow.served.map { $0.scaled(mirror.share) }
    }
    return routed
  }

  /// Calls over weighted destinations.
  private mutating func spread(
    _ routes: [RouteDestination], call: Scenario.Call, caller: Instance, port: Int, configuration: MeshConfiguration,
    rule: HTTPRule?
  ) -> CallOutcome {
    var result = CallOutcome()
    for (destination, share) in RouteDestination.shares(routes) {
      let host = registry.resolve(destination.host, in: caller.namespace)
      guard let service = registry.services[host],
        let target = service.port(destination.port ?? (service.ports.count == 1 ? nil : port)) ?? service.ports.first
      else {
        result.add(missing(nil, flags: "NC"), share: share)
        continue
      }
      var labels: [String: String] = [:]
      if let subset = destination.subset {
        let policy = configuration.destinationRule(
          for: host, client: caller.namespace, service: service.namespace, root: mesh.rootNamespace,
          labels: caller.labels)
        guard let found = policy?.subsets.first(where: { $0.name == subset }) else {
          // A route to a cluster that was never made.
          result.add(missing(service, flags: "NC"), share: share)
          continue
        }
        labels = found.labels
      }
      let cluster = Cluster(service: service, port: target, subset: destination.subset, labels: labels)
      result.add(
        self.cluster(cluster, call: call, caller: caller, configuration: configuration, rule: rule), share: share)
    }
    return result
  }

  /// The endpoints of one service port and subset.
  struct Cluster {
    var service: RegistryService
    var port: RegistryService.Port
    var subset: String?
    var labels: [String: String]

    /// The name proxies know it by.
    var name: String { "outbound|\(port.number)|\(subset ?? "")|\(service.host)" }
  }

  private mutating func cluster(
    _ cluster: Cluster, call: Scenario.Call, caller: Instance, configuration: MeshConfiguration, rule: HTTPRule?
  ) -> CallOutcome {
    let service = cluster.service
    let policy = configuration.destinationRule(
      for: service.host, client: caller.namespace, service: service.namespace, root: mesh.rootNamespace,
      labels: caller.labels)
    let sent = MutualTLS(configuration: configuration, mesh: mesh, registry: registry)
      .sent(by: caller.proxy, rule: policy, service: service, port: cluster.port, subset: cluster.subset)
    let retries = rule?.retries ?? HTTPRule.Retries(attempts: 2, perTryTimeout: nil, retryOn: HTTPRule.defaultRetryOn)
    let result = tries(
      cluster, call: call, caller: caller, sent: sent,
      policy: TryPolicy(retries: retries, timeout: rule?.timeout, configuration: configuration))
    return result
  }

  /// A call that no workload answers.
  private func missing(_ service: RegistryService?, code: Int = 503, flags: String) -> CallOutcome {
    CallOutcome(
      seen: [Outcome(share: 1, code: code, flags: flags, latency: .about(0.3))], service: service,
      port: service?.ports.first?.number ?? 0)
  }
}
