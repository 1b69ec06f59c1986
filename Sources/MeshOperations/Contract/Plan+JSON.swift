public import MeshModel

extension Plan {
  /// The plan as the contract has it: a file that `apply -f` accepts, preconditions included.
  public var json: JSONValue {
    var value: JSONValue = ["apiVersion": "meshdeck/v1", "kind": "Plan"]
    value["id"] = .string(id)
    value["summary"] = .string(summary)
    value["intent"] = intent.json
    if !furtherIntents.isEmpty { value["furtherIntents"] = .array(furtherIntents.map(\.json)) }
    value["steps"] = .array(steps.map(\.json))
    value["findings"] = .array(findingsAfter.map(\.json))
    value["findingsBefore"] = .array(findingsBefore.map(\.json))
    value["verdicts"] = .array(verdicts.map(\.json))
    value["blastRadius"] = blastRadius.json
    value["owners"] = .array(owners.map(\.json))
    value["warnings"] = .array(warnings.map(JSONValue.string))
    if let madeFor { value["madeFor"] = .string(madeFor) }
    return value
  }

  /// A plan from its file.
  public init(json: JSONValue) throws(MeshError) {
    guard json["kind"]?.string == "Plan", json["apiVersion"]?.string == "meshdeck/v1" else {
      throw MeshError(.usage, "this is not a plan: apiVersion meshdeck/v1 and kind Plan are expected")
    }
    guard let id = json["id"]?.string, let intent = json["intent"] else {
      throw MeshError(.usage, "the plan has no id or no intent")
    }
    var steps: [Step] = []
    for step in json["steps"]?.array ?? [] { steps.append(try Step(json: step)) }
    var furtherIntents: [Intent] = []
    for intent in json["furtherIntents"]?.array ?? [] { furtherIntents.append(try Intent(json: intent)) }
    self.init(
      id: id, intent: try Intent(json: intent), furtherIntents: furtherIntents,
      summary: json["summary"]?.string ?? "", steps: steps,
      findingsBefore: (json["findingsBefore"]?.array ?? []).compactMap(Finding.init(json:)),
      findingsAfter: (json["findings"]?.array ?? []).compactMap(Finding.init(json:)),
      blastRadius: BlastRadius(json: json["blastRadius"] ?? .null),
      owners: (json["owners"]?.array ?? []).map {
        Owner(
          tool: $0["tool"]?.string ?? "", name: $0["name"]?.string ?? "", evidence: $0["evidence"]?.string ?? "",
          kind: $0["kind"]?.string ?? "", namespace: $0["namespace"]?.string ?? "")
      },
      verdicts: (json["verdicts"]?.array ?? []).compactMap(DryRunVerdict.init(json:)),
      warnings: (json["warnings"]?.array ?? []).compactMap(\.string), madeFor: json["madeFor"]?.string)
  }
}

extension Owner {
  /// The owner as the contract has it.
  public var json: JSONValue {
    var value: JSONValue = ["tool": .string(tool), "name": .string(name), "evidence": .string(evidence)]
    if !kind.isEmpty { value["kind"] = .string(kind) }
    if !namespace.isEmpty { value["namespace"] = .string(namespace) }
    return value
  }
}

extension Step {
  /// The step as the contract has it.
  var json: JSONValue {
    var value: JSONValue = ["object": .string(object.description), "path": .string(path)]
    value["patch"] = write.json
    var precondition: JSONValue = ["version": self.precondition.version.map(JSONValue.string) ?? .null]
    precondition["uid"] = .string(self.precondition.uid)
    precondition["atomic"] = .bool(self.precondition.isAtomic)
    value["precondition"] = precondition
    value["inverse"] = inverse.json
    if case .acknowledged(let seconds)? = barrier { value["barrier"] = ["acknowledgedWithin": .double(seconds)] }
    value["state"] = .string(state.rawValue)
    if let before { value["before"] = before }
    if let after { value["after"] = after }
    return value
  }

  init(json: JSONValue) throws(MeshError) {
    guard let object = json["object"]?.string.flatMap({ ObjectRef($0) }), let path = json["path"]?.string,
      let precondition = json["precondition"]
    else { throw MeshError(.usage, "a step of the plan has no object, path or precondition") }
    self.init(
      object: object, path: path, write: try Write(json: json["patch"] ?? .null),
      precondition: Precondition(
        version: precondition["version"]?.string, uid: precondition["uid"]?.string ?? "",
        isAtomic: precondition["atomic"]?.bool ?? true),
      inverse: try Write(json: json["inverse"] ?? .null), before: json["before"], after: json["after"],
      barrier: json["barrier"]?["acknowledgedWithin"]?.double.map { .acknowledged(within: $0) },
      state: json["state"]?.string.flatMap(State.init(rawValue:)) ?? .pending)
  }
}

extension Step.Write {
  /// A patch as its array, a create as `{"create": object}`, a delete as `{"delete": true}`.
  var json: JSONValue {
    switch self {
    case .patch(let patch): patch.json
    case .create(let object): ["create": object]
    case .delete: ["delete": true]
    }
  }

  init(json: JSONValue) throws(MeshError) {
    if json.array != nil {
      do { self = .patch(try JSONPatch(json: json)) } catch {
        throw MeshError(.usage, "a step of the plan holds no JSON patch: \(error)")
      }
    } else if let object = json["create"] {
      self = .create(object)
    } else if json["delete"]?.bool == true {
      self = .delete
    } else {
      throw MeshError(.usage, "a step of the plan says neither patch nor create nor delete")
    }
  }
}

