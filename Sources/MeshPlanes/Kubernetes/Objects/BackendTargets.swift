import MeshModel
import Synchronization

/// What Kubernetes Services lead to in one snapshot: the routing every dialect without subsets has.
struct BackendTargets: Sendable {
  private let known: Known
  let domain: String

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    known = Known(snapshot, plane: plane)
    domain = snapshot.meshes[plane]?.domain ?? "cluster.local"
  }

  /// What a snapshot holds, indexed when somebody first asks: of most meshes nobody does, and a large one takes megabytes.
  private final class Known: Sendable {
    struct Index: Sendable {
      var services: [String: Service] = [:]
      let instances: InstanceIndex
      let workloads: WorkloadsByLabel

      init(_ snapshot: MeshSnapshot, plane: PlaneName) {
        for (ref, service) in snapshot.services where ref.plane == plane && ref.kind == "service" {
          services["\(ref.namespace)/\(ref.name)"] = service
        }
        instances = InstanceIndex(snapshot, plane: plane)
        workloads = WorkloadsByLabel(snapshot, plane: plane)
      }
    }

    private let snapshot: MeshSnapshot
    private let plane: PlaneName
    private let made = Mutex<Index?>(nil)

    init(_ snapshot: MeshSnapshot, plane: PlaneName) {
      self.snapshot = snapshot
      self.plane = plane
    }

    var index: Index {
      made.withLock { made in
        let index = made ?? Index(snapshot, plane: plane)
        made = index
        return index
      }
    }
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
    return known.index.services["\(place.namespace)/\(place.name)"]
  }

  /// What a host leads to.
  func target(_ host: String, in namespace: String) -> BackendTarget {
    let place = place(host, in: namespace)
    let full = "\(place.name).\(place.namespace).svc.\(domain)"
    let index = known.index
    guard let service = index.services["\(place.namespace)/\(place.name)"] else {
      return BackendTarget(host: full, service: nil, workloads: [])
    }
    let addresses = index.instances.addresses(of: service).map(\.workload).prefix(1)
    return BackendTarget(
      host: full, service: service.ref, workloads: selected(by: service.selector, in: place.namespace) + addresses)
  }

  /// The workloads whose instances carry all labels of a selector; none for an empty one.
  func selected(by selector: [String: String], in namespace: String) -> [ObjectRef] {
    guard !selector.isEmpty else { return [] }
    let index = known.index
    var found = Set(index.instances.instances(selector, in: namespace).map(\.workload))
    found.formUnion(index.workloads.selected(by: selector, in: namespace))
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
