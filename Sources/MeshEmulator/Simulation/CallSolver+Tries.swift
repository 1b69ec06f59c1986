extension CallSolver {
  /// What a caller's proxy does about failures.
  struct TryPolicy {
    var retries: HTTPRule.Retries
    var timeout: Double?
    var configuration: MeshConfiguration
  }

  /// The tries of a call at a cluster's endpoints.
  mutating func tries(
    _ cluster: Cluster, call: Scenario.Call, caller: Instance, sent: MutualTLS.ClientMode, policy: TryPolicy?
  ) -> CallOutcome {
    var result = CallOutcome()
    result.service = cluster.service
    result.port = cluster.port.number
    let service = cluster.service
    if service.isServiceEntry && service.selector.isEmpty && (service.isExternal || endpoints(of: service).isEmpty) {
      return answered(
        by: behaviours[service.host]?.behaviour ?? Scenario.Behaviour(), at: service, port: cluster.port.number)
    }
    let endpoints = endpoints(of: service).filter { $0.isReady && $0.matches(cluster.labels) }
    guard !endpoints.isEmpty else {
      result.seen = [Outcome(share: 1, code: 503, flags: "UH", latency: .about(0.3))]
      return result
    }
    let isGRPC = cluster.port.protocol == "GRPC"
    let request = RequestShape(
      method: call.method, path: call.path, authority: call.to, headers: call.headers, port: cluster.port.number)
    var attempts: [Outcome] = []
    for group in grouped(endpoints) {
      let share = Double(group.count) / Double(endpoints.count)
      guard let instance = group.first else { continue }
      let destination = Destination(instance)
      let own = distribution.acknowledged(by: instance, at: time)?.configuration ?? MeshConfiguration()
      // Sidecars take no HBONE unless told to: to them a node's proxy sends what it was given.
      let sent = caller.proxy == .ambient && instance.proxy != .ambient ? .plaintext : sent
      let offers =
        sent == .automatic
        && MutualTLS(configuration: policy?.configuration ?? own, mesh: mesh, registry: registry)
          .takesMeshTLS(instance, port: cluster.port.target)
      let accepted = MutualTLS(configuration: own, mesh: mesh, registry: registry)
        .accepted(by: instance, port: cluster.port.target)
      let takesLinkerd = sent == .linkerd && instance.proxy == .linkerd
      let verdict =
        takesLinkerd
        ? .mutualTLS
        : MutualTLS.verdict(
          sent, offered: offers, accepted: accepted, serverHasProxy: instance.hasProxy || instance.proxy == .ambient)
      if verdict == .broken {
        attempts.append(
          Outcome(
            share: share, code: 503, grpcStatus: isGRPC ? "14" : "", flags: "UC", destination: destination,
            latency: .about(1.5)))
        if instance.hasProxy { result.refused[destination, default: 0] += share }
        continue
      }
      let isMutual = verdict == .mutualTLS
      if instance.hasProxy, !isAllowed(request, from: caller, isMutual: isMutual, at: instance, by: own) {
        attempts.append(
          Outcome(
            share: share, code: isGRPC ? 200 : 403, grpcStatus: isGRPC ? "7" : "", destination: destination,
            isMutualTLS: isMutual, isRefused: true, latency: .about(0.8)))
        continue
      }
      let stranger = LinkerdConfiguration.Caller(caller, isMutual: takesLinkerd, trustDomain: mesh.trustDomain)
      let isRequest = ["HTTP", "HTTP2", "GRPC"].contains(cluster.port.protocol)
      if instance.proxy == .linkerd,
        !linkerd.admits(request, from: stranger, at: instance, port: cluster.port.target)
      {
        // Connections are closed; requests are answered (Linkerd, "Authorization Policy").
        attempts.append(
          Outcome(
            share: share, code: isGRPC ? 200 : isRequest ? 403 : 0, grpcStatus: isGRPC ? "7" : "",
            flags: isRequest ? "" : "UC", destination: destination, isMutualTLS: isMutual, isRefused: true,
            latency: .about(0.8)))
        continue
      }
      var passed = share
      if instance.proxy == .linkerd, isRequest, let load = loads[instance.workloadID] {
        passed *= linkerd.share(
          of: load, from: stranger, at: instance, port: cluster.port.target, proxies: group.count)
      }
      if passed < share {
        attempts.append(
          Outcome(
            share: share - passed, code: isGRPC ? 200 : 429, grpcStatus: isGRPC ? "8" : "", destination: destination,
            isMutualTLS: isMutual, isRefused: true, latency: .about(0.8)))
      }
      let answer = self.answer(of: instance.workloadID)
      for (share, fails) in [(passed * (1 - answer.failureShare), false), (passed * answer.failureShare, true)]
      where share > 0 {
        attempts.append(
          Outcome(
            share: share, code: fails && !isGRPC ? answer.errorStatus : 200,
            grpcStatus: isGRPC ? (fails ? "14" : "0") : "", destination: destination, isMutualTLS: isMutual,
            latency: answer.latency))
      }
    }
    for index in attempts.indices { attempts[index].cluster = cluster.name }
    retried(attempts, policy: policy, into: &result)
    return result
  }

  /// What becomes of a call that something outside the mesh answers.
  func answered(by behaviour: Scenario.Behaviour, at service: RegistryService, port: Int) -> CallOutcome {
    let latency = Latency(p50: behaviour.p50, p99: behaviour.p99)
    var seen = [Outcome(share: 1 - behaviour.errors, code: 200, latency: latency)]
    if behaviour.errors > 0 {
      seen.append(Outcome(share: behaviour.errors, code: behaviour.errorStatus, latency: latency))
    }
    return CallOutcome(seen: seen, service: service, port: port)
  }

  /// Every try, retries included, and what is left of failures after them.
  private func retried(_ attempts: [Outcome], policy: TryPolicy?, into result: inout CallOutcome) {
    let limit = policy?.retries.perTryTimeout
    let tries = attempts.flatMap { Self.timed($0, out: limit ?? .infinity) }
    let retryOn = policy?.retries.retryOn ?? []
    let count = policy?.retries.attempts ?? 0
    let failing = min(1, tries.reduce(0) { $0 + (Self.isRetried($1, retryOn) ? $1.share : 0) })
    // The sum of failing^k for k = 0…count: the tries each call makes on average.
    var load = 0.0
    var power = 1.0
    for _ in 0...count {
      load += power
      power *= failing
    }
    let last = power / max(failing, 1e-12)
    let failureTime = tries.reduce(0) { $0 + (Self.isRetried($1, retryOn) ? $1.share * $1.latency.mean : 0) }
    let lost = (load - 1) * ((failing > 0 ? failureTime / failing : 0) + 25)
    for outcome in tries {
      if count > 0, Self.isRetried(outcome, retryOn) {
        var final = outcome.scaled(failing > 0 ? last : 0).adding(flag: "URX")
        final.latency = final.latency.delayed(by: Double(count) * (failureTime / max(failing, 1e-12) + 25))
        if final.share > 1e-12 { result.seen.append(final) }
      } else {
        var final = outcome.scaled(load)
        if lost > 0 { final.latency = final.latency.delayed(by: lost) }
        result.seen.append(final)
      }
      if outcome.flags != "UC" {
        var served = outcome.scaled(load)
        if served.flags == "UT" {
          served.code = 0
          served.flags = "DC"
        }
        result.served.append(served)
      }
    }
    for destination in result.refused.keys { result.refused[destination]? *= load }
    if let timeout = policy?.timeout, timeout > 0 {
      result.seen = result.seen.flatMap { Self.timed($0, out: timeout) }
    }
  }

  /// An outcome divided into what comes in time and what does not.
  private static func timed(_ outcome: Outcome, out limit: Double) -> [Outcome] {
    guard limit.isFinite, limit > 0 else { return [outcome] }
    let inTime = outcome.latency.share(upTo: limit)
    guard inTime < 0.999_999 else { return [outcome] }
    var late = outcome.scaled(1 - inTime)
    late.code = 504
    if !outcome.grpcStatus.isEmpty { late.grpcStatus = "4" }
    late.flags = "UT"
    late.latency = .about(limit)
    late.latency.cap = limit * 1.01
    var early = outcome.scaled(inTime)
    early.latency = early.latency.capped(at: limit)
    return inTime > 1e-9 ? [early, late] : [late]
  }

  private static func isRetried(_ outcome: Outcome, _ retryOn: [String]) -> Bool {
    retryOn.contains { condition in
      switch condition {
      case "5xx": outcome.code >= 500 || outcome.code == 0
      case "gateway-error": (502...504).contains(outcome.code)
      case "reset", "connect-failure", "refused-stream": outcome.flags == "UC"
      case "retriable-4xx": outcome.code == 409
      case "retriable-status-codes": outcome.code == 503 && retryOn.contains("503")
      case "unavailable": outcome.grpcStatus == "14"
      case "cancelled": outcome.grpcStatus == "1"
      case "deadline-exceeded": outcome.grpcStatus == "4"
      case "resource-exhausted": outcome.grpcStatus == "8"
      case "internal": outcome.grpcStatus == "13"
      default: Int(condition) == outcome.code && outcome.code > 0
      }
    }
  }

  /// Endpoints that behave alike: of one workload and one configuration.
  private func grouped(_ endpoints: [Instance]) -> [[Instance]] {
    var groups: [String: [Instance]] = [:]
    for endpoint in endpoints {
      let push = distribution.acknowledged(by: endpoint, at: time)?.id ?? 0
      groups["\(endpoint.workloadID)|\(push)", default: []].append(endpoint)
    }
    return groups.keys.sorted().compactMap { groups[$0] }
  }

  private mutating func endpoints(of service: RegistryService) -> [Instance] {
    if let known = endpointsByHost[service.host] { return known }
    let endpoints = registry.endpoints(of: service)
    endpointsByHost[service.host] = endpoints
    return endpoints
  }

  /// How a workload answers, with the time and the failures of what it calls.
  private mutating func answer(of workload: String) -> Answer {
    if let known = answers[workload] { return known }
    let behaviour = behaviours[workload]
    let own = behaviour?.behaviour ?? Scenario.Behaviour()
    var answer = Answer(
      failureShare: own.errors, errorStatus: own.errorStatus, latency: Latency(p50: own.p50, p99: own.p99),
      isGRPC: behaviour?.role == .grpc)
    // A cycle of calls ends here: the workload that is asked for again counts with its own behaviour only.
    guard underWay.insert(workload).inserted else { return answer }
    defer { underWay.remove(workload) }
    for call in behaviour?.calls ?? [] where call.per > 0 {
      let outcome = self.outcome(of: call, from: workload)
      answer.latency.offset += call.per * outcome.meanLatency
      if call.isCritical {
        let failing = min(1, call.per * outcome.failureShare)
        answer.failureShare = answer.failureShare + (1 - answer.failureShare) * failing
      }
    }
    answers[workload] = answer
    return answer
  }

  /// Whether the policies of a workload let a request in.
  private func isAllowed(
    _ request: RequestShape, from caller: Instance, isMutual: Bool, at instance: Instance,
    by configuration: MeshConfiguration
  ) -> Bool {
    let account = isMutual ? "\(caller.namespace)/\(caller.serviceAccount)" : nil
    guard configuration.trafficTargets.admits(request, from: account, at: instance) else { return false }
    guard !configuration.authorizationPolicies.isEmpty else { return true }
    let policies = configuration.authorizationPolicies.values.filter { $0.isFor(instance, root: mesh.rootNamespace) }
    let principal = isMutual ? "\(mesh.trustDomain)/ns/\(caller.namespace)/sa/\(caller.serviceAccount)" : nil
    func matches(_ policy: AuthorizationPolicy) -> Bool {
      policy.matches(principal: principal, namespace: isMutual ? caller.namespace : nil, request: request)
    }
    if policies.contains(where: { $0.action == "DENY" && matches($0) }) { return false }
    let allowing = policies.filter { $0.action == "ALLOW" }
    return allowing.isEmpty || allowing.contains(where: matches)
  }
}
