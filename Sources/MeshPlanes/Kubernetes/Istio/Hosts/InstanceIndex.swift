public import MeshModel

/// The instances of a plane by namespace and label, for selectors and subsets.
public struct InstanceIndex: Sendable {
  private var all: [Kept<Endpoint>] = []
  private var byNamespace: [String: [Int]] = [:]
  /// By namespace and the value of one customary label; the label goes before the value.
  private var byLabel: [String: [String: [Int]]] = [:]
  /// The instances written for services, which no selector finds, by their workload.
  private var written: [ObjectRef: [Int]] = [:]

  /// Indexes the endpoints of one plane.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    all.reserveCapacity(snapshot.endpoints.count)
    for kept in snapshot.endpoints.kept where kept.value.ref.plane == plane {
      let endpoint = kept.value
      let index = all.count
      guard endpoint.workload.kind != Service.addressesKind, endpoint.ref.kind != IstioKind.serviceEntry.rawValue else {
        written[endpoint.workload, default: []].append(index)
        all.append(kept)
        continue
      }
      byNamespace[endpoint.ref.namespace, default: []].append(index)
      for label in Self.indexed {
        guard let value = endpoint.labels[label] else { continue }
        byLabel[endpoint.ref.namespace, default: [:]][label == "app" ? value : "\(label)=\(value)", default: []].append(
          index)
      }
      all.append(kept)
    }
  }

  /// The labels nearly every selector has one of; others are found by going through the namespace.
  private static let indexed = ["app", "app.kubernetes.io/name", "k8s-app", "istio"]

  /// The places of the instances in a namespace that may carry all labels of a selector; the fewer the better.
  private func candidates(_ selector: [String: String], in namespace: String) -> (places: [Int], isExact: Bool) {
    for label in Self.indexed {
      guard let value = selector[label] else { continue }
      let found = byLabel[namespace]?[label == "app" ? value : "\(label)=\(value)"] ?? []
      return (found, selector.count == 1)
    }
    return (byNamespace[namespace] ?? [], selector.isEmpty)
  }

  /// The instances in a namespace, in their places.
  func places(in namespace: String) -> [Kept<Endpoint>] { (byNamespace[namespace] ?? []).map { all[$0] } }

  /// The instances in a namespace that carry all labels of a selector.
  public func instances(_ selector: [String: String], in namespace: String) -> [Endpoint] {
    let (places, isExact) = candidates(selector, in: namespace)
    if isExact { return places.map { all[$0].value } }
    return places.filter { IstioHost.selects(selector, all[$0].value.labels) }.map { all[$0].value }
  }

  /// Whether any instance in a namespace carries all labels of a selector, and of a subset where one is given.
  public func isAnySelected(
    by selector: [String: String], and labels: [String: String] = [:], in namespace: String
  ) -> Bool {
    let (places, isExact) = candidates(selector, in: namespace)
    if isExact, labels.isEmpty { return !places.isEmpty }
    return places.contains { place in
      (isExact || IstioHost.selects(selector, all[place].value.labels))
        && IstioHost.selects(labels, all[place].value.labels)
    }
  }

  /// Whether any instance anywhere carries all labels of a selector.
  public func isAnySelectedAnywhere(by selector: [String: String]) -> Bool {
    byNamespace.keys.contains { isAnySelected(by: selector, in: $0) }
  }

  /// The instances of a service, those of one subset where it is given: selected by their labels, or written for it.
  public func instances(of service: Service, subset: DestinationPolicy.Subset? = nil) -> [Endpoint] {
    var found = addresses(of: service)
    if !service.selector.isEmpty { found = instances(service.selector, in: service.ref.namespace) + found }
    guard let subset, !subset.labels.isEmpty else { return found }
    return found.filter { IstioHost.selects(subset.labels, $0.labels) }
  }

  /// The instances written for a service: addresses, or those its object names.
  func addresses(of service: Service) -> [Endpoint] {
    written.isEmpty ? [] : service.written.flatMap { written[$0] ?? [] }.map { all[$0].value }
  }

  /// Whether a service, or one subset of it, has an instance.
  public func hasInstance(_ service: Service, subset: DestinationPolicy.Subset? = nil) -> Bool {
    let labels = subset?.labels ?? [:]
    if addresses(of: service).contains(where: { IstioHost.selects(labels, $0.labels) }) { return true }
    return !service.selector.isEmpty
      && isAnySelected(by: service.selector, and: labels, in: service.ref.namespace)
  }
}

/// The workloads of a plane by namespace and label, for selectors and subsets.
struct WorkloadsByLabel: Sendable {
  private var byNamespace: [String: [Kept<Workload>]] = [:]
  /// By namespace and the value of the label `app`, which nearly every selector has.
  private var byApp: [String: [String: [Kept<Workload>]]] = [:]

  /// Indexes the workloads of one plane.
  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    for kept in snapshot.workloads.kept where kept.value.ref.plane == plane {
      let workload = kept.value
      // What a ServiceEntry names belongs to it alone (Istio API, ServiceEntry.endpoints).
      guard workload.nativeKind != IstioKind.serviceEntry.rawValue else { continue }
      byNamespace[workload.ref.namespace, default: []].append(kept)
      guard let app = workload.labels["app"] else { continue }
      byApp[workload.ref.namespace, default: [:]][app, default: []].append(kept)
    }
  }

  /// The workloads in a namespace that carry all labels of a selector.
  func selected(by selector: [String: String], in namespace: String) -> [ObjectRef] {
    let candidates = selector["app"].map { byApp[namespace]?[$0] ?? [] } ?? byNamespace[namespace] ?? []
    return candidates.filter { IstioHost.selects(selector, $0.value.labels) }.map(\.value.ref)
  }
}
