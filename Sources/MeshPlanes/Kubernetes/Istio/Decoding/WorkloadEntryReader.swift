import MeshModel

/// A reader of WorkloadEntry and WorkloadGroup objects: VMs in the mesh.
///
/// Sources: Istio API, WorkloadEntry and WorkloadGroup; the annotation `istio.io/autoRegistrationGroup` that istiod
/// puts on entries it made from a group, and the owner reference to that group.
enum WorkloadEntryReader {
  /// What an entry, or a group's template, says.
  struct Entry {
    var address = ""
    var labels: [String: String] = [:]
    var ports: [Int] = []
    var serviceAccount = ""
  }

  static func entry(_ reader: inout JSONReader) throws(JSONError) -> Entry {
    var entry = Entry()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "address": entry.address = try reader.string()
      case "labels": entry.labels = try reader.stringMap()
      case "serviceAccount": entry.serviceAccount = try reader.string()
      case "ports":
        try reader.object { _, reader throws(JSONError) in entry.ports.append(try reader.int()) }
        entry.ports.sort()
      default: try reader.skip()
      }
    }
    return entry
  }

  /// Reads a group's `spec`: the labels of its instances are those of its metadata and of its template.
  static func group(_ reader: inout JSONReader) throws(JSONError) -> Entry {
    var result = Entry()
    var labels: [String: String] = [:]
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metadata":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "labels": labels = try reader.stringMap()
          default: try reader.skip()
          }
        }
      case "template": result = try entry(&reader)
      default: try reader.skip()
      }
    }
    result.labels.merge(labels) { template, _ in template }
    return result
  }

  /// Reads an entry's `status`: whether the health check last reported holds.
  static func isHealthy(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    var healthy = true
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "conditions":
        try reader.array { reader throws(JSONError) in
          var (type, status) = ("", "")
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "type": type = try reader.string()
            case "status": status = try reader.string()
            default: try reader.skip()
            }
          }
          if type == "Healthy", status == "False" { healthy = false }
        }
      default: try reader.skip()
      }
    }
    return healthy
  }

  /// Whether an entry says that its instance speaks mesh TLS; `nil` where it says nothing.
  ///
  /// Source: istiod, `getTLSModeFromWorkloadEntry`: by the label, else where there is a service account.
  private static func speaksTLS(_ labels: [String: String], _ serviceAccount: String) -> Bool? {
    labels["security.istio.io/tlsMode"].map { $0 == "istio" } ?? (serviceAccount.isEmpty ? nil : true)
  }

  /// The instance that one of the `endpoints` of a ServiceEntry stands for, and its workload, by the name istiod gives it.
  ///
  /// Source: istiod, `convertServiceEntryToInstances`: `NAME-0` and so on, which is what metrics name.
  static func entities(_ entry: Entry, at index: Int, of service: ObjectRef, runtime: Runtime) -> [Entity] {
    let workload = ObjectRef(
      plane: service.plane, namespace: service.namespace, kind: "workload",
      name: "\(service.name)-\(index)")
    var ref = service
    ref.name += ":\(index)"
    let speaksTLS = speaksTLS(entry.labels, entry.serviceAccount) ?? false
    return [
      .workload(
        Workload(
          ref: workload, labels: entry.labels, serviceAccount: entry.serviceAccount, runtime: runtime, desired: 1,
          nativeKind: service.kind)),
      .endpoint(
        Endpoint(
          ref: ref, workload: workload, labels: entry.labels, address: entry.address, ports: entry.ports, isReady: true,
          proxy: speaksTLS ? .sidecar : .none, acceptsMeshTLS: speaksTLS, runtime: runtime,
          serviceAccount: entry.serviceAccount)),
    ]
  }

  /// The instance an entry stands for, and its workload where no group declares one.
  static func entities(_ entry: Entry, healthy: Bool, meta: ObjectMetadata, plane: PlaneName) -> [Entity] {
    let ref = meta.ref(.workloadEntry, on: plane)
    let group =
      meta.annotations["istio.io/autoRegistrationGroup"]
      ?? meta.owners.first { $0.kind == IstioKind.workloadGroup.spelling }?.name
    var labels = entry.labels
    labels.merge(meta.labels) { own, _ in own }
    var workload = ref
    if let group {
      workload.kind = IstioKind.workloadGroup.rawValue
      workload.name = group
    }
    // A VM speaks mesh TLS where its agent runs: istiod registers such entries itself, or the entry says so.
    let speaksTLS = speaksTLS(labels, entry.serviceAccount) ?? (group != nil)
    let endpoint = Endpoint(
      ref: ref, workload: workload, labels: labels, address: entry.address, ports: entry.ports, isReady: healthy,
      proxy: speaksTLS ? .sidecar : .none, acceptsMeshTLS: speaksTLS, runtime: .vm, serviceAccount: entry.serviceAccount
    )
    guard group == nil else { return [.endpoint(endpoint)] }
    return [
      .workload(
        Workload(
          ref: ref, labels: labels, serviceAccount: entry.serviceAccount, runtime: .vm, desired: 1,
          nativeKind: ref.kind)),
      .endpoint(endpoint),
    ]
  }
}
