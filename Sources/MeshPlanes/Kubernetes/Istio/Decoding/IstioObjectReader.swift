public import MeshModel

/// A reader of any of Istio's objects in one pass, whatever the order of its members.
enum IstioObjectReader {
  /// The views of the object that is next; `latest` knows what was asked for before in the same bytes.
  static func entities(
    _ kind: IstioKind, apiVersion: String, plane: PlaneName, latest: LatestSpecs? = nil, _ reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    var meta = ObjectMetadata()
    var spec = Spec(kind)
    var healthy = true
    var version = apiVersion
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "apiVersion":
        let text = try reader.string()
        if text != version { version = text }
      case "metadata":
        // The labels of a machine are what selectors choose; of all others only who else writes them matters.
        meta =
          kind == .workloadEntry
          ? try ObjectMetadata(&reader) : try ObjectMetadata(&reader, keeping: ObjectOwners.asks)
      case "spec": if let latest { spec = try latest.spec(kind, &reader) } else { try spec.read(&reader) }
      case "status":
        if kind == .workloadEntry {
          healthy = try WorkloadEntryReader.isHealthy(&reader)
        } else {
          try reader.skip()
        }
      default: try reader.skip()
      }
    }
    return spec.entities(meta, plane: plane, apiVersion: version, healthy: healthy)
  }

  /// The part of an object that differs by kind.
  enum Spec {
    case virtualService(VirtualServiceReader)
    case destinationRule(DestinationRuleReader)
    case gateway([String: String], [Gateway.Listener])
    case serviceEntry(ServiceEntryReader)
    case workloadEntry(WorkloadEntryReader.Entry)
    case workloadGroup(WorkloadEntryReader.Entry)
    case sidecar([String: String], [String])
    case peerAuthentication(MTLSPolicy)
    case authorizationPolicy(AuthorizationPolicyReader)
    case requestAuthentication(AccessPolicy)
    case policy(IstioKind, MTLSPolicy)

    init(_ kind: IstioKind) {
      self =
        switch kind {
        case .virtualService: .virtualService(VirtualServiceReader())
        case .destinationRule: .destinationRule(DestinationRuleReader())
        case .gateway: .gateway([:], [])
        case .serviceEntry: .serviceEntry(ServiceEntryReader())
        case .workloadEntry: .workloadEntry(WorkloadEntryReader.Entry())
        case .workloadGroup: .workloadGroup(WorkloadEntryReader.Entry())
        case .sidecar: .sidecar([:], [])
        case .peerAuthentication:
          .peerAuthentication(MTLSPolicy(ref: ObjectRef(plane: "", namespace: "", kind: "", name: "")))
        case .authorizationPolicy: .authorizationPolicy(AuthorizationPolicyReader())
        case .requestAuthentication:
          .requestAuthentication(
            AccessPolicy(
              ref: ObjectRef(plane: "", namespace: "", kind: "", name: ""), selector: [:], action: "JWT", rules: []))
        case .policy, .meshPolicy:
          // An object without `spec` asks for nothing.
          .policy(kind, MTLSPolicy(ref: ObjectRef(plane: "", namespace: "", kind: "", name: ""), mode: .disable))
        }
    }

    mutating func read(_ reader: inout JSONReader) throws(JSONError) {
      switch self {
      case .virtualService(var value):
        try value.read(&reader)
        self = .virtualService(value)
      case .destinationRule(var value):
        try value.read(&reader)
        self = .destinationRule(value)
      case .gateway:
        let found = try GatewayReader.gateway(&reader)
        self = .gateway(found.selector, found.listeners)
      case .serviceEntry(var value):
        try value.read(&reader)
        self = .serviceEntry(value)
      case .workloadEntry: self = .workloadEntry(try WorkloadEntryReader.entry(&reader))
      case .workloadGroup: self = .workloadGroup(try WorkloadEntryReader.group(&reader))
      case .sidecar:
        let found = try GatewayReader.egress(&reader)
        self = .sidecar(found.selector, found.hosts)
      case .peerAuthentication(var value):
        try SecurityReader.peerAuthentication(&reader, into: &value)
        self = .peerAuthentication(value)
      case .authorizationPolicy(var value):
        try value.read(&reader)
        self = .authorizationPolicy(value)
      case .requestAuthentication(var value):
        try SecurityReader.requestAuthentication(&reader, into: &value)
        self = .requestAuthentication(value)
      case .policy(let kind, var value):
        try SecurityReader.authenticationPolicy(&reader, into: &value)
        self = .policy(kind, value)
      }
    }

    func entities(_ meta: ObjectMetadata, plane: PlaneName, apiVersion: String, healthy: Bool) -> [Entity] {
      switch self {
      case .virtualService(let value): return [.route(value.route(meta, plane: plane, apiVersion: apiVersion))]
      case .destinationRule(let value):
        return [.destination(value.policy(meta, plane: plane, apiVersion: apiVersion))]
      case .gateway(let selector, let listeners):
        return [.gateway(Gateway(ref: meta.ref(.gateway, on: plane), selector: selector, listeners: listeners))]
      case .serviceEntry(let value): return value.entities(meta, plane: plane)
      case .workloadEntry(let value):
        return WorkloadEntryReader.entities(value, healthy: healthy, meta: meta, plane: plane)
      case .workloadGroup(let value):
        let ref = meta.ref(.workloadGroup, on: plane)
        return [
          .workload(
            Workload(
              ref: ref, labels: value.labels, serviceAccount: value.serviceAccount, runtime: .vm, nativeKind: ref.kind))
        ]
      case .sidecar(let selector, let hosts):
        return [.egressScope(EgressScope(ref: meta.ref(.sidecar, on: plane), selector: selector, hosts: hosts))]
      case .peerAuthentication(let value):
        return [.mtlsPolicy(identified(value, .peerAuthentication, meta, plane: plane, apiVersion: apiVersion))]
      case .policy(let kind, let value):
        return [.mtlsPolicy(identified(value, kind, meta, plane: plane, apiVersion: apiVersion))]
      case .authorizationPolicy(let value): return [.accessPolicy(value.policy(meta, plane: plane))]
      case .requestAuthentication(var value):
        value.ref = meta.ref(.requestAuthentication, on: plane)
        value.targets = meta.targets(value.targets, on: plane)
        return [.accessPolicy(value)]
      }
    }
  }
}

