import MeshModel

/// What every write brings: options of the query and who writes.
struct WriteOptions: Sendable {
  enum Validation: String, Sendable {
    case ignore = "Ignore"
    case warn = "Warn"
    case strict = "Strict"
  }

  var isDryRun: Bool
  var validation: Validation
  var manager: String

  init(_ request: APIRequest) throws(APIStatus) {
    switch request["dryRun"] {
    case nil, "": isDryRun = false
    case "All": isDryRun = true
    default:
      throw APIStatus(
        422, "Invalid",
        "Options.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"\(request["dryRun"] ?? "")\"]: supported"
          + " values: \"All\"", details: ["group": "meta.k8s.io", "kind": "Options"])
    }
    switch request["fieldValidation"] {
    case nil, "": validation = .warn
    case let text?:
      guard let known = Validation(rawValue: text) else {
        throw APIStatus(
          422, "Invalid",
          "Options.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"\(text)\": supported values:"
            + " \"Ignore\", \"Strict\", \"Warn\"", details: ["group": "meta.k8s.io", "kind": "Options"])
      }
      validation = known
    }
    let agent = request.userAgent.split(separator: "/").first.map(String.init) ?? ""
    manager = request["fieldManager"].flatMap { $0.isEmpty ? nil : $0 } ?? (agent.isEmpty ? "unknown" : agent)
  }
}

/// Creating, replacing and deleting.
extension KubernetesAPIServer {
  func create(_ request: APIRequest, _ target: ResourceTarget, _ form: AnswerForm) throws(APIStatus) -> APIAnswer {
    let options = try WriteOptions(request)
    var object = try decode(request, target)
    let type = target.type
    try checkEnvelope(object, target, name: nil)
    var metadata = object["metadata"] ?? [:]
    if metadata["name"]?.string?.isEmpty ?? true {
      guard let prefix = metadata["generateName"]?.string, !prefix.isEmpty else {
        throw .invalid(
          type, name: "",
          causes: [
            .init(
              field: "metadata.name", reason: "FieldValueRequired",
              message: "Required value: name or generateName is required")
          ])
      }
      metadata["name"] = .string(prefix + ObjectIdentity.nameSuffix())
    }
    if metadata["resourceVersion"]?.string.map({ !$0.isEmpty && $0 != "0" }) ?? false {
      throw .badRequest("resourceVersion should not be set on objects to be created")
    }
    let name = metadata["name"]?.string ?? ""
    if type.isNamespaced { metadata["namespace"] = .string(target.namespace ?? "default") }
    metadata["resourceVersion"] = nil
    metadata["uid"] = nil
    metadata["creationTimestamp"] = nil
    metadata["managedFields"] = nil
    object["metadata"] = metadata
    try checkName(name, type)
    try checkNamespace(target)
    let warnings = try check(&object, target, name: name, options, isPatch: false)
    if type.subresources.contains("status"), type.isCustom { object["status"] = nil }
    object.fillDefaults(type)
    return try finish(target, name: name, form, request, options, status: 201, warnings: warnings) {
      current throws(APIStatus) in
      guard current == nil else { throw APIStatus.alreadyExists(type.id, name) }
      var value = object
      value.becomeNew(type: type, time: store.timestamp)
      value.recordWriter(from: nil, target: target, options: options, time: store.timestamp)
      return .write(value)
    }
  }

  func replace(_ request: APIRequest, _ target: ResourceTarget, name: String, _ form: AnswerForm) throws(APIStatus)
    -> APIAnswer
  {
    let options = try WriteOptions(request)
    var object = try decode(request, target)
    let type = target.type
    try checkEnvelope(object, target, name: name)
    let warnings = try check(&object, target, name: name, options, isPatch: false)
    return try finish(target, name: name, form, request, options, warnings: warnings) { current throws(APIStatus) in
      guard let current else { throw APIStatus.notFound(type.id, name) }
      let version = object["metadata"]?["resourceVersion"]?.string ?? ""
      if version.isEmpty || version == "0" {
        guard !type.isCustom else {
          throw APIStatus.invalid(
            type, name: name,
            causes: [
              .init(
                field: "metadata.resourceVersion", reason: "FieldValueInvalid",
                message: "Invalid value: 0: must be specified for an update")
            ])
        }
      } else if version != String(current.resourceVersion) {
        throw APIStatus.modified(type.id, name)
      }
      return try settle(object, over: current, target, options)
    }
  }

  /// The outcome of changing an object to a value: what the server keeps, counts and records about it.
  func settle(
    _ value: JSONValue, over current: StoredObject, _ target: ResourceTarget, _ options: WriteOptions,
    fields: ManagedFields? = nil
  ) throws(APIStatus) -> ObjectStore.Outcome {
    let type = target.type
    let old = current.json
    var value = value.withoutEnvelope
    let sent = value["metadata"]
    if let uid = sent?["uid"]?.string, uid != old["metadata"]?["uid"]?.string {
      throw .conflict(
        type.id, current.name,
        "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old["metadata"]?["uid"]?.string ?? "")"
      )
    }
    if target.isStatus {
      let status = value["status"]
      value = old
      value["status"] = status
    } else if type.subresources.contains("status") {
      value["status"] = old["status"]
    }
    value.inheritIdentity(from: old)
    value["metadata"]?["resourceVersion"] = old["metadata"]?["resourceVersion"]
    value.keepAllocated(from: old, type)
    value["metadata"]?["managedFields"] = fields?.json ?? old["metadata"]?["managedFields"]
    if value["metadata"]?["managedFields"]?.array?.isEmpty == true { value["metadata"]?["managedFields"] = nil }
    value.countGeneration(from: old, type: type)
    if value.isEquivalent(to: old) { return .nothing }
    if fields == nil { value.recordWriter(from: old, target: target, options: options, time: store.timestamp) }
    // The last finalizer of a deleted object lets it go.
    if value["metadata"]?["deletionTimestamp"] != nil, value["metadata"]?["finalizers"] == nil { return .delete }
    return .write(value)
  }

