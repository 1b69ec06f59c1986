import MeshModel

/// What Kubernetes Services lead to in one snapshot: the routing every dialect without subsets has.
struct BackendTargets: Sendable {
  private let services: [String: Service]
  private let instances: InstanceIndex
  private let workloads: WorkloadsByLabel
  let domain: String

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    var services: [String: Service] = [:]
    for (ref, service) in snapshot.services where ref.plane == plane && ref.kind == "service" {
      services["\(ref.namespace)/\(ref.name)"] = service
    }
    self.services = services
    instances = InstanceIndex(snapshot, plane: plane)
    workloads = WorkloadsByLabel(snapshot, plane: plane)
    domain = snapshot.meshes[plane]?.domain ?? "cluster.local"
  }

  /// The namespace and name of a host written as a short name or a full one.
  func place(_ host: String, in namespace: String) -> (namespace: String, name: String) {
    let parts = host.split(separator: ".").map(String.init)
    guard parts.count > 1, let first = parts.first else { return (namespace, host) }
    return (parts[1], first)
  }

  /// The service a host names.
  func service(_ host: String, in namespace: String) -> Service? {
    let place = place(host, in: namespace)
    return services["\(place.namespace)/\(place.name)"]
  }

  /// What a host leads to.
  func target(_ host: String, in namespace: String) -> BackendTarget {
    let place = place(host, in: namespace)
    let full = "\(place.name).\(place.namespace).svc.\(domain)"
    guard let service = services["\(place.namespace)/\(place.name)"] else {
      return BackendTarget(host: full, service: nil, workloads: [])
    }
    let addresses = instances.addresses(of: service).map(\.workload).prefix(1)
    return BackendTarget(
      host: full, service: service.ref, workloads: selected(by: service.selector, in: place.namespace) + addresses)
  }

  /// The workloads whose instances carry all labels of a selector; none for an empty one.
  func selected(by selector: [String: String], in namespace: String) -> [ObjectRef] {
    guard !selector.isEmpty else { return [] }
    var found = Set(instances.instances(selector, in: namespace).map(\.workload))
    found.formUnion(workloads.selected(by: selector, in: namespace))
    return found.sorted()
  }
}

/// mTLS on a plane whose dialect says nothing of it.
struct NoMTLS: MTLSRules {
  let reason: String

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    (.unset, [Reason(reason)])
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    MTLSVerdict(server: .unset, client: "unknown", outcome: .unknown, reasons: [Reason(reason)])
  }
}
