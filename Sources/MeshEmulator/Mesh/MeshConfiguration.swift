import MeshModel

/// Istio's configuration at one moment: what one push of the control plane is made from.
///
/// A value whose tables are shared until written, so that the configurations of several pushes cost little.
struct MeshConfiguration: Sendable {
  private(set) var virtualServices: [String: VirtualService] = [:]
  private(set) var destinationRules: [String: DestinationRule] = [:]
  private(set) var peerAuthentications: [String: PeerAuthentication] = [:]
  /// The policies of Istio before 1.5; those of the mesh have no namespace.
  private(set) var authenticationPolicies: [String: AuthenticationPolicy] = [:]
  private(set) var authorizationPolicies: [String: AuthorizationPolicy] = [:]
  private(set) var trafficTargets = TrafficTargets()
  /// The targets of backend TLS policies, by the policy.
  private var backendTLS: [String: [BackendTLSTarget]] = [:]

  struct BackendTLSTarget: Sendable, Hashable {
    var namespace: String
    var name: String
    /// The name of a port; empty for every port.
    var section: String
  }
  /// The keys of virtual services by host, and of those with wildcards.
  private var byHost: [String: [String]] = [:]
  private var wildcards: [String] = []
  private var rulesByHost: [String: [String]] = [:]
  private var wildcardRules: [String] = []

  mutating func put(_ object: StoredObject, as dialects: VirtualService.Readers = VirtualService.dialects) {
    remove(object, as: dialects)
    if let read = dialects[object.resource] {
      if let service = read(object) { put(service, "\(object.resource) \(object.namespace)/\(object.name)") }
      return
    }
    if TrafficTargets.holds(object.resource) { return trafficTargets.put(object) }
    let key = "\(object.namespace)/\(object.name)"
    switch object.resource.plural {
    case "virtualservices": put(VirtualService(object), key)
    case "destinationrules":
      let rule = DestinationRule(object)
      destinationRules[key] = rule
      if rule.host.hasPrefix("*") { wildcardRules.append(key) } else { rulesByHost[rule.host, default: []].append(key) }
    case "peerauthentications": peerAuthentications[key] = PeerAuthentication(object)
    case "authorizationpolicies": authorizationPolicies[key] = AuthorizationPolicy(object)
    case "backendtlspolicies":
      backendTLS[key] = object.json["spec"].elements("targetRefs").map {
        BackendTLSTarget(
          namespace: object.namespace, name: $0["name"]?.string ?? "", section: $0["sectionName"]?.string ?? "")
      }
    case "policies", "meshpolicies": authenticationPolicies[key] = AuthenticationPolicy(object)
    default: break
    }
  }

  private mutating func put(_ service: VirtualService, _ key: String) {
    virtualServices[key] = service
    for host in Set(service.hosts) {
      if host.hasPrefix("*") { wildcards.append(key) } else { byHost[host, default: []].append(key) }
    }
  }

  private mutating func removeVirtualService(_ key: String) {
    guard let old = virtualServices.removeValue(forKey: key) else { return }
    for host in old.hosts { byHost[host]?.removeAll { $0 == key } }
    wildcards.removeAll { $0 == key }
  }

  mutating func remove(_ object: StoredObject, as dialects: VirtualService.Readers = VirtualService.dialects) {
    if dialects[object.resource] != nil {
      return removeVirtualService("\(object.resource) \(object.namespace)/\(object.name)")
    }
    if TrafficTargets.holds(object.resource) { return trafficTargets.remove(object) }
    let key = "\(object.namespace)/\(object.name)"
    switch object.resource.plural {
    case "virtualservices": removeVirtualService(key)
    case "destinationrules":
      guard let old = destinationRules.removeValue(forKey: key) else { return }
      rulesByHost[old.host]?.removeAll { $0 == key }
      wildcardRules.removeAll { $0 == key }
    case "peerauthentications": peerAuthentications[key] = nil
    case "authorizationpolicies": authorizationPolicies[key] = nil
    case "backendtlspolicies": backendTLS[key] = nil
    case "policies", "meshpolicies": authenticationPolicies[key] = nil
    default: break
    }
  }

  /// Whether gateways begin TLS of their own with a port of a service.
  func hasBackendTLS(_ service: RegistryService, port: RegistryService.Port) -> Bool {
    backendTLS.values.contains { targets in
      targets.contains {
        $0.namespace == service.namespace && $0.name == service.name && ($0.section.isEmpty || $0.section == port.name)
      }
    }
  }

  /// The virtual service for a host: the most specific one, the oldest of equals.
  func virtualService(for host: String, client: String, gateway: String) -> VirtualService? {
    ((byHost[host] ?? []) + wildcards)
      .compactMap { virtualServices[$0] }
      .filter {
        $0.isVisible(from: client) && ($0.gateways.contains(gateway) || (gateway == "*" && $0.gateways != ["mesh"]))
      }
      .compactMap { service in service.specificity(for: host).map { (service, $0) } }
      .min { left, right in
        (right.1, left.0.created, left.0.namespace, left.0.name) < (
          left.1, right.0.created, right.0.namespace, right.0.name
        )
      }?.0
  }

  /// The destination rule for a host as one client sees it: its own namespace's, the service's, then the root's.
  func destinationRule(
    for host: String, client: String, service: String, root: String, labels: [String: String] = [:]
  ) -> DestinationRule? {
    let candidates = ((rulesByHost[host] ?? []) + wildcardRules).compactMap { destinationRules[$0] }
      .filter { rule in rule.workloadSelector.allSatisfy { labels[$0.key] == $0.value } }
    for namespace in [client, service, root] {
      let found = candidates.filter { rule in
        rule.namespace == namespace
          && (rule.exportTo.isEmpty || rule.exportTo.contains("*") || rule.exportTo.contains(client)
            || (rule.exportTo.contains(".") && rule.namespace == client))
      }
      let best = found.compactMap { rule in rule.covers(host).map { (rule, $0) } }.min { left, right in
        (right.1, left.0.created, left.0.name) < (left.1, right.0.created, right.0.name)
      }
      if let best { return best.0 }
    }
    return nil
  }

  /// The rules of a virtual service with those of its delegates in place.
  func rules(of service: VirtualService) -> [HTTPRule] {
    service.http.flatMap { rule -> [HTTPRule] in
      guard let key = rule.delegate else { return [rule] }
      guard let delegate = virtualServices[key] else { return [] }
      return delegate.http.map { $0.merged(into: rule) }
    }
  }

  /// Why Envoy would refuse the routes of a push, or `nil` where it takes them.
  var routeFault: String? {
    for key in virtualServices.keys.sorted() {
      guard let service = virtualServices[key] else { continue }
      for rule in service.http where rule.routes.count > 1 {
        let name = rule.name ?? "default"
        let total = rule.routes.reduce(0.0) { $0 + ($1.weight < 0 ? 4_294_967_296 : 0) + Double($1.weight) }
        if total > 4_294_967_295 {
          return "The sum of weights of all weighted clusters of route \(name) exceeds 4294967295"
        }
        if total == 0 { return "Sum of weights in the weighted_cluster must be greater than 0." }
      }
    }
    return nil
  }
}
