public import MeshModel

extension MessageJSON {
  /// The JSON of a message with the names of its definition, where a server spelt them in camel case: both are proto3's.
  ///
  /// - Parameter typeURL: The type where the JSON does not say it itself.
  public static func normalized(_ json: JSONValue, typeURL: String) -> JSONValue {
    normalized(json, name(ofURL: json["@type"]?.string ?? typeURL))
  }

  private static func normalized(_ json: JSONValue, _ type: String) -> JSONValue {
    if type == "google.protobuf.Any" {
      guard let inner = json["@type"]?.string else { return json }
      return normalized(json, name(ofURL: inner))
    }
    guard let object = json.object, let definition = MessageDefinitions.builtIn.messages[type] else { return json }
    let fields = Dictionary(
      definition.fields.values.flatMap { [($0.name, $0), ($0.jsonName, $0)] }, uniquingKeysWith: { first, _ in first })
    return .object(
      JSONObject(
        object.members.map { member in
          guard let field = fields[member.name] else { return member }
          return JSONObject.Member(
            name: type.hasPrefix("istio.") ? field.jsonName : field.name, value: normalized(member.value, field))
        }))
  }

  private static func normalized(_ json: JSONValue, _ field: MessageDefinitions.Field) -> JSONValue {
    guard !field.typeName.isEmpty else { return json }
    if let entry = MessageDefinitions.builtIn.messages[field.typeName], entry.isMapEntry, let value = entry.fields[2],
      let object = json.object
    {
      return .object(
        JSONObject(
          object.members.map { JSONObject.Member(name: $0.name, value: normalized($0.value, value)) }))
    }
    if let items = json.array { return .array(items.map { normalized($0, field.typeName) }) }
    return normalized(json, field.typeName)
  }
}
