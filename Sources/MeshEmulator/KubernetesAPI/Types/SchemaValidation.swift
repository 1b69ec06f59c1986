import MeshModel

/// What a schema has against a value.
struct SchemaFindings: Sendable {
  /// A field refused, as `details.causes` of an answer says it.
  struct Cause: Sendable, Hashable {
    var field: String
    var reason: String
    var message: String
  }

  /// The paths of fields the schema does not know, as strict decoding prints them.
  var unknownFields: [String] = []
  /// The refusals.
  var causes: [Cause] = []
}

extension Schema {
  /// Everything a schema has against an object.
  func findings(_ value: JSONValue) -> SchemaFindings {
    var findings = SchemaFindings()
    check(value, at: "", into: &findings)
    return findings
  }

  private func check(_ value: JSONValue, at path: String, into findings: inout SchemaFindings) {
    if value.isNull { return }
    func mistyped(_ type: String) {
      findings.causes.append(
        .init(
          field: path, reason: "FieldValueTypeInvalid",
          message:
            "Invalid value: \"\(value.typeName)\": \(path) in body must be of type \(type): \"\(value.typeName)\""))
    }
    switch resolved {
    case .anything, .reference: return
    case .string: if value.string == nil { mistyped("string") }
    case .boolean: if value.bool == nil { mistyped("boolean") }
    case .number: if value.double == nil { mistyped("number") }
    case .integer: if value.int == nil { mistyped("integer") }
    case .intOrString: if value.int == nil, value.string == nil { mistyped("integer or string") }
    case .enumeration(let words):
      guard let word = value.string else { return mistyped("string") }
      if !words.contains(word) {
        let supported = words.map { "\"\($0)\"" }.joined(separator: ", ")
        findings.causes.append(
          .init(
            field: path, reason: "FieldValueNotSupported",
            message: "Unsupported value: \"\(word)\": supported values: \(supported)"))
      }
    case .list(let element, _):
      guard let items = value.array else { return mistyped("array") }
      for (index, item) in items.enumerated() { element.check(item, at: "\(path)[\(index)]", into: &findings) }
    case .map(let element):
      guard let object = value.object else { return mistyped("object") }
      for member in object.members {
        element.check(member.value, at: path.isEmpty ? member.name : "\(path).\(member.name)", into: &findings)
      }
    case .object(let fields, _):
      guard let object = value.object else { return mistyped("object") }
      for field in fields where field.isRequired && (object[field.name]?.isNull ?? true) {
        let name = path.isEmpty ? field.name : "\(path).\(field.name)"
        findings.causes.append(.init(field: name, reason: "FieldValueRequired", message: "Required value"))
      }
      for member in object.members {
        let name = path.isEmpty ? member.name : "\(path).\(member.name)"
        if let field = fields.first(where: { $0.name == member.name }) {
          field.schema.check(member.value, at: name, into: &findings)
        } else {
          findings.unknownFields.append(name)
        }
      }
    }
  }

  /// The value without the fields the schema does not know, as custom kinds are pruned.
  func pruned(_ value: JSONValue) -> JSONValue {
    switch (resolved, value) {
    case (.list(let element, _), .array(let items)): return .array(items.map { element.pruned($0) })
    case (.map(let element), .object(let object)):
      return .object(JSONObject(object.members.map { .init(name: $0.name, value: element.pruned($0.value)) }))
    case (.object(let fields, _), .object(let object)):
      return .object(
        JSONObject(
          object.members.compactMap { member in
            fields.first { $0.name == member.name }.map { .init(name: $0.name, value: $0.schema.pruned(member.value)) }
          }))
    default: return value
    }
  }
}

extension JSONValue {
  /// The OpenAPI name of a value's type.
  var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .number: int == nil ? "number" : "integer"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
