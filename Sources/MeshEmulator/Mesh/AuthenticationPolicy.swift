import MeshModel

/// A policy of Istio before 1.5, as Pilot reads it: for some services, a namespace, or the mesh.
struct AuthenticationPolicy: Sendable {
  struct Target: Sendable {
    var service: String
    /// The service's ports by number or name; empty for all.
    var ports: [String]
  }

  /// The namespace; empty for the mesh.
  var namespace: String
  var name: String
  var created: String
  var targets: [Target]
  var mode: PeerAuthentication.Mode

  init(_ object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    namespace = object.namespace
    name = object.name
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    targets = spec.elements("targets").map { target in
      Target(
        service: target["name"]?.string ?? "",
        ports: (target["ports"]?.array ?? []).compactMap { $0["number"]?.int.map { String($0) } ?? $0["name"]?.string })
    }
    let mutual = spec.elements("peers").first { $0.object?.names.contains("mtls") ?? false }
    mode = mutual.map { $0["mtls"]?["mode"]?.string == "PERMISSIVE" ? .permissive : .strict } ?? .disable
  }

  /// How well it fits a service's port: 3 names the port, 2 the service, 1 its namespace, 0 the mesh; `nil` not at all.
  func rank(_ service: RegistryService, _ port: RegistryService.Port) -> Int? {
    if namespace.isEmpty { return name == "default" ? 0 : nil }
    guard namespace == service.namespace else { return nil }
    if targets.isEmpty { return 1 }
    let named = targets.filter { $0.service == service.name }
    if named.contains(where: { $0.ports.contains { $0 == String(port.number) || $0 == port.name } }) { return 3 }
    return named.contains { $0.ports.isEmpty } ? 2 : nil
  }
}

extension MutualTLS {
  /// What an instance accepts on a port by the policies of Istio before 1.5: that of the first service which leads there,
  /// and plaintext alone where there is none.
  ///
  /// Source: Istio 1.4, `pilot/pkg/model/push_context.go` (`AuthenticationPolicyForWorkload`).
  func acceptedOfOld(by instance: Instance, port: Int) -> PeerAuthentication.Mode {
    let leading = registry.services.values.filter { service in
      service.namespace == instance.namespace && !service.selector.isEmpty && instance.matches(service.selector)
    }.sorted { $0.name < $1.name }
    for service in leading {
      guard let port = service.ports.first(where: { $0.target == port }) else { continue }
      let ranked = configuration.authenticationPolicies.values.compactMap { policy in
        policy.rank(service, port).map { (rank: $0, policy: policy) }
      }
      let best = ranked.min {
        ($1.rank, $0.policy.created, $0.policy.name) < ($0.rank, $1.policy.created, $1.policy.name)
      }
      return best?.policy.mode ?? .disable
    }
    return .disable
  }
}