extension BlastRadius {
  var json: JSONValue {
    var value: JSONValue = ["lines": .array(lines.map(JSONValue.string))]
    if let movedRPS { value["movedRPS"] = .double(movedRPS) }
    value["callers"] = .array(callers.map(JSONValue.string))
    value["breaks"] = .array(breaks.map(JSONValue.string))
    value["unknowns"] = .array(unknowns.map(JSONValue.string))
    value["unready"] = .array(unready.map(JSONValue.string))
    value["others"] = .array(others.map(JSONValue.string))
    return value
  }

  init(json: JSONValue) {
    self.init(
      lines: (json["lines"]?.array ?? []).compactMap(\.string), movedRPS: json["movedRPS"]?.double,
      callers: (json["callers"]?.array ?? []).compactMap(\.string),
      breaks: (json["breaks"]?.array ?? []).compactMap(\.string),
      unknowns: (json["unknowns"]?.array ?? []).compactMap(\.string),
      unready: (json["unready"]?.array ?? []).compactMap(\.string),
      others: (json["others"]?.array ?? []).compactMap(\.string))
  }
}

extension DryRunVerdict {
  var json: JSONValue {
    var value: JSONValue = [
      "step": .int(step), "accepted": accepted.map(JSONValue.bool) ?? .null, "message": .string(message),
    ]
    if let failure { value["failure"] = .string(failure.rawValue) }
    return value
  }

  init?(json: JSONValue) {
    guard let step = json["step"]?.int else { return nil }
    self.init(
      step: step, accepted: json["accepted"]?.bool, message: json["message"]?.string ?? "",
      failure: json["failure"]?.string.flatMap(MeshError.Code.init(rawValue:)))
  }
}

extension Finding {
  /// The finding as the contract has it.
  public var json: JSONValue {
    [
      "code": .string(code), "severity": .string(severity.rawValue), "id": .string(object.description),
      "pointer": .string(pointer.description), "message": .string(message), "remedy": .string(remedy),
      "equivalents": .array(equivalents.map(JSONValue.string)),
    ]
  }

  init?(json: JSONValue) {
    guard let code = json["code"]?.string, let object = json["id"]?.string.flatMap({ ObjectRef($0) }) else {
      return nil
    }
    self.init(
      code: code, severity: json["severity"]?.string.flatMap(Severity.init(rawValue:)) ?? .warning, object: object,
      pointer: json["pointer"]?.string.flatMap { JSONPointer($0) } ?? JSONPointer(),
      message: json["message"]?.string ?? "", remedy: json["remedy"]?.string ?? "",
      equivalents: (json["equivalents"]?.array ?? []).compactMap(\.string))
  }
}

extension Receipt {
  /// The receipt as the contract has it.
  public var json: JSONValue {
    var value = plan.json
    value["kind"] = "Receipt"
    value["result"] = .string(result.rawValue)
    value["at"] = .string(at.rfc3339)
    value["author"] = .string(author)
    value["reason"] = .string(reason)
    if let error { value["error"] = .string(error) }
    if let failure { value["failure"] = .string(failure.rawValue) }
    if let acknowledgement { value["acknowledgement"] = acknowledgement.json }
    if let confirmBy { value["confirmBy"] = .string(confirmBy.rfc3339) }
    value["versions"] = .object(
      JSONObject(versions.sorted { $0.key < $1.key }.map { .init(name: String($0.key), value: .string($0.value)) }))
    return value
  }

  /// A receipt from its JSON form.
  public init(json: JSONValue) throws(MeshError) {
    var planJSON = json
    planJSON["kind"] = "Plan"
    var versions: [Int: String] = [:]
    for member in json["versions"]?.object?.members ?? [] {
      if let step = Int(member.name), let version = member.value.string { versions[step] = version }
    }
    self.init(
      plan: try Plan(json: planJSON), result: json["result"]?.string.flatMap(Result.init(rawValue:)) ?? .unknown,
      at: json["at"]?.string.flatMap(Instant.init(rfc3339:)) ?? Instant(seconds: 0),
      author: json["author"]?.string ?? "", reason: json["reason"]?.string ?? "", error: json["error"]?.string,
      failure: json["failure"]?.string.flatMap(MeshError.Code.init(rawValue:)), versions: versions,
      acknowledgement: json["acknowledgement"].map(Acknowledgement.init(json:)),
      confirmBy: json["confirmBy"]?.string.flatMap(Instant.init(rfc3339:)))
  }
}

extension Acknowledgement {
  /// The count as the contract has it, or the reason it is unknown.
  var json: JSONValue {
    if let unknown { return ["unknown": .string(unknown)] }
    return [
      "proxies": .int(proxies), "acknowledged": .int(acknowledged),
      "late": .array(late.map { .string($0.description) }),
    ]
  }

  init(json: JSONValue) {
    self.init(
      proxies: json["proxies"]?.int ?? 0, acknowledged: json["acknowledged"]?.int ?? 0,
      late: (json["late"]?.array ?? []).compactMap { $0.string.flatMap { ObjectRef($0) } },
      unknown: json["unknown"]?.string)
  }
}
