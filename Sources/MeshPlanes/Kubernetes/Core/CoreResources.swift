import MeshModel

/// The resources of Kubernetes itself that every mesh stands on.
enum CoreResources {
  static let namespaces = DialectResource(
    group: "", versions: ["v1"], plural: "namespaces", kind: "namespace", isNamespaced: false)
  static let services = DialectResource(group: "", versions: ["v1"], plural: "services", kind: "service")
  static let pods = DialectResource(group: "", versions: ["v1"], plural: "pods", kind: "pod")
  static let deployments = DialectResource(
    group: "apps", versions: ["v1"], plural: "deployments", kind: "deployment")
  static let statefulSets = DialectResource(
    group: "apps", versions: ["v1"], plural: "statefulsets", kind: "statefulset")
  static let daemonSets = DialectResource(group: "apps", versions: ["v1"], plural: "daemonsets", kind: "daemonset")

  /// All of them, in the order a screen fills best.
  static let all = [namespaces, services, endpointSlices, deployments, statefulSets, daemonSets, pods]

  /// The resources that hold the things of a neutral kind: `workload` has no resource of its own.
  static func kinds(behind kind: ObjectKind) -> Set<ObjectKind> {
    switch kind {
    case "workload": ["deployment", "statefulset", "daemonset", "pod", endpointSlices.kind]
    case "endpoint": ["pod", endpointSlices.kind]
    default: [kind]
    }
  }

  /// What a native object that an operator writes stands for; nothing for one of another API, or that cannot be read.
  static func entities(fromNative object: JSONValue, plane: PlaneName) -> [Entity] {
    let written = [namespaces, services, deployments, statefulSets, daemonSets]
    guard let resource = written.first(where: { $0.names(object) }) else { return [] }
    let read: [Entity]? = try? JSONReader.read(JSONWriter.bytes(object)) { reader throws(JSONError) in
      var pool = TextPool()
      return try entities(of: resource, plane: plane, from: &reader, pool: &pool)
    }
    return read ?? []
  }

  /// The neutral views of one object of Kubernetes itself.
  static func entities(
    of resource: DialectResource, plane: PlaneName, from reader: inout JSONReader, pool: inout TextPool
  ) throws(JSONError) -> [Entity] {
    switch resource.kind {
    case "namespace": try namespace(plane, &reader)
    case "service": try service(plane, &reader, &pool)
    case endpointSlices.kind: try EndpointSliceFields(from: &reader).entities(plane: plane)
    case "pod": try PodFields(from: &reader).entities(plane: plane, pool: &pool)
    default: try workload(plane, resource.kind, &reader, &pool)
    }
  }

  private static func namespace(_ plane: PlaneName, _ reader: inout JSONReader) throws(JSONError) -> [Entity] {
    let meta = try reader.memberOfObject("metadata", MetadataFields.init(from:))
    guard let meta, !meta.name.isEmpty else { throw reader.missing("metadata.name") }
    return [
      .namespace(
        Namespace(
          ref: ObjectRef(plane: plane, namespace: "", kind: "namespace", name: meta.name), labels: meta.labels,
          annotations: meta.meshAnnotations))
    ]
  }

  /// A Deployment, StatefulSet or DaemonSet.
  private static func workload(
    _ plane: PlaneName, _ kind: ObjectKind, _ reader: inout JSONReader, _ pool: inout TextPool
  ) throws(JSONError) -> [Entity] {
    var meta = MetadataFields()
    var template = MetadataFields()
    var (account, desired): (String, Int?) = ("", nil)
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metadata": meta = try MetadataFields(from: &reader)
      case "spec":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "replicas": desired = try reader.readNull() ? nil : reader.int()
          case "template":
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "metadata": template = try MetadataFields(from: &reader)
              case "spec":
                account =
                  try reader.memberOfObject("serviceAccountName") { reader throws(JSONError) in
                    try reader.optionalString() ?? ""
                  } ?? ""
              default: try reader.skip()
              }
            }
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    guard !meta.name.isEmpty else { throw reader.missing("metadata.name") }
    return [
      .workload(
        Workload(
          ref: ObjectRef(plane: plane, namespace: pool.text(meta.namespace), kind: "workload", name: meta.name),
          labels: pool.labels(template.labels, of: "\(meta.namespace)/\(meta.name)"),
          serviceAccount: pool.text(account.isEmpty ? "default" : account),
          runtime: PodFields.runtime(of: template.labels), desired: desired, nativeKind: kind,
          annotations: template.meshAnnotations))
    ]
  }
}