  func delete(_ request: APIRequest, _ target: ResourceTarget, name: String, _ form: AnswerForm) throws(APIStatus)
    -> APIAnswer
  {
    let options = try WriteOptions(request)
    let body = request.body.isEmpty ? JSONValue.null : try tree(request)
    let preconditions = body["preconditions"]
    let isDryRun = options.isDryRun || body["dryRun"]?.array?.contains("All") == true
    let type = target.type
    var uid = ""
    var remains: StoredObject?
    let written = try store.transact(type.id, namespace: target.namespace ?? "", name: name) {
      current throws(APIStatus) in
      guard let current else { throw APIStatus.notFound(type.id, name) }
      var value = current.json
      uid = value["metadata"]?["uid"]?.string ?? ""
      if let wanted = preconditions?["uid"]?.string, wanted != uid {
        throw APIStatus.conflict(
          type.id, name, "Precondition failed: UID in precondition: \(wanted), UID in object meta: \(uid)")
      }
      if let wanted = preconditions?["resourceVersion"]?.string, wanted != String(current.resourceVersion) {
        throw APIStatus.conflict(
          type.id, name,
          "Precondition failed: ResourceVersion in precondition: \(wanted), ResourceVersion in object meta:"
            + " \(current.resourceVersion)")
      }
      if isDryRun { return .nothing }
      guard value["metadata"]?["finalizers"]?.array?.isEmpty == false else { return .delete }
      guard value["metadata"]?["deletionTimestamp"] == nil else {
        remains = current
        return .nothing
      }
      value["metadata"]?["deletionTimestamp"] = .string(store.timestamp)
      value["metadata"]?["deletionGracePeriodSeconds"] = 0
      return .write(value)
    }
    if let object = remains ?? (written?.json["metadata"]?["deletionTimestamp"] == nil ? nil : written) {
      return answer(with: object, target, form, request)
    }
    if type.id == ResourceID("namespaces"), !isDryRun { emptyNamespace(name) }
    var details = APIStatus.details(type.id, name: name)
    details["uid"] = .string(uid)
    return APIAnswer(["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details])
  }

  func deleteCollection(_ request: APIRequest, _ target: ResourceTarget, _ form: AnswerForm) throws(APIStatus)
    -> APIAnswer
  {
    let options = try WriteOptions(request)
    let selection = try Selection(request, target)
    let doomed = store.list(target.type.id, namespace: target.type.isNamespaced ? target.namespace : nil)
      .filter { selection.takes($0) }
    if !options.isDryRun {
      for object in doomed {
        try? store.delete(target.type.id, namespace: object.namespace, name: object.name)
      }
    }
    return APIAnswer([
      "kind": .string("\(target.type.kind)List"), "apiVersion": .string(target.apiVersion),
      "metadata": revisionMetadata(store.resourceVersion),
      "items": .array(doomed.map { $0.json(apiVersion: target.apiVersion, kind: target.type.kind) }),
    ])
  }

  /// Deletes what lives in a namespace that is gone.
  private func emptyNamespace(_ namespace: String) {
    for type in store.types.all where type.isNamespaced {
      for object in store.list(type.id, namespace: namespace) {
        try? store.delete(type.id, namespace: namespace, name: object.name)
      }
    }
  }

  /// Runs a write, or only its checks for a dry run, and answers with the object that results.
  func finish(
    _ target: ResourceTarget, name: String, _ form: AnswerForm, _ request: APIRequest, _ options: WriteOptions,
    status: Int = 200, warnings: [String] = [],
    _ body: (StoredObject?) throws(APIStatus) -> ObjectStore.Outcome
  ) throws(APIStatus) -> APIAnswer {
    let type = target.type
    var trial: StoredObject?
    var isNew = false
    let written = try store.transact(type.id, namespace: target.namespace ?? "", name: name) {
      current throws(APIStatus) in
      isNew = current == nil
      let outcome = try body(current)
      guard options.isDryRun else { return outcome }
      if case .write(let value) = outcome {
        trial = StoredObject(value, resource: type.id, resourceVersion: current?.resourceVersion ?? 0)
      }
      return .nothing
    }
    guard let object = trial ?? written else { throw .notFound(type.id, name) }
    var answer = answer(with: object, target, form, request, status: isNew ? 201 : status)
    for warning in warnings { answer.headers.append(("Warning", "299 - \"\(warning)\"")) }
    return answer
  }
}

extension JSONValue {
  /// Records the writer of an update as the owner of what it changed.
  mutating func recordWriter(from old: JSONValue?, target: ResourceTarget, options: WriteOptions, time: String) {
    var fields = ManagedFields(old?["metadata"]?["managedFields"])
    fields.recordUpdate(
      from: old, to: self, schema: target.type.schema,
      manager: ManagedFields.Manager(
        name: options.manager, operation: "Update", apiVersion: target.apiVersion,
        subresource: target.isStatus ? "status" : nil), time: time)
    let json = fields.json
    if json.array?.isEmpty == true {
      self["metadata"]?["managedFields"] = nil
    } else {
      self["metadata"]?["managedFields"] = json
    }
  }
}
