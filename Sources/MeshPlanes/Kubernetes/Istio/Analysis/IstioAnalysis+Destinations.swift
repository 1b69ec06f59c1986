import MeshModel

extension IstioAnalysis {
  func checkDestinations(into found: inout [Finding]) {
    var byHost: [Place: [DestinationPolicy]] = [:]
    for policy in snapshot.destinations.values
    where policy.ref.plane == plane && policy.ref.kind == IstioKind.destinationRule.rawValue {
      let ref = policy.ref
      let host = hosts.resolved(policy.host, in: ref.namespace)
      byHost[Place(namespace: ref.namespace, host: host), default: []].append(policy)
      checkHost(policy, host, into: &found)
      checkTLS(policy, host, into: &found)
    }
    for policies in byHost.values where policies.count > 1 { checkDuplicates(policies, into: &found) }
  }

  private struct Place: Hashable {
    var namespace: String
    var host: String
  }

  private func checkDuplicates(_ policies: [DestinationPolicy], into found: inout [Finding]) {
    let plain = policies.filter(\.workloadSelector.isEmpty).sorted { ($0.createdAt, $0.ref) < ($1.createdAt, $1.ref) }
    guard plain.count > 1, let first = plain.first else { return }
    for policy in plain.dropFirst() {
      let repeated = policy.subsets.map(\.name).filter { name in first.subsets.contains { $0.name == name } }
      found.append(
        Finding(
          code: "MD0201", severity: .warning, object: policy.ref, pointer: "/spec/host",
          message: "\(first.ref.name) is an older DestinationRule for \(policy.host): its settings are used"
            + (repeated.isEmpty ? "" : ", and its subsets \(repeated.joined(separator: ", "))"),
          remedy: "Join the two into one object", equivalents: ["KIA0201"]))
    }
  }

  private func checkHost(_ policy: DestinationPolicy, _ host: String, into found: inout [Finding]) {
    let isWildcard = host.utf8.first == UInt8(ascii: "*")
    let service = isWildcard ? nil : hosts.service(resolved: host, visibleIn: policy.ref.namespace)
    if knowsServices, !isWildcard, service == nil, wouldKnow(host) {
      found.append(
        Finding(
          code: "MD0202", severity: .warning, object: policy.ref, pointer: "/spec/host",
          message: "no service answers to \(host): the rule has no effect",
          remedy: "Correct the host, or create the service or a ServiceEntry for it",
          equivalents: ["KIA0202", "IST0174"]))
    }
    for subset in policy.subsets {
      if subset.labels.isEmpty {
        found.append(
          Finding(
            code: "MD0209", severity: .warning, object: policy.ref, pointer: subset.pointer,
            message: "the subset \(subset.name) has no labels: it is all of \(host)",
            remedy: "Give it the labels of its instances", equivalents: ["KIA0209"]))
        continue
      }
      guard knowsInstances, let service, !service.selector.isEmpty || service.named != nil else { continue }
      let isThere =
        service.selector.isEmpty
        ? instances.hasInstance(service, subset: subset)
        : isSelecting(service.selector, and: subset.labels, in: service.ref.namespace)
      if !isThere {
        found.append(
          Finding(
            code: "MD0203", severity: .error, object: policy.ref, pointer: subset.pointer.appending("labels"),
            message: "no instance of \(host) has the labels \(Self.words(subset.labels)) of the subset \(subset.name)",
            remedy: "Correct the labels, start such an instance, or take the subset away once no route names it",
            equivalents: ["KIA0203", "IST0173"]))
      }
    }
  }

  /// A TLS mode that the servers behind the host do not take.
  private func checkTLS(_ policy: DestinationPolicy, _ host: String, into found: inout [Finding]) {
    guard knowsServices, knowsInstances, !snapshot.endpoints.isEmpty else { return }
    let places = Self.tlsPlaces(policy)
    guard !places.isEmpty else { return }
    let isWildcard = host.utf8.first == UInt8(ascii: "*")
    let services: [Service] =
      isWildcard
      ? snapshot.services.values.filter {
        $0.ref.plane == plane && IstioHost.matches(pattern: host, host: hosts.canonicalHost(of: $0))
      }
      : hosts.service(resolved: host, visibleIn: policy.ref.namespace).map { [$0] } ?? []
    for place in places {
      var broken: [(service: Service, port: Int, verdict: MTLSVerdict)] = []
      for service in services where !service.isExternal {
        let caller = policy.ref.namespace == settings.rootNamespace ? service.ref.namespace : policy.ref.namespace
        let client = MTLSClient(namespace: caller, labels: policy.workloadSelector, proxy: .sidecar)
        for port in service.ports where place.port == nil || place.port == port.port {
          let verdict = mtls.verdict(client: client, service: service, port: port.port, subset: place.subset)
          guard verdict.outcome == .breaks, verdict.reasons.contains(where: { $0.source?.object == policy.ref }),
            verdict.reasons.contains(where: { $0.source?.pointer == place.pointer })
          else { continue }
          broken.append((service, port.port, verdict))
        }
      }
      guard let worst = broken.min(by: { ($0.service.ref, $0.port) < ($1.service.ref, $1.port) }) else { continue }
      let more = broken.count > 1 ? " and \(broken.count - 1) more" : ""
      let server = worst.verdict.server == .disable ? "no mesh TLS" : worst.verdict.server.rawValue
      found.append(
        Finding(
          code: "MD0501", severity: .error, object: policy.ref, pointer: place.pointer,
          message:
            "callers use \(worst.verdict.client), but \(worst.service.ref.name):\(worst.port)\(more) takes \(server): "
            + "connections break",
          remedy: worst.verdict.client == "ISTIO_MUTUAL"
            ? "Take the mode away, so that callers see for themselves, or let the server take mesh TLS"
            : "Take the mode away or set ISTIO_MUTUAL, or set the server to PERMISSIVE",
          equivalents: worst.verdict.server == .strict ? ["KIA0207", "KIA0205"] : ["KIA0208", "KIA0505"]))
    }
  }

  private struct TLSPlace {
    var pointer: JSONPointer
    var subset: String?
    var port: Int?
  }

  private static func tlsPlaces(_ policy: DestinationPolicy) -> [TLSPlace] {
    var places: [TLSPlace] = []
    func add(_ settings: DestinationPolicy.TrafficSettings, _ base: [String], _ subset: String?) {
      if settings.tls != nil {
        places.append(TLSPlace(pointer: JSONPointer(base + ["tls", "mode"]), subset: subset, port: nil))
      }
      for port in settings.ports.keys.sorted() {
        places.append(TLSPlace(pointer: JSONPointer(base + ["portLevelSettings"]), subset: subset, port: port))
      }
    }
    add(policy.settings, ["spec", "trafficPolicy"], nil)
    for subset in policy.subsets { add(subset.settings, subset.pointer.tokens + ["trafficPolicy"], subset.name) }
    return places
  }
}
