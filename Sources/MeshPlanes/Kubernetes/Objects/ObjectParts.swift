import MeshModel

/// A native object taken apart in one pass: what every dialect asks of it first.
struct ObjectParts {
  /// The API version it says of itself, or the one it was listed in.
  var apiVersion: String
  var meta = ObjectMetadata()
  var spec: JSONValue = [:]
  var status: JSONValue = [:]
  /// Members at the top beside the usual ones (SMI kept its fields there at first).
  var others = JSONObject()

  /// Reads the object that is next.
  init(_ reader: inout JSONReader, apiVersion: String) throws(JSONError) {
    self.apiVersion = apiVersion
    var parts = self
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "apiVersion": parts.apiVersion = try reader.optionalString() ?? apiVersion
      case "kind": try reader.skip()
      case "metadata": parts.meta = try ObjectMetadata(&reader)
      case "spec": parts.spec = try reader.value()
      case "status": parts.status = try reader.value()
      default: parts.others[key.string] = try reader.value()
      }
    }
    guard !parts.meta.name.isEmpty else { throw reader.missing("metadata.name") }
    self = parts
  }

  /// The conditions of a part of the status.
  func conditions(_ json: JSONValue) -> [StatusReport.Condition] {
    (json["conditions"]?.array ?? []).map { item in
      StatusReport.Condition(
        type: item["type"]?.string ?? "", holds: ["True": true, "False": false][item["status"]?.string ?? ""],
        reason: item["reason"]?.string ?? "", message: item["message"]?.string ?? "")
    }
  }

  /// Whether a part of the status speaks of the object's present generation; where it does not say, it is believed.
  func isCurrent(_ json: JSONValue) -> Bool {
    let seen = (json["conditions"]?.array ?? []).compactMap { $0["observedGeneration"]?.int }
    let observed = [json["observedGeneration"]?.int].compactMap(\.self) + seen
    return meta.generation == 0 || observed.allSatisfy { $0 >= meta.generation }
  }
}

extension DialectResource {
  /// The kind as objects spell it is this resource's, in its group.
  func names(_ object: JSONValue) -> Bool {
    guard let apiVersion = object["apiVersion"]?.string, let spelling = object["kind"]?.string else { return false }
    let group = apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
    return group == self.group && spelling.lowercased() == kind.prefix { $0 != "." }
  }
}

extension KubernetesDialect {
  /// The entities of a native object by its own `apiVersion` and `kind`; none for an object of another API.
  func entities(fromNative object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    guard let resource = resources.first(where: { $0.names(object) }) else { return [] }
    var object = object
    if resource.isNamespaced, object["metadata"]?["namespace"]?.string?.isEmpty ?? true {
      var meta = object["metadata"] ?? [:]
      meta["namespace"] = "default"
      object["metadata"] = meta
    }
    do {
      return try JSONReader.read(JSONWriter.bytes(object)) { reader throws(JSONError) in
        try entities(
          of: resource, apiVersion: object["apiVersion"]?.string ?? "", plane: plane, from: &reader)
      }
    } catch {
      throw MeshError(.usage, "this object cannot be read: \(error)", underlying: error)
    }
  }

  /// The route a native object stands for.
  func route(of native: NativeObject) throws(MeshError) -> Route {
    for case .route(let route) in try entities(fromNative: native.json, plane: native.ref.plane) { return route }
    throw MeshError(.refused, "this object routes nothing", object: native.ref)
  }
}
