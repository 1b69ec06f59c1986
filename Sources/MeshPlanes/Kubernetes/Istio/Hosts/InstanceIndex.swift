public import MeshModel

/// The instances of a plane by namespace and label, for selectors and subsets.
public struct InstanceIndex: Sendable {
  private let byNamespace: [String: [Endpoint]]
  private let byLabel: [Key: [Endpoint]]

  private struct Key: Hashable, Sendable {
    var namespace: String
    var label: String
    var value: String
  }

  /// Indexes the endpoints of one plane.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    var byNamespace: [String: [Endpoint]] = [:]
    var byLabel: [Key: [Endpoint]] = [:]
    for (ref, endpoint) in snapshot.endpoints where ref.plane == plane {
      byNamespace[ref.namespace, default: []].append(endpoint)
      for label in Self.indexed {
        guard let value = endpoint.labels[label] else { continue }
        byLabel[Key(namespace: ref.namespace, label: label, value: value), default: []].append(endpoint)
      }
    }
    self.byNamespace = byNamespace
    self.byLabel = byLabel
  }

  /// The labels nearly every selector has one of; others are found by going through the namespace.
  private static let indexed = ["app", "app.kubernetes.io/name", "k8s-app", "istio"]

  /// The instances in a namespace that carry all labels of a selector.
  public func instances(_ selector: [String: String], in namespace: String) -> [Endpoint] {
    for label in Self.indexed {
      guard let value = selector[label] else { continue }
      let found = byLabel[Key(namespace: namespace, label: label, value: value)] ?? []
      return selector.count == 1 ? found : found.filter { IstioHost.selects(selector, $0.labels) }
    }
    return (byNamespace[namespace] ?? []).filter { IstioHost.selects(selector, $0.labels) }
  }

  /// Whether any instance in a namespace, or anywhere (`nil`), carries all labels of a selector.
  public func isAnySelected(by selector: [String: String], in namespace: String?) -> Bool {
    if let namespace { return !instances(selector, in: namespace).isEmpty }
    return byNamespace.keys.contains { !instances(selector, in: $0).isEmpty }
  }

  /// The instances of a service, those of one subset where it is given.
  public func instances(of service: Service, subset: DestinationPolicy.Subset? = nil) -> [Endpoint] {
    guard !service.selector.isEmpty else { return [] }
    let found = instances(service.selector, in: service.ref.namespace)
    guard let subset, !subset.labels.isEmpty else { return found }
    return found.filter { IstioHost.selects(subset.labels, $0.labels) }
  }

  /// All instances in a namespace.
  public func instances(in namespace: String) -> [Endpoint] { byNamespace[namespace] ?? [] }
}
