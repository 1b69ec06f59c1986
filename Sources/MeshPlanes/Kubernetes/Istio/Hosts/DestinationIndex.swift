public import MeshModel

/// The DestinationRules of a plane, for finding the one that a caller's proxy uses for a service.
public struct DestinationIndex: Sendable {
  private let settings: MeshSettings
  private let exact: [String: [String: [Kept<DestinationPolicy>]]]
  private let wildcards: [String: [(pattern: String, policies: [Kept<DestinationPolicy>])]]

  /// Indexes the policies of one plane.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    let settings = settings ?? snapshot.meshes[plane] ?? MeshSettings()
    var exact: [String: [String: [Kept<DestinationPolicy>]]] = [:]
    var wild: [String: [String: [Kept<DestinationPolicy>]]] = [:]
    for policy in snapshot.destinations.kept {
      let ref = policy.value.ref
      guard ref.plane == plane, ref.kind == IstioKind.destinationRule.rawValue else { continue }
      let host = IstioHost.resolved(policy.value.host, namespace: ref.namespace, domain: settings.domain)
      if host.utf8.first == UInt8(ascii: "*") {
        wild[ref.namespace, default: [:]][host, default: []].append(policy)
      } else {
        exact[ref.namespace, default: [:]][host, default: []].append(policy)
      }
    }
    self.settings = settings
    self.exact = exact.mapValues { $0.mapValues(Self.oldestFirst) }
    wildcards = wild.mapValues { table in
      table.map { ($0.key, Self.oldestFirst($0.value)) }.sorted { $0.0.utf8.count > $1.0.utf8.count }
    }
  }

  private static func oldestFirst(_ policies: [Kept<DestinationPolicy>]) -> [Kept<DestinationPolicy>] {
    guard policies.count > 1 else { return policies }
    return policies.sorted { ($0.value.createdAt, $0.value.ref) < ($1.value.createdAt, $1.value.ref) }
  }

  /// The policies of the most specific host of one namespace that cover a service and are visible to a caller.
  private func candidates(in namespace: String, host: String, visibleTo caller: String) -> [DestinationPolicy] {
    func visible(_ policies: [Kept<DestinationPolicy>]) -> [DestinationPolicy] {
      let policies = policies.map(\.value)
      if settings.destinationExportTo.isEmpty, policies.allSatisfy(\.exportTo.isEmpty) { return policies }
      return policies.filter {
        IstioHost.isExported($0.exportTo, from: namespace, to: caller, unless: settings.destinationExportTo)
      }
    }
    if let found = exact[namespace]?[host].map(visible), !found.isEmpty { return found }
    for entry in wildcards[namespace] ?? [] where IstioHost.matches(pattern: entry.pattern, host: host) {
      let found = visible(entry.policies)
      if !found.isEmpty { return found }
    }
    return []
  }

  /// The policies that a caller's proxy uses for a host, the one whose settings hold first.
  ///
  /// Sources: Istio, `PushContext.destinationRule` (the caller's namespace, of the root namespace only what is exported
  /// to itself alone; then the service's; then the root namespace; the most specific host of the first that has one)
  /// and `SidecarScope.DestinationRule` (of these, one whose `workloadSelector` selects the caller, in the caller's own
  /// namespace only, goes before those without). Several of one host and no selector are merged: the oldest gives the
  /// settings, subsets are joined.
  public func policies(
    host: String, serviceNamespace: String, callerNamespace: String, callerLabels: [String: String]
  ) -> [DestinationPolicy] {
    let found =
      looked(host: host, serviceNamespace: serviceNamespace, callerNamespace: callerNamespace)
      .first { _ in true } ?? []
    if let selected = found.first(where: {
      !$0.workloadSelector.isEmpty && $0.ref.namespace == callerNamespace
        && IstioHost.selects($0.workloadSelector, callerLabels)
    }) {
      return [selected]
    }
    return found.filter(\.workloadSelector.isEmpty)
  }

  private func exportTo(_ policy: DestinationPolicy) -> [String] {
    policy.exportTo.isEmpty ? settings.destinationExportTo : policy.exportTo
  }

  /// The policies of each namespace that is looked in for a host and has any: only the first of them count.
  private func looked(
    host: String, serviceNamespace: String, callerNamespace: String
  ) -> some Sequence<[DestinationPolicy]> {
    [callerNamespace, serviceNamespace, settings.rootNamespace].enumerated().lazy.map { level, namespace in
      let found = candidates(in: namespace, host: host, visibleTo: callerNamespace)
      // In the root namespace only what is kept to itself is meant for its own callers; the rest is for everybody.
      return level == 0 && namespace == settings.rootNamespace ? found.filter { exportTo($0) == ["."] } : found
    }.filter { !$0.isEmpty }
  }

  /// The policy that defines a subset of a host for callers of a namespace; for routes, whose callers are not known.
  public func subset(
    _ name: String, host: String, serviceNamespace: String, callerNamespace: String
  ) -> (policy: DestinationPolicy, subset: DestinationPolicy.Subset)? {
    let levels = looked(host: host, serviceNamespace: serviceNamespace, callerNamespace: callerNamespace)
    for policy in levels.first(where: { _ in true }) ?? [] {
      if let subset = policy.subsets.first(where: { $0.name == name }) { return (policy, subset) }
    }
    return nil
  }

  /// The names of all subsets of a host that callers of a namespace can be sent to.
  public func subsetNames(host: String, serviceNamespace: String, callerNamespace: String) -> [String] {
    let levels = looked(host: host, serviceNamespace: serviceNamespace, callerNamespace: callerNamespace)
    var names: [String] = []
    for subset in (levels.first { _ in true } ?? []).flatMap(\.subsets) where !names.contains(subset.name) {
      names.append(subset.name)
    }
    return names
  }

  /// A policy that defines a subset and does not count, since the other one stands in a namespace that is looked in before.
  func shadowed(
    _ name: String, host: String, serviceNamespace: String, callerNamespace: String
  ) -> (policy: DestinationPolicy, by: DestinationPolicy)? {
    let levels = Array(looked(host: host, serviceNamespace: serviceNamespace, callerNamespace: callerNamespace))
    guard let first = levels.first?.first else { return nil }
    let found = levels.dropFirst().joined().first { $0.subsets.contains { $0.name == name } }
    return found.map { ($0, first) }
  }
}
