import MeshModel

/// The description of the API that kubectl asks before it writes and when it explains.
extension KubernetesAPIServer {
  func openAPI(_ request: APIRequest) throws(APIStatus) -> APIAnswer {
    let segments = request.segments
    guard request.method == "GET" else { throw .methodNotAllowed }
    switch segments.dropFirst().first {
    case "v2" where request.accept.contains("proto-openapi.spec.v2"): return Self.emptyDocument
    case "v2":
      guard request.accept.contains("json") || request.accept.contains("*/*") || request.accept.isEmpty else {
        throw .notAcceptable(["application/json"])
      }
      return APIAnswer([
        "swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.36.0"], "paths": [:], "definitions": [:],
      ])
    case "v3" where segments.count == 2:
      var paths: JSONValue = [:]
      for (group, versions) in [("", ["v1"])] + store.types.groups {
        for version in versions {
          let path = group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)"
          paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=1")]
        }
      }
      return APIAnswer(["paths": paths])
    case "v3" where segments.count == 4 && segments[2] == "api": return document(group: "", version: segments[3])
    case "v3" where segments.count == 5 && segments[2] == "apis":
      return document(group: segments[3], version: segments[4])
    default: return APIAnswer(text: "404 page not found\n", status: 404)
    }
  }

  /// The description that clients before 1.27 ask for, kubectl 1.20 of Debian 12 before each `apply`, as a message of protobuf:
  /// it names no kinds, and nothing is checked by it.
  ///
  /// Source: gnostic, `openapiv2/OpenAPIv2.proto`: `Document` with `swagger` (1), `info` (2: `title` 1, `version` 2), `paths` (8)
  /// and `definitions` (9). The clients spell the type `v2@v1.0`, which newer Go does not read in an answer.
  private static var emptyDocument: APIAnswer {
    func field(_ number: UInt8, _ value: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(value.count)] + value }
    let info = field(1, Array("Kubernetes".utf8)) + field(2, Array("v1.36.0".utf8))
    return APIAnswer(
      bytes: field(1, Array("2.0".utf8)) + field(2, info) + field(8, []) + field(9, []),
      contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
  }

  private func document(group: String, version: String) -> APIAnswer {
    let types = store.types.all.filter { $0.id.group == group && $0.versions.contains(version) }
    guard !types.isEmpty else { return APIAnswer(text: "404 page not found\n", status: 404) }
    var paths: JSONValue = [:]
    var schemas: JSONValue = [:]
    let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
    for type in types {
      let kind: JSONValue = ["group": .string(group), "version": .string(version), "kind": .string(type.kind)]
      let collection = root + (type.isNamespaced ? "/namespaces/{namespace}" : "") + "/" + type.id.plural
      let name = "\(group.isEmpty ? "core" : group).\(version).\(type.kind)"
      let content: JSONValue = ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(name)")]]]
      func operation(_ action: String, parameters: [String]) -> JSONValue {
        [
          "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": kind,
          "parameters": .array(
            parameters.map {
              ["name": .string($0), "in": "query", "schema": ["type": "string", "uniqueItems": true]]
            }),
          "responses": ["200": ["description": "OK", "content": content]],
        ]
      }
      let writes = ["dryRun", "fieldManager", "fieldValidation"]
      paths[collection] = [
        "get": operation("list", parameters: ["labelSelector", "fieldSelector", "limit", "continue", "watch"]),
        "post": operation("post", parameters: writes),
      ]
      paths["\(collection)/{name}"] = [
        "get": operation("get", parameters: []), "put": operation("put", parameters: writes),
        "patch": operation("patch", parameters: writes + ["force"]),
        "delete": operation("delete", parameters: ["dryRun"]),
      ]
      var schema = type.schema.openAPI
      if case .anything = type.schema { schema = ["type": "object"] }
      schema["x-kubernetes-group-version-kind"] = [kind]
      schemas[name] = schema
    }
    return APIAnswer([
      "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.36.0"], "paths": paths,
      "components": ["schemas": schemas],
    ])
  }
}

extension Schema {
  /// The schema in OpenAPI's form.
  var openAPI: JSONValue {
    switch resolved {
    case .anything, .reference: return ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
    case .string: return ["type": "string"]
    case .integer: return ["type": "integer"]
    case .number: return ["type": "number"]
    case .boolean: return ["type": "boolean"]
    case .intOrString: return ["x-kubernetes-int-or-string": true]
    case .enumeration(let words): return ["type": "string", "enum": .array(words.map { .string($0) })]
    case .list(let element, let kind):
      var value: JSONValue = ["type": "array", "items": element.openAPI]
      switch kind {
      case .atomic: value["x-kubernetes-list-type"] = "atomic"
      case .set: value["x-kubernetes-list-type"] = "set"
      case .map(let keys):
        value["x-kubernetes-list-type"] = "map"
        value["x-kubernetes-list-map-keys"] = .array(keys.map { .string($0) })
      }
      return value
    case .map(let element): return ["type": "object", "additionalProperties": element.openAPI]
    case .object(let fields, let isAtomic):
      var properties: JSONValue = [:]
      for field in fields { properties[field.name] = field.schema.openAPI }
      var value: JSONValue = ["type": "object", "properties": properties]
      let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
      if !required.isEmpty { value["required"] = .array(required) }
      if isAtomic { value["x-kubernetes-map-type"] = "atomic" }
      return value
    }
  }
}
