import MeshModel

/// What Linkerd makes of calls: mTLS between meshed instances always, and policies that say who is let in.
///
/// Source: Linkerd, "Authorization Policy": a Server claims a port of instances; then only callers that an authorization of
/// it lets in pass, and others as its `accessPolicy` says. Ports no Server claims follow the default inbound policy.
struct LinkerdMTLS: MTLSRules {
  private let snapshot: MeshSnapshot
  private let settings: MeshSettings?
  private let servers: [String: [AccessPolicy]]
  private let policies: [String: [AccessPolicy]]
  private let instances: [ObjectRef: [Endpoint]]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    settings = snapshot.meshes[plane]
    var servers: [String: [AccessPolicy]] = [:]
    var policies: [String: [AccessPolicy]] = [:]
    for policy in snapshot.accessPolicies.values where policy.ref.plane == plane {
      switch LinkerdKind(rawValue: policy.ref.kind) {
      case .server: servers[policy.ref.namespace, default: []].append(policy)
      case .authorizationPolicy, .serverAuthorization: policies[policy.ref.namespace, default: []].append(policy)
      default: break
      }
    }
    self.servers = servers.mapValues { $0.sorted { $0.ref < $1.ref } }
    self.policies = policies.mapValues { $0.sorted { $0.ref < $1.ref } }
    var instances: [ObjectRef: [Endpoint]] = [:]
    for endpoint in snapshot.endpoints.values where endpoint.ref.plane == plane {
      instances[endpoint.workload, default: []].append(endpoint)
    }
    self.instances = instances
  }

  /// The ports that Servers claim, by number or by a name that instances give one.
  var exceptionalPorts: Set<Int> {
    let claimed = Set(servers.values.flatMap { $0.map(\.port) })
    let names = claimed.filter { Int($0) == nil }
    guard !names.isEmpty else { return Set(claimed.compactMap { Int($0) }) }
    let named = instances.values.lazy.flatMap(\.self).compactMap(\.portNames).flatMap { ports in
      names.compactMap { ports[$0] }
    }
    return Set(claimed.compactMap { Int($0) }).union(named)
  }

  /// The Server that claims a container port of a workload; `nil` as the port, or a workload whose ports are not known by
  /// their names, asks for one that claims a port by its name.
  private func server(_ workload: Workload, _ port: Int?) -> AccessPolicy? {
    (servers[workload.ref.namespace] ?? []).first { server in
      server.selectsExternal == (workload.runtime == .vm && workload.ref.kind == LinkerdKind.externalWorkload.rawValue)
        && IstioHost.selects(server.selector, workload.labels)
        && (server.expressions ?? []).allSatisfy { $0.holds(for: workload.labels) }
        && claims(server, port, of: workload)
    }
  }

  private func claims(_ server: AccessPolicy, _ port: Int?, of workload: Workload) -> Bool {
    guard Int(server.port) == nil else { return port.map { server.port == String($0) } ?? false }
    let named = (instances[workload.ref] ?? []).compactMap(\.portNames)
    guard let port, !named.isEmpty else { return named.isEmpty }
    return named.contains { $0[server.port] == port }
  }

  /// The policies that let callers in by a Server, those for one of its routes alone last.
  private func authorizations(of server: AccessPolicy) -> [LinkerdAuthorization] {
    var found: [LinkerdAuthorization] = []
    var byRoute: [LinkerdAuthorization] = []
    for policy in policies[server.ref.namespace] ?? [] {
      let isForServer = policy.targets.contains {
        $0 == server.ref || ($0.kind == "namespace" && $0.name == server.ref.namespace)
      }
      // A ServerAuthorization may choose Servers by their labels.
      let choosesByLabels =
        policy.ref.kind == LinkerdKind.serverAuthorization.rawValue && policy.targets.isEmpty
        && IstioHost.selects(policy.selector, server.labels ?? [:])
        && (policy.expressions ?? []).allSatisfy { $0.holds(for: server.labels ?? [:]) }
      if isForServer || choosesByLabels {
        found.append(LinkerdAuthorization(policy, in: snapshot))
      } else if let route = policy.targets.first(where: { isRoute($0, of: server) }) {
        byRoute.append(LinkerdAuthorization(policy, route: route, in: snapshot))
      }
    }
    return found + byRoute
  }

  private func isRoute(_ ref: ObjectRef, of server: AccessPolicy) -> Bool {
    snapshot.routes[ref]?.attachedTo.contains { $0 == "server \(server.ref.name)" } ?? false
  }

  /// The default inbound policy that configuration gives a workload's instances.
  func fallback(of workload: Workload) -> FoundDefault {
    func found(_ word: String, _ text: String, _ source: ValuePointer? = nil) -> FoundDefault {
      FoundDefault(policy: DefaultInbound(rawValue: word), word: word, reasons: [Reason(text, source: source)])
    }
    var result: FoundDefault
    let namespace = ObjectRef(plane: workload.ref.plane, namespace: "", kind: "namespace", name: workload.ref.namespace)
    if let word = workload.annotations?[DefaultInbound.annotation] {
      result = found(word, "the default inbound policy of \(workload.ref.name) is \(word)")
    } else if let word = snapshot.namespaces[namespace]?.annotations?[DefaultInbound.annotation] {
      result = found(word, "the default inbound policy of namespace \(workload.ref.namespace) is \(word)")
    } else if let word = settings?.defaultInbound {
      result = found(word, "the cluster's default inbound policy is \(word)")
    } else {
      let word = DefaultInbound.allUnauthenticated.rawValue
      result = found(
        word, "the cluster's default inbound policy could not be read: Linkerd's own, \(word), is taken for it")
    }
    let others = otherDefaults(of: workload, than: result.word)
    if !others.isEmpty {
      result.reasons.append(
        Reason(
          "instances made before still have \(others.joined(separator: ", ")): the annotation holds from their next start"
        )
      )
    }
    return result
  }

  /// The default inbound policies that a workload's instances were made with, other than a word.
  func otherDefaults(of workload: Workload, than word: String) -> [String] {
    let meshed = (instances[workload.ref] ?? []).filter { $0.proxy != .none }
    let words = meshed.compactMap { $0.annotations?[DefaultInbound.annotation] }
    return Set(words).subtracting([word]).sorted()
  }

  /// Strict where only proven identities are let in, disabled where there is no proxy, else permissive.
  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    if let readiness = snapshot.readiness[workload.ref], readiness.proxy == ProxyMode.none {
      return (
        .disable, [Reason("no instance of \(workload.ref.name) is meshed: whoever calls is let in, in plaintext")]
      )
    }
    if let port, let reason = skips("config.linkerd.io/skip-inbound-ports", port, workload) {
      return (.disable, [Reason(reason)])
    }
    guard let server = server(workload, port) else {
      let fallback = fallback(of: workload)
      let reasons = [Reason("no Server claims the port")] + fallback.reasons + [need(fallback)]
      return (fallback.policy.map { $0.needsIdentity || $0 == .deny } ?? false ? .strict : .permissive, reasons)
    }
    var reasons = [
      Reason(
        "Server \(server.ref.name): \(server.rules.joined())",
        source: ValuePointer(object: server.ref, pointer: "/spec"))
    ]
    var isStrict = DefaultInbound(rawValue: server.action).map { $0.needsIdentity || $0 == .deny } ?? true
    for authorization in authorizations(of: server) {
      if !authorization.needsIdentity { isStrict = false }
      let scope = authorization.route.map { " for requests of route \($0.name)" } ?? ""
      reasons.append(
        Reason(
          "to be let in by \(authorization.policy.ref.name)\(scope) a caller needs \(authorization.need)",
          source: ValuePointer(object: authorization.policy.ref, pointer: "/spec")))
    }
    return (isStrict ? .strict : .permissive, reasons)
  }

  private func need(_ fallback: FoundDefault) -> Reason {
    Reason(
      fallback.policy.map { "to be let in a caller needs \($0.need)" }
        ?? "\(fallback.word) is no policy that Linkerd knows: what it lets in cannot be told")
  }

  /// Why a port bypasses the proxy of a workload; `nil` where it does not.
  private func skips(_ annotation: String, _ port: Int, _ workload: Workload) -> String? {
    let made = (instances[workload.ref] ?? []).compactMap { $0.annotations?[annotation] }.first
    guard let list = made ?? workload.annotations?[annotation] else { return nil }
    let isListed = list.split(separator: ",").contains { item in
      let ends = item.split(separator: "-").map { Int($0.filter(\.isNumber)) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil else { return false }
      return first <= port && port <= last
    }
    return isListed ? "port \(port) of \(workload.ref.name) bypasses the proxy (\(annotation))" : nil
  }

  /// Meshed callers use mTLS; whoever meets the demands of no policy is refused.
  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    let target = service.ports.first { $0.port == port }?.targetPort ?? port
    var (mode, reasons) = accepted(by: server, port: target)
    func isMeshed(_ workload: Workload) -> Bool { snapshot.readiness[workload.ref]?.proxy ?? .none != .none }
    let bypass =
      skips("config.linkerd.io/skip-outbound-ports", port, client)
      ?? skips("config.linkerd.io/skip-inbound-ports", target, server)
    let usesTLS = isMeshed(client) && isMeshed(server) && bypass == nil
    if let bypass { reasons.append(Reason(bypass)) }
    func verdict(_ outcome: MTLSVerdict.Outcome, _ more: Reason...) -> MTLSVerdict {
      MTLSVerdict(server: mode, client: usesTLS ? "mTLS" : "plaintext", outcome: outcome, reasons: reasons + more)
    }
    let passes = usesTLS ? MTLSVerdict.Outcome.mtls : .plaintext
    guard let readiness = snapshot.readiness[server.ref] else {
      return verdict(.unknown, Reason("no instance of \(server.ref.name) is known"))
    }
    if readiness.proxy == ProxyMode.none || bypass?.contains("inbound") == true { return verdict(passes) }
    let caller = LinkerdCaller(
      client, isMeshed: usesTLS, addresses: (instances[client.ref] ?? []).map(\.address), settings: settings)
    switch admission(of: caller, to: server, port: target) {
    case (.yes, let reason): return verdict(passes, reason)
    case (.unknown(let why), _): return verdict(.unknown, Reason(why))
    case (.no, let reason): return verdict(.breaks, reason)
    }
  }

  /// Whether a caller is let in on a container port, and by what.
  private func admission(of caller: LinkerdCaller, to workload: Workload, port: Int) -> (Met, Reason) {
    let who = caller.identity == nil ? "\(caller.account), without mesh TLS," : caller.account
    guard let server = server(workload, port) else {
      let fallback = fallback(of: workload)
      guard let policy = fallback.policy else { return (.unknown("\(fallback.word) is not known"), Reason("")) }
      let met = admits(caller, by: policy)
      if case .yes = met { return (met, Reason("\(who) is let in by default")) }
      return (met, Reason("\(who) is not let in: it needs \(policy.need)"))
    }
    var met = Met.no
    var needs: [String] = []
    for authorization in authorizations(of: server) {
      let answer = authorization.admits(caller)
      if case .yes = answer {
        let scope = authorization.route.map { ", for requests of route \($0.name) alone" } ?? ""
        let source = ValuePointer(object: authorization.policy.ref, pointer: "/spec")
        return (.yes, Reason("\(who) is let in by \(authorization.policy.ref.name)\(scope)", source: source))
      }
      met = met.or(answer)
      needs.append(authorization.need)
    }
    let fallback = DefaultInbound(rawValue: server.action)
    if let fallback {
      let answer = admits(caller, by: fallback)
      if case .yes = answer { return (.yes, Reason("\(who) is let in by accessPolicy \(server.action)")) }
      met = met.or(answer)
      if fallback != .deny || needs.isEmpty { needs.append(fallback.need) }
    } else {
      met = met.or(.unknown("accessPolicy \(server.action) is not known"))
    }
    return (
      met, Reason("\(who) is not let in by Server \(server.ref.name): it needs \(needs.joined(separator: ", or "))")
    )
  }

  private func admits(_ caller: LinkerdCaller, by policy: DefaultInbound) -> Met {
    if policy == .deny { return .no }
    if policy.needsIdentity, caller.identity == nil { return .no }
    guard policy.needsCluster else { return .yes }
    let ranges = (settings?.clusterNetworks ?? []).map { NetworkRange(cidr: $0) }
    // Source: Linkerd's chart, `clusterNetworks`: the private ranges, which instances of a cluster are nearly always in.
    guard !ranges.isEmpty else {
      return caller.addresses.isEmpty ? .unknown("the cluster's networks are not known") : .yes
    }
    return LinkerdAuthorization.networks(ranges, caller)
  }
}
