import MeshModel

/// A refusal as the API spells it: a `Status` object and its HTTP code.
struct APIStatus: Error, Sendable {
  var code: Int
  var reason: String
  var message: String
  var details: JSONValue?
  /// The header that says when to come back, in seconds.
  var retryAfter: Int?
  /// The token to go on with inconsistently after a list's token expired.
  var continueToken: String?

  init(_ code: Int, _ reason: String, _ message: String, details: JSONValue? = nil, retryAfter: Int? = nil) {
    self.code = code
    self.reason = reason
    self.message = message
    self.details = details
    self.retryAfter = retryAfter
  }

  /// The `Status` object.
  var json: JSONValue {
    var value: JSONValue = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
    ]
    if let continueToken { value["metadata"] = ["continue": .string(continueToken)] }
    if !reason.isEmpty { value["reason"] = .string(reason) }
    if let details { value["details"] = details }
    value["code"] = .int(code)
    return value
  }

  /// Details that name a resource.
  static func details(_ id: ResourceID, name: String? = nil, kind: String? = nil, causes: [JSONValue] = []) -> JSONValue
  {
    var value: JSONValue = [:]
    if let name, !name.isEmpty { value["name"] = .string(name) }
    if !id.group.isEmpty { value["group"] = .string(id.group) }
    value["kind"] = .string(kind ?? id.plural)
    if !causes.isEmpty { value["causes"] = .array(causes) }
    return value
  }

  static func badRequest(_ message: String) -> APIStatus { APIStatus(400, "BadRequest", message) }

  static func notFound(_ id: ResourceID, _ name: String) -> APIStatus {
    APIStatus(404, "NotFound", "\(id) \"\(name)\" not found", details: details(id, name: name))
  }

  static func alreadyExists(_ id: ResourceID, _ name: String) -> APIStatus {
    APIStatus(409, "AlreadyExists", "\(id) \"\(name)\" already exists", details: details(id, name: name))
  }

  static func modified(_ id: ResourceID, _ name: String) -> APIStatus {
    conflict(
      id, name, "the object has been modified; please apply your changes to the latest version and try again")
  }

  static func conflict(_ id: ResourceID, _ name: String, _ problem: String) -> APIStatus {
    APIStatus(
      409, "Conflict", "Operation cannot be fulfilled on \(id) \"\(name)\": \(problem)",
      details: details(id, name: name))
  }

  static let unauthorized = APIStatus(401, "Unauthorized", "Unauthorized")

  static let methodNotAllowed = APIStatus(
    405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details: [:])

  static func expired(_ message: String) -> APIStatus { APIStatus(410, "Expired", message) }

  static func unsupportedMediaType(_ sent: String, _ supported: [String]) -> APIStatus {
    APIStatus(
      415, "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: "
        + supported.joined(separator: ", "))
  }

  static func notAcceptable(_ supported: [String]) -> APIStatus {
    APIStatus(
      406, "NotAcceptable",
      "only the following media types are accepted: " + supported.joined(separator: ", "))
  }

  static func tooLargeResourceVersion(_ asked: Int, current: Int) -> APIStatus {
    APIStatus(
      504, "Timeout", "Timeout: Too large resource version: \(asked), current: \(current)",
      details: [
        "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]],
        "retryAfterSeconds": 1,
      ], retryAfter: 1)
  }

  /// An object refused for the values of its fields.
  static func invalid(_ type: ResourceType, name: String, causes: [SchemaFindings.Cause], blocked: Bool = false)
    -> APIStatus
  {
    var causes = causes
    if blocked {
      causes.append(
        .init(
          field: "<nil>", reason: "FieldValueInvalid",
          message: "Invalid value: null: some validation rules were not checked because the object was invalid;"
            + " correct the existing errors to complete validation"))
    }
    let texts = causes.map { "\($0.field): \($0.message)" }
    let list = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
    let kind = type.id.group.isEmpty ? type.kind : "\(type.kind).\(type.id.group)"
    return APIStatus(
      422, "Invalid", "\(kind) \"\(name)\" is invalid: \(list)",
      details: details(
        type.id, name: name, kind: type.kind,
        causes: causes.map {
          ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)]
        }))
  }
}
