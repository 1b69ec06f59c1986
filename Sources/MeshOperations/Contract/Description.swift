public import MeshModel
import MeshPlanes

/// Everything known of one thing: its own numbers, the weighted rules it has part in, what it accepts and from whom, and its
/// problems.
public struct Description: Sendable {
  /// The thing.
  public let ref: ObjectRef
  /// The weighted rules of a route, of those that lead to a service, or that a workload serves.
  public private(set) var splits: [Split] = []
  /// A service or workload with its traffic; after a service its workloads.
  public private(set) var health: [HealthRow] = []
  /// What a workload, or those of a service, accept.
  public private(set) var mtls: [MTLSRow] = []
  /// Who calls a service or workload.
  public private(set) var callers: [MTLSPair] = []
  /// The configuration problems of the object.
  public let findings: [Finding]

  /// Gathers what is known of a thing.
  public init(of ref: ObjectRef, in view: MeshView) {
    self.ref = ref
    findings = view.findings(plane: ref.plane).filter { $0.object == ref }
    var workloads: Set<ObjectRef> = []
    if let route = view.snapshot.routes[ref] {
      splits = view.splits(of: route)
    } else if let service = view.snapshot.services[ref] {
      workloads = Set(view.workloads(of: service, WorkloadIndex(view.snapshot)).map(\.ref))
      health = view.serviceRows(plane: ref.plane, namespace: ref.namespace).filter { $0.ref == ref }
      splits = view.splits(plane: ref.plane).filter { split in
        split.backends.contains { $0.host == service.hosts.first }
      }
      callers = view.mtlsMatrix(plane: ref.plane).filter { $0.service == ref }
    } else if view.snapshot.workloads[ref] != nil {
      workloads = [ref]
      splits = view.splits(plane: ref.plane).filter { $0.backends.contains { $0.workloads.contains(ref) } }
      callers = view.mtlsMatrix(plane: ref.plane).filter { $0.server == ref }
    }
    guard !workloads.isEmpty else { return }
    // Those of another plane or namespace than the thing's stand for nothing of it.
    health += view.workloadRows(plane: ref.plane, namespace: ref.namespace).filter { workloads.contains($0.ref) }
    mtls = view.mtlsRows(plane: ref.plane, namespace: ref.namespace).filter { workloads.contains($0.workload) }
  }

  /// The document `Description`: `id object splits[] health[] mtls[] callers[] findings[]`, each as in its own list. The
  /// object is as its control plane has it.
  public func document(_ object: Known<JSONValue>) -> [UInt8] {
    var writer = JSONWriter(indent: 2)
    writer.object { writer in
      writer.member("apiVersion", "meshdeck/v1")
      writer.member("kind", "Description")
      writer.member("id", ref.description)
      writer.name("object")
      switch object {
      case .known(let json, _, _): writer.value(json)
      case .unknown(let reason): writer.object { $0.member("unknown", reason) }
      }
      writer.items("splits", splits)
      writer.items("health", health)
      writer.items("mtls", mtls)
      writer.items("callers", callers)
      writer.items("findings", findings)
    }
    return writer.drain() + [0x0A]
  }
}

extension JSONWriter {
  fileprivate mutating func items(_ name: String, _ items: [some ContractItem]) {
    self.name(name)
    array { writer in for item in items { item.write(to: &writer) } }
  }
}