/// Texts and labels that many things have in common, kept once.
struct TextPool {
  private var texts: Set<String> = []
  private var ports: Set<[Int]> = []
  /// By the hash of the owner's name: that two share one costs a copy, no more.
  private var labels: [Int: [String: String]] = [:]

  /// Ports in their one kept copy.
  mutating func ports(_ ports: [Int]) -> [Int] {
    ports.isEmpty ? [] : self.ports.insert(ports).memberAfterInsert
  }

  /// The text in its one kept copy; short texts need none.
  mutating func text(_ text: String) -> String {
    guard text.utf8.count > 15 else { return text }
    return texts.insert(text).memberAfterInsert
  }

  /// The labels in the copy kept for an owner, where they are the same.
  mutating func labels(_ labels: [String: String], of owner: String) -> [String: String] {
    guard !labels.isEmpty else { return [:] }
    let owner = owner.hashValue
    if let kept = self.labels[owner], kept == labels { return kept }
    var fresh: [String: String] = [:]
    fresh.reserveCapacity(labels.count)
    for (name, value) in labels { fresh[text(name)] = text(value) }
    self.labels[owner] = fresh
    return fresh
  }
}

/// The metadata that neutral views need.
struct MetadataFields {
  var namespace = ""
  var name = ""
  var labels: [String: String] = [:]
  var annotations: [String: String] = [:]
  /// The kind and name of the controlling owner; of the first owner where none controls.
  var owner: (kind: String, name: String)?
  var isBeingDeleted = false

  /// The annotations that are kept; others can be large.
  private static func keeps(_ name: JSONKey) -> Bool {
    switch name {
    case "ambient.istio.io/redirection", "inject.istio.io/templates", "networking.istio.io/exportTo",
      "mirror.linkerd.io/remote-svc-fq-name", "config.linkerd.io/default-inbound-policy",
      "config.linkerd.io/skip-inbound-ports", "config.linkerd.io/skip-outbound-ports", "linkerd.io/inject",
      "linkerd.io/proxy-version":
      true
    default: false
    }
  }

  /// The annotations that a mesh's rules ask for; `nil` where there is none.
  var meshAnnotations: [String: String]? {
    let found = annotations.filter { $0.key.hasPrefix("linkerd.io/") || $0.key.hasPrefix("config.linkerd.io/") }
    return found.isEmpty ? nil : found
  }

  init() {}

  init(from reader: inout JSONReader) throws(JSONError) {
    var meta = MetadataFields()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "namespace": meta.namespace = try reader.optionalString() ?? ""
      case "name": meta.name = try reader.optionalString() ?? ""
      case "labels": meta.labels = try reader.stringMap()
      case "deletionTimestamp": meta.isBeingDeleted = try reader.optionalString() != nil
      case "annotations":
        try reader.object { key, reader throws(JSONError) in
          guard Self.keeps(key) else { return try reader.skip() }
          meta.annotations[key.string] = try reader.optionalString() ?? ""
        }
      case "ownerReferences":
        try reader.array { reader throws(JSONError) in
          var (kind, name, controls) = ("", "", false)
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "kind": kind = try reader.string()
            case "name": name = try reader.string()
            case "controller": controls = try reader.readNull() ? false : reader.bool()
            default: try reader.skip()
            }
          }
          if controls || meta.owner == nil { meta.owner = (kind, name) }
        }
      default: try reader.skip()
      }
    }
    self = meta
  }
}

extension JSONReader {
  /// Reads one member of an object and passes over the others; `nil` where it is absent.
  mutating func memberOfObject<Value>(
    _ name: StaticString, _ body: (inout JSONReader) throws(JSONError) -> Value
  ) throws(JSONError) -> Value? {
    var value: Value?
    try object { key, reader throws(JSONError) in
      if name ~= key { value = try body(&reader) } else { try reader.skip() }
    }
    return value
  }

  /// The fault of an object without a member it must have.
  func missing(_ name: String) -> JSONError { JSONError(.wrongType, at: offset, expected: name) }
}
