import MeshModel

extension IstioAnalysis {
  func checkRoutes(into found: inout [Finding]) {
    let gateways = Set(snapshot.gateways.keys.lazy.filter { $0.plane == plane }.map { "\($0.namespace)/\($0.name)" })
    for route in snapshot.routes.values where route.ref.plane == plane && route.dialect == .istio {
      if route.attachedTo != ["mesh"] { checkAttachment(route, gateways, into: &found) }
      var last: LookedUp?
      for rule in route.rules {
        checkWeights(rule, of: route, into: &found)
        checkDestinations(rule, of: route, &last, into: &found)
        checkFault(rule, of: route, into: &found)
        if let delegate = rule.delegate, snapshot.routes[delegate] == nil {
          found.append(
            Finding(
              code: "MD1121", severity: .error, object: route.ref, pointer: rule.pointer.appending("delegate"),
              message: "the rule hands on to \(delegate.namespace)/\(delegate.name), which does not exist",
              remedy: "Create that VirtualService, without hosts, or correct the delegate's name and namespace",
              equivalents: ["IST0101"]))
        }
      }
      UnreachableRules.check(route, into: &found)
    }
  }

  /// A fault that hits no request. Source: Istio API, HTTPFaultInjection: an unspecified percentage is none.
  private func checkFault(_ rule: Rule, of route: Route, into found: inout [Finding]) {
    guard let fault = rule.fault else { return }
    for (part, isIdle) in [
      ("delay", fault.delay != nil && fault.delayPercent == 0),
      ("abort", fault.abortStatus != nil && fault.abortPercent == 0),
    ] where isIdle {
      found.append(
        Finding(
          code: "MD1122", severity: .info, object: route.ref,
          pointer: rule.pointer.appending("fault").appending(part),
          message: "the \(part) hits no request: its percentage is not written, or 0",
          remedy: "Write percentage.value, 100 for every request, or take the fault away", equivalents: []))
    }
  }

  private func checkAttachment(_ route: Route, _ gateways: Set<String>, into found: inout [Finding]) {
    for (index, name) in route.attachedTo.enumerated() where name != "mesh" {
      let full = Self.gateway(name, namespace: route.ref.namespace)
      let pointer: JSONPointer = JSONPointer(["spec", "gateways", String(index)])
      guard gateways.contains(full) else {
        found.append(
          Finding(
            code: "MD1102", severity: .error, object: route.ref, pointer: pointer,
            message: "the gateway \(full) does not exist",
            remedy: "Create it, or name one that exists as namespace/name",
            equivalents: ["KIA1102", "IST0101"]))
        continue
      }
      let parts = full.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2,
        let gateway = snapshot.gateways[
          ObjectRef(plane: plane, namespace: parts[0], kind: IstioKind.gateway.rawValue, name: parts[1])]
      else { continue }
      for (position, host) in route.hosts.enumerated() {
        let accepted = gateway.listeners.contains { listener in
          listener.hosts.contains { Self.accepts($0, gateway: parts[0], host: host, from: route.ref.namespace) }
        }
        guard !accepted else { continue }
        found.append(
          Finding(
            code: "MD1132", severity: .warning, object: route.ref,
            pointer: JSONPointer(["spec", "hosts", String(position)]),
            message: "no listener of the gateway \(full) accepts the host \(host)",
            remedy: "Add the host to a listener of the gateway, or attach the route to another",
            equivalents: ["IST0132"]))
      }
    }
  }

  /// The namespace and name of a gateway as written: `name`, `namespace/name`, or a full name as before Istio 1.1.
  static func gateway(_ name: String, namespace: String) -> String {
    if name.contains("/") { return name.hasPrefix("./") ? namespace + name.dropFirst() : name }
    let parts = name.split(separator: ".")
    if parts.count > 2, parts[2] == "svc" { return "\(parts[1])/\(parts[0])" }
    return "\(namespace)/\(name)"
  }

  /// Whether a listener's host, such as `*.example.com` or `shop/*`, accepts a route's host.
  ///
  /// Source: Istio API, Gateway `Server.hosts`.
  static func accepts(_ pattern: String, gateway: String, host: String, from namespace: String) -> Bool {
    var pattern = pattern[...]
    if let slash = pattern.firstIndex(of: "/") {
      let allowed = pattern[..<slash]
      guard allowed == "*" || allowed == namespace || (allowed == "." && gateway == namespace) else { return false }
      pattern = pattern[pattern.index(after: slash)...]
    }
    return IstioHost.overlap(String(pattern), host)
  }

