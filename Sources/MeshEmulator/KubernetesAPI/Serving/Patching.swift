import MeshModel

/// The four kinds of patch.
extension KubernetesAPIServer {
  private static let patchTypes = [
    "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
  ]

  func patch(_ request: APIRequest, _ target: ResourceTarget, name: String, _ form: AnswerForm) throws(APIStatus)
    -> APIAnswer
  {
    let type = target.type
    let supported = Self.patchTypes.filter { !type.isCustom || $0 != "application/strategic-merge-patch+json" }
    guard supported.contains(request.mediaType) else {
      throw .unsupportedMediaType(request.mediaType, supported)
    }
    let options = try WriteOptions(request)
    if request.mediaType == "application/apply-patch+yaml" {
      return try apply(request, target, name: name, form, options)
    }
    let change = try change(request, target)
    var warnings: [String] = []
    return try finish(target, name: name, form, request, options) { current throws(APIStatus) in
      guard let current else { throw APIStatus.notFound(type.id, name) }
      let before = current.json(apiVersion: target.apiVersion, kind: type.kind)
      var value = try change(before)
      try checkEnvelope(value, target, name: name)
      warnings = try check(&value, target, name: name, options, isPatch: true)
      if let version = value["metadata"]?["resourceVersion"]?.string, version != String(current.resourceVersion) {
        throw APIStatus.modified(type.id, name)
      }
      return try settle(value, over: current, target, options)
    }
    .adding(warnings: warnings)
  }

  /// The change a patch's body makes to an object.
  private func change(_ request: APIRequest, _ target: ResourceTarget) throws(APIStatus)
    -> (JSONValue) throws(APIStatus) -> JSONValue
  {
    let body = try tree(request)
    switch request.mediaType {
    case "application/json-patch+json":
      let patch: JSONPatch
      guard body.array != nil else {
        throw .badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
      }
      do throws(JSONPatchError) {
        patch = try JSONPatch(json: body)
      } catch {
        throw .badRequest("error decoding patch: \(error)")
      }
      return { value throws(APIStatus) in
        do throws(JSONPatchError) {
          return try patch.applied(to: value)
        } catch {
          throw APIStatus(
            422, "Invalid", "the server rejected our request due to an error in our request", details: [:])
        }
      }
    case "application/merge-patch+json":
      guard body.object != nil else { throw .badRequest("error decoding patch: not an object") }
      return { value throws(APIStatus) in value.merging(body) }
    default:
      guard body.object != nil else { throw .badRequest("error decoding patch: not an object") }
      let schema = target.type.schema
      return { value throws(APIStatus) in schema.strategicallyMerged(value, body) ?? value }
    }
  }

  private func apply(
    _ request: APIRequest, _ target: ResourceTarget, name: String, _ form: AnswerForm, _ options: WriteOptions
  ) throws(APIStatus) -> APIAnswer {
    let type = target.type
    guard let managerName = request["fieldManager"], !managerName.isEmpty else {
      throw APIStatus(
        422, "Invalid",
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        details: [
          "group": "meta.k8s.io", "kind": "PatchOptions",
          "causes": [
            [
              "reason": "FieldValueRequired", "message": "Required value: is required for apply patch",
              "field": "fieldManager",
            ]
          ],
        ])
    }
    var configuration = try decode(request, target)
    try checkEnvelope(configuration, target, name: name)
    guard configuration["metadata"]?["managedFields"] == nil else {
      throw .badRequest("metadata.managedFields must be nil")
    }
    configuration["metadata"]?["name"] = .string(name)
    if let namespace = target.namespace { configuration["metadata"]?["namespace"] = .string(namespace) }
    // Required fields are the merged object's business; what the applied part alone can violate is checked here.
    let unknown = type.schema.findings(configuration).unknownFields
    var warnings: [String] = []
    if !unknown.isEmpty {
      let problem = unknown.map { "unknown field \"\($0)\"" }
      if options.validation == .strict {
        throw .badRequest(
          "\(type.kind) in version \"\(target.version)\" cannot be handled as a \(type.kind): strict decoding error: "
            + problem.joined(separator: ", "))
      }
      if options.validation == .warn { warnings = problem }
      configuration = type.schema.pruned(configuration)
    }
    let version = configuration["metadata"]?["resourceVersion"]?.string
    let manager = ManagedFields.Manager(
      name: managerName, operation: "Apply", apiVersion: target.apiVersion,
      subresource: target.isStatus ? "status" : nil)
    let isForced = request.flag("force")
    if store.get(type.id, namespace: target.namespace ?? "", name: name) == nil {
      try checkName(name, type)
      try checkNamespace(target)
    }
    return try finish(target, name: name, form, request, options) { current throws(APIStatus) in
      let live = current?.json(apiVersion: target.apiVersion, kind: type.kind)
      if let version, !version.isEmpty {
        guard let current else { throw APIStatus.notFound(type.id, name) }
        guard version == String(current.resourceVersion) else { throw APIStatus.modified(type.id, name) }
      }
      var fields = ManagedFields(live?["metadata"]?["managedFields"])
      let result = fields.apply(
        configuration, to: live, schema: type.schema, manager: manager, time: store.timestamp, force: isForced)
      guard result.conflicts.isEmpty else { throw Self.conflict(result.conflicts, target) }
      var value = result.merged
      _ = try check(&value, target, name: name, options, isPatch: false)
      guard let current else {
        if type.isCustom { value["status"] = nil }
        value.fillDefaults(type)
        value["metadata"]?["resourceVersion"] = nil
        value.becomeNew(type: type, time: store.timestamp)
        value["metadata"]?["managedFields"] = fields.json
        return .write(value)
      }
      return try settle(value, over: current, target, options, fields: fields)
    }
    .adding(warnings: warnings)
  }