/// A policy with what its metadata says.
private func identified(
  _ policy: MTLSPolicy, _ kind: IstioKind, _ meta: ObjectMetadata, plane: PlaneName, apiVersion: String
) -> MTLSPolicy {
  var policy = policy
  policy.ref = meta.ref(kind, on: plane)
  policy.createdAt = meta.createdAt
  policy.version = meta.version
  policy.apiVersion = apiVersion
  return policy
}

/// Istio's objects outside a cluster: from files.
public enum IstioObjects {
  /// The views of one native object, or none where its `apiVersion` and `kind` are not Istio's.
  ///
  /// - Parameter namespace: The namespace of an object that names none.
  public static func entities(
    fromNative json: JSONValue, plane: PlaneName, namespace: String = "default"
  ) throws(JSONError) -> [Entity] {
    guard let apiVersion = json["apiVersion"]?.string, let spelling = json["kind"]?.string,
      let kind = IstioKind(apiVersion: apiVersion, kind: spelling)
    else { return [] }
    var json = json
    if kind.resource.isNamespaced, json["metadata"]?["namespace"]?.string?.isEmpty ?? true {
      var meta = json["metadata"] ?? .object(JSONObject())
      meta["namespace"] = .string(namespace)
      json["metadata"] = meta
    }
    return try JSONReader.read(JSONWriter.bytes(json)) { reader throws(JSONError) in
      try IstioObjectReader.entities(kind, apiVersion: apiVersion, plane: plane, &reader)
    }
  }
}
