import MeshModel

/// What is kept of an object's `metadata`.
struct ObjectMetadata {
  var name = ""
  var namespace = ""
  var version = ""
  var createdAt = Instant(seconds: 0)
  var labels: [String: String] = [:]
  var annotations: [String: String] = [:]
  var owners: [OwnerReference] = []
  var managers: [FieldManager] = []

  /// `generation`: how often the desired state changed; 0 where the server does not count.
  var generation = 0

  /// An entry of `ownerReferences`.
  struct OwnerReference {
    var apiVersion = ""
    var kind = ""
    var name = ""
  }

  /// An entry of `managedFields`, without the fields.
  struct FieldManager {
    var manager = ""
    var operation = ""
  }

  /// Reads a `metadata` object, with the labels and annotations that are wanted.
  init(
    _ reader: inout JSONReader, keeping isWanted: (JSONKey) -> Bool = { _ in true }
  ) throws(JSONError) {
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": name = try reader.string()
      case "namespace": namespace = try reader.string()
      case "resourceVersion": version = try reader.string()
      case "generation": generation = try reader.readNull() ? 0 : reader.int()
      case "creationTimestamp":
        if let text = try reader.optionalString() { createdAt = RFC3339.parse(text) ?? createdAt }
      case "labels": labels = try Self.texts(&reader, isWanted)
      // `last-applied-configuration` alone can be as large as the object.
      case "annotations":
        annotations = try Self.texts(&reader) { key in
          !("kubectl.kubernetes.io/last-applied-configuration" ~= key) && isWanted(key)
        }
      case "ownerReferences":
        owners = try reader.list { reader throws(JSONError) in
          var owner = OwnerReference()
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "apiVersion": owner.apiVersion = try reader.string()
            case "kind": owner.kind = try reader.string()
            case "name": owner.name = try reader.string()
            default: try reader.skip()
            }
          }
          return owner
        }
      case "managedFields":
        managers = try reader.list { reader throws(JSONError) in
          var manager = FieldManager()
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "manager": manager.manager = try reader.string()
            case "operation": manager.operation = try reader.string()
            default: try reader.skip()
            }
          }
          return manager
        }
      default: try reader.skip()
      }
    }
  }

  init() {}

  /// Reads the members of an object that are texts and wanted.
  private static func texts(
    _ reader: inout JSONReader, _ isWanted: (JSONKey) -> Bool
  ) throws(JSONError) -> [String: String] {
    var kept: [String: String] = [:]
    try reader.object { key, reader throws(JSONError) in
      if isWanted(key), try reader.peek() == .string {
        kept[key.string] = try reader.string()
      } else {
        try reader.skip()
      }
    }
    return kept
  }

  /// The identity of the object on a plane.
  func ref(_ kind: ObjectKind, on plane: PlaneName) -> ObjectRef {
    ObjectRef(plane: plane, namespace: namespace, kind: kind, name: name)
  }
}
