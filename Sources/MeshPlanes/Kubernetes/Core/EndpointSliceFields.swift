import MeshModel

extension CoreResources {
  /// The EndpointSlices whose addresses somebody wrote, or that Kubernetes mirrors from Endpoints somebody wrote.
  ///
  /// Slices made from a selector hold pods, which are read themselves: the server passes over them by the label its own
  /// controller puts on them (Kubernetes, `endpointslice.kubernetes.io/managed-by`), so that a mesh of 50,000 pods costs an
  /// empty list and a silent watch.
  static let endpointSlices = DialectResource(
    group: "discovery.k8s.io", versions: ["v1", "v1beta1"], plural: "endpointslices", kind: "endpointslice",
    selector: "kubernetes.io/service-name,endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io")
}

/// The parts of an EndpointSlice that neutral views need.
struct EndpointSliceFields {
  private struct Address {
    var address = ""
    /// A condition that is not told counts as met (Kubernetes, `EndpointConditions.ready`).
    var isReady = true
    /// The kind of the object it stands for; empty where there is none.
    var target = ""
  }

  private var meta = MetadataFields()
  private var addresses: [Address] = []
  private var ports: [Int] = []

  /// The kinds whose own objects are read as instances.
  private static let known: Set<String> = ["Pod", "ExternalWorkload", "WorkloadEntry"]
  /// The networks in which an address is a machine of one's own; another one, or a name, stands outside.
  ///
  /// Source: RFC 1918, RFC 6598, RFC 4193.
  private static let own = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
    .map { NetworkRange(cidr: $0) }

  init(from reader: inout JSONReader) throws(JSONError) {
    var slice = EndpointSliceFields()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metadata": slice.meta = try MetadataFields(from: &reader)
      case "endpoints":
        slice.addresses = try reader.list { reader throws(JSONError) in try Self.address(&reader) }
      case "ports":
        try reader.array { reader throws(JSONError) in
          let port = try reader.memberOfObject("port") { reader throws(JSONError) -> Int in
            try reader.readNull() ? 0 : reader.int()
          }
          if let port, port > 0 { slice.ports.append(port) }
        }
      default: try reader.skip()
      }
    }
    guard !slice.meta.name.isEmpty else { throw reader.missing("metadata.name") }
    self = slice
  }

  private init() {}

  private static func address(_ reader: inout JSONReader) throws(JSONError) -> Address {
    var result = Address()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "addresses":
        // Several addresses are one endpoint, of which clients take the first.
        try reader.array { reader throws(JSONError) in
          let text = try reader.string()
          if result.address.isEmpty { result.address = text }
        }
      case "conditions":
        try reader.object { key, reader throws(JSONError) in
          guard case "ready" = key else { return try reader.skip() }
          if try !reader.readNull() { result.isReady = try reader.bool() }
        }
      case "targetRef":
        result.target =
          try reader.memberOfObject("kind") { reader throws(JSONError) in try reader.optionalString() ?? "" } ?? ""
      default: try reader.skip()
      }
    }
    return result
  }

  /// The addresses that are no pod's, and the workload that they are together; nothing where all of them are pods.
  func entities(plane: PlaneName) -> [Entity] {
    let service = meta.labels["kubernetes.io/service-name"] ?? ""
    let found = addresses.filter { !Self.known.contains($0.target) && !$0.address.isEmpty }
    guard !service.isEmpty, let first = found.first else { return [] }
    let workload = ObjectRef(plane: plane, namespace: meta.namespace, kind: Service.addressesKind, name: service)
    let entities = found.map { address -> Entity in
      .endpoint(
        Endpoint(
          ref: ObjectRef(
            plane: plane, namespace: meta.namespace, kind: CoreResources.endpointSlices.kind,
            name: "\(meta.name):\(address.address)"), workload: workload, address: address.address, ports: ports,
          isReady: address.isReady, proxy: .none, acceptsMeshTLS: false, runtime: Self.runtime(address)))
    }
    return [
      .workload(
        Workload(
          ref: workload, labels: [:], runtime: Self.runtime(first), nativeKind: CoreResources.endpointSlices.kind))
    ] + entities
  }

  private static func runtime(_ address: Address) -> Runtime {
    if ["VirtualMachine", "VirtualMachineInstance", "Node"].contains(address.target) { return .vm }
    return own.contains { $0.contains(address.address) == true } ? .vm : .external
  }
}