  private func checkWeights(_ rule: Rule, of route: Route, into found: inout [Finding]) {
    let backends = rule.backends
    guard !backends.isEmpty else { return }
    let list = rule.pointer.appending("route")
    if let fault = IstioWeights.fault(backends.map { $0.weight ?? 0 }) {
      let pointer: JSONPointer =
        if case .negative(let index, _) = fault { backends[index].pointer.appending("weight") } else { list }
      found.append(
        Finding(
          code: "MD1103", severity: .error, object: route.ref, pointer: pointer, message: fault.description,
          remedy: "Give each destination a weight of 0 or more and at least one more than 0; they need not sum to 100",
          equivalents: ["IST0106"]))
    }
    if backends.count == 1, let weight = backends[0].weight, weight != 100, weight >= 0 {
      found.append(
        Finding(
          code: "MD1104", severity: .info, object: route.ref, pointer: backends[0].pointer.appending("weight"),
          message: "the only destination gets every request, whatever its weight of \(weight)",
          remedy: "Leave the weight out, or add the destination that shall get the rest", equivalents: ["KIA1104"]))
    }
    guard backends.count > 1 else { return }
    for (index, backend) in backends.enumerated() {
      let isRepeated = backends[..<index].contains { other in
        other.subset == backend.subset && other.port == backend.port
          && (other.host == backend.host
            || hosts.resolved(other.host, in: route.ref.namespace)
              == hosts.resolved(backend.host, in: route.ref.namespace))
      }
      guard isRepeated else { continue }
      found.append(
        Finding(
          code: "MD1105", severity: .warning, object: route.ref, pointer: backend.pointer.appending("destination"),
          message: "\(backend.name) stands in the same rule twice",
          remedy: "Make one destination of the two, with the sum of their weights", equivalents: ["KIA1105"]))
    }
  }

  /// The host looked up last: the destinations of one route nearly always share it.
  private struct LookedUp {
    var host: String
    var full: String
    var service: Service?
  }

  private func lookUp(_ host: String, _ namespace: String) -> LookedUp {
    let full = hosts.resolved(host, in: namespace)
    return LookedUp(host: host, full: full, service: hosts.service(resolved: full, visibleIn: namespace))
  }

  private func checkDestinations(_ rule: Rule, of route: Route, _ last: inout LookedUp?, into found: inout [Finding]) {
    guard knowsServices else { return }
    for backend in rule.backends {
      check(
        host: backend.host, subset: backend.subset, at: backend.pointer.appending("destination"), of: route,
        getsTraffic: rule.backends.count == 1 || (backend.weight ?? 0) > 0, &last, into: &found)
    }
    for mirror in rule.mirrors {
      let pointer =
        mirror.place.map { rule.pointer.appending("mirrors").appending($0).appending("destination") }
        ?? rule.pointer.appending("mirror")
      check(
        host: mirror.host, subset: mirror.subset, at: pointer, of: route, getsTraffic: false, &last, into: &found)
    }
  }

  private func check(
    host: String, subset: String?, at pointer: JSONPointer, of route: Route, getsTraffic: Bool,
    _ last: inout LookedUp?, into found: inout [Finding]
  ) {
    let namespace = route.ref.namespace
    if last?.host != host { last = lookUp(host, namespace) }
    guard let full = last?.full else { return }
    guard let service = last?.service else {
      guard wouldKnow(full) else { return }
      let parts = host.split(separator: ".")
      var remedy = "Create the service or a ServiceEntry for it, or correct the host"
      if parts.count == 2,
        hosts.service(resolved: "\(host).svc.\(settings.domain)", visibleIn: namespace) != nil
      {
        remedy = "Write \(host).svc.\(settings.domain): Istio completes only names without a dot"
      }
      found.append(
        Finding(
          code: "MD1101", severity: .error, object: route.ref, pointer: pointer.appending("host"),
          message: "no service answers to \(full)", remedy: remedy, equivalents: ["KIA1101", "IST0101"]))
      return
    }
    guard let subset else {
      if getsTraffic, knowsInstances, !service.isExternal, !service.selector.isEmpty,
        !snapshot.endpoints.isEmpty, !instances.hasInstance(service)
      {
        found.append(
          Finding(
            code: "MD1120", severity: .warning, object: route.ref, pointer: pointer,
            message: "\(full) has no instance: requests sent there fail with 503",
            remedy: "Start an instance labelled \(Self.words(service.selector)), or send requests elsewhere",
            equivalents: ["KIA0701"]))
      }
      return
    }
    guard
      let defined = destinations.subset(
        subset, host: full, serviceNamespace: service.ref.namespace, callerNamespace: namespace)
    else {
      let names = destinations.subsetNames(
        host: full, serviceNamespace: service.ref.namespace, callerNamespace: namespace)
      let shadowed = destinations.shadowed(
        subset, host: full, serviceNamespace: service.ref.namespace, callerNamespace: namespace)
      found.append(
        Finding(
          code: "MD1107", severity: .error, object: route.ref, pointer: pointer.appending("subset"),
          message: shadowed.map {
            "the subset \(subset) of \(full) is defined by \($0.policy.ref.shortName), which is shadowed by "
              + "\($0.by.ref.shortName)"
          } ?? "no DestinationRule defines the subset \(subset) of \(full)",
          remedy: shadowed.map { "Define it in \($0.by.ref.shortName) too: of several namespaces one rule counts" }
            ?? (names.isEmpty
              ? "Define it in a DestinationRule for \(full) first"
              : "Define it first, or use one of: \(names.joined(separator: ", "))"),
          equivalents: ["KIA1107", "IST0101"]))
      return
    }
    guard getsTraffic, knowsInstances, !snapshot.endpoints.isEmpty, !service.selector.isEmpty || service.named != nil,
      !instances.hasInstance(service, subset: defined.subset)
    else { return }
    found.append(
      Finding(
        code: "MD1120", severity: .error, object: route.ref, pointer: pointer.appending("subset"),
        message: "the subset \(subset) of \(full) has no instance: requests sent there fail with 503",
        remedy: "Start an instance labelled \(Self.words(defined.subset.labels)), or set its weight to 0",
        equivalents: ["IST0173", "KIA0203"]))
  }
}
