import MeshModel

extension NativeObject {
  /// A resource of Service Fabric as read; since it has no version of its own, what can be written of it is its version.
  init(serviceFabric json: JSONValue, path: String, ref: ObjectRef) {
    let shown = ServiceFabricBody.withoutSecrets(json)
    self.init(
      ref: ref, path: path, json: shown, version: Fingerprint.text(JSONWriter.bytes(ServiceFabricBody.writable(shown))))
  }
}

/// The body of a resource: what of it is the operator's, and what the server sets.
enum ServiceFabricBody {
  /// The properties that the server sets. Source: azure-servicefabric models, `readonly` of their `_validation`.
  private static let served: Set<String> = [
    "provisioningState", "status", "statusDetails", "healthState", "unhealthyEvaluation", "serviceNames", "ipAddress",
  ]

  /// What a write sends: the name, where it is, its tags, and the properties that the server does not set.
  static func writable(_ json: JSONValue) -> JSONValue {
    var body = JSONValue.object(JSONObject())
    for member in ["name", "location", "tags"] { if let value = json[member], !value.isNull { body[member] = value } }
    body["properties"] = properties(json["properties"])
    return body
  }

  /// A resource with what is wanted of it; what the server sets stays as it is.
  static func replacing(_ json: JSONValue, by wanted: JSONValue) -> JSONValue {
    var target = json
    for member in ["location", "tags"] where wanted[member] != nil { target[member] = wanted[member] }
    var properties = properties(wanted["properties"])
    for name in served { if let value = json["properties"]?[name] { properties[name] = value } }
    // The order of members as it was, so that the difference shows what changed and nothing else.
    let old = json["properties"]?.object?.names ?? []
    let names = old.filter { properties[$0] != nil } + (properties.object?.names ?? []).filter { !old.contains($0) }
    target["properties"] = .object(
      JSONObject(names.compactMap { name in properties[name].map { JSONObject.Member(name: name, value: $0) } }))
    return target
  }

  private static func properties(_ json: JSONValue?) -> JSONValue {
    .object(JSONObject((json?.object?.members ?? []).filter { !served.contains($0.name) }))
  }

  /// A resource without the passwords of its image registries, which are never shown. Applications, which alone have
  /// them, are not written from here.
  static func withoutSecrets(_ json: JSONValue) -> JSONValue {
    switch json {
    case .array(let items): .array(items.map(withoutSecrets))
    case .object(let object):
      .object(
        JSONObject(
          object.members.filter { $0.name != "password" }
            .map { JSONObject.Member(name: $0.name, value: withoutSecrets($0.value)) }))
    default: json
    }
  }
}