  /// The refusal of an apply over fields of others.
  private static func conflict(_ conflicts: [ManagedFields.Conflict], _ target: ResourceTarget) -> APIStatus {
    let causes = conflicts.map { conflict -> (text: String, field: String) in
      var text = "conflict with \"\(conflict.manager.name)\""
      if let subresource = conflict.manager.subresource { text += " with subresource \"\(subresource)\"" }
      if conflict.manager.operation == "Update" { text += " using \(conflict.manager.apiVersion)" }
      return (text, conflict.field)
    }
    let list: String
    if Set(causes.map(\.text)).count == 1, let first = causes.first {
      list =
        causes.count == 1
        ? "\(first.text): \(first.field)" : "\(first.text):\n" + causes.map { "- \($0.field)" }.joined(separator: "\n")
    } else {
      list = "\n" + causes.map { "\($0.text): \($0.field)" }.joined(separator: "\n")
    }
    return APIStatus(
      409, "Conflict",
      "Apply failed with \(causes.count) conflict\(causes.count == 1 ? "" : "s"): \(list)",
      details: [
        "causes": .array(
          causes.map {
            ["reason": "FieldManagerConflict", "message": .string($0.text), "field": .string($0.field)]
          })
      ])
  }
}

extension APIAnswer {
  /// The answer with warnings in its headers.
  func adding(warnings: [String]) -> APIAnswer {
    var answer = self
    for warning in warnings { answer.headers.append(("Warning", "299 - \"\(warning)\"")) }
    return answer
  }
}

extension Schema {
  /// A strategic merge patch: objects merge, lists with keys merge by their first key, `$patch` directs.
  func strategicallyMerged(_ value: JSONValue?, _ patch: JSONValue) -> JSONValue? {
    switch patch {
    case .null: return nil
    case .object(let changes):
      switch changes["$patch"]?.string {
      case "delete": return nil
      case "replace":
        var rest = changes
        rest["$patch"] = nil
        return .object(rest)
      default: break
      }
      var result = value?.object ?? JSONObject()
      for member in changes.members where !member.name.hasPrefix("$") {
        let field = self.member(member.name) ?? .anything
        result[member.name] = field.strategicallyMerged(result[member.name], member.value)
      }
      for member in changes.members where member.name.hasPrefix("$deleteFromPrimitiveList/") {
        let name = String(member.name.dropFirst("$deleteFromPrimitiveList/".count))
        let doomed = member.value.array ?? []
        result[name] = result[name]?.array.map { .array($0.filter { !doomed.contains($0) }) }
      }
      return .object(result)
    case .array(let items):
      guard case .list(let element, let kind) = resolved, let current = value?.array else {
        return .array(items.filter { $0["$patch"]?.string != "delete" })
      }
      switch kind {
      case .atomic: return patch
      case .set: return .array(current + items.filter { !current.contains($0) })
      case .map(let keys):
        if items.contains(where: { $0["$patch"]?.string == "replace" && $0.object?.count == 1 }) {
          return .array(items.filter { $0["$patch"] == nil })
        }
        let key = keys.first ?? "name"
        var result = current
        for item in items {
          let index = result.firstIndex { $0[key] != nil && $0[key] == item[key] }
          if item["$patch"]?.string == "delete" {
            if let index { result.remove(at: index) }
          } else if let index {
            result[index] = element.strategicallyMerged(result[index], item) ?? result[index]
          } else {
            result.append(item)
          }
        }
        return .array(result)
      }
    default: return patch
    }
  }
}
