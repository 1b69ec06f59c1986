public import MeshModel
import MeshTransport

extension TrafficDirectorPlane {
  /// Makes the steps of an intent from resources read now.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    switch intent {
    case .weights(let intent):
      return [try TrafficDirectorEdit.weights(try await native(intent.route), intent, project: project)].compactMap(
        \.self)
    case .rule(let intent):
      return [try TrafficDirectorRuleEdit.step(try await native(intent.route), intent, project: project)]
        .compactMap(\.self)
    case .mtls(let intent): return try await steps(for: intent)
    case .object(let intent): return [try await step(for: intent)].compactMap(\.self)
    case .delete(let ref):
      let native = try await native(ref)
      try TrafficDirectorEdit.refuseOwned(native)
      let bare = JSONValue.object(
        JSONObject(
          [.init(name: "name", value: native.json["name"] ?? .null)] + TrafficDirectorFields.writable(native.json)))
      var precondition = TrafficDirectorEdit.precondition(native)
      // A delete has no fingerprint to send.
      precondition.isAtomic = false
      return [
        Step(
          object: ref, path: native.path, write: .delete, precondition: precondition, inverse: .create(bare),
          before: native.json)
      ]
    }
  }

  /// A mode for the proxies of the project: one step for each server TLS policy that an endpoint policy names.
  private func steps(for intent: MTLSIntent) async throws(MeshError) -> [Step] {
    guard intent.scope == .mesh else {
      throw MeshError(
        .refused,
        "Traffic Director sets TLS by endpoint policies, which fit proxies by labels of their own and not by "
          + "\(intent.scope.rawValue)", plane: name,
        remedy: "say mesh, or edit the server TLS policy itself by `meshdeck apply -f`")
    }
    guard intent.mode == .strict || intent.mode == .permissive else {
      throw MeshError(
        .refused, "a server TLS policy is STRICT or PERMISSIVE, not \(intent.mode.rawValue)", plane: name,
        remedy: "take serverTlsPolicy out of the endpoint policies instead, by `meshdeck apply -f`")
    }
    let policies = try await natives(TrafficDirectorKind.endpointPolicy.rawValue, namespace: nil)
    var named: Set<ObjectRef> = []
    for native in policies {
      guard let name = TrafficDirectorName(of: native.json) else { continue }
      named.formUnion(TrafficDirectorSecurityReader.endpointPolicy(native.json, name, plane: self.name).targets)
    }
    guard !named.isEmpty else {
      throw MeshError(
        .refused,
        "no endpoint policy names a server TLS policy, so nothing says how calls that come in are authenticated",
        plane: name, remedy: "make both first, by `meshdeck apply -f`")
    }
    var steps: [Step] = []
    for ref in named.sorted() {
      if let step = try TrafficDirectorEdit.mtls(try await native(ref), intent.mode) { steps.append(step) }
    }
    return steps
  }

  /// A resource as it shall be: its members replaced where it exists, created where it does not.
  private func step(for intent: ObjectIntent) async throws(MeshError) -> Step? {
    guard let resource = TrafficDirectorName(intent.ref) else { throw unknown(intent.ref) }
    guard intent.json.object != nil, TrafficDirectorName(of: intent.json)?.kind == resource.kind else {
      throw MeshError(
        .usage, "the object's name is none of a \(resource.kind.rawValue)", plane: name, object: intent.ref,
        remedy: "write it as projects/PROJECT/locations/LOCATION/\(resource.kind.collection)/NAME")
    }
    guard let current = try await current(for: intent) else {
      let bare = JSONValue.object(
        JSONObject(
          [.init(name: "name", value: intent.json["name"] ?? .null)] + TrafficDirectorFields.writable(intent.json)))
      return Step(
        object: intent.ref, path: resource.path(project: project), write: .create(bare),
        precondition: Precondition(version: nil, isAtomic: true), inverse: .delete, after: bare)
    }
    return try TrafficDirectorEdit.step(current, to: intent.json)
  }

  /// Reads again and compares; Google itself judges only what it stores.
  public func dryRun(_ step: Step) async -> DryRunVerdict {
    await verdict(comparing: step, api: "Traffic Director")
  }

  /// Whether writing is allowed here.
  ///
  /// What one may on the project as a whole is told by the check; a role may be bound to some resources alone, so that no
  /// step is refused by it beforehand.
  public func permits(_ step: Step) async -> Capabilities.Answer {
    if case .refused(let reason) = client.writes { return .no(reason) }
    return .yes
  }

  /// Reads, compares, writes, waits for the operation, and reads back; of routes and TLS policies the last writer wins.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    guard let resource = TrafficDirectorName(step.object) else { throw unknown(step.object) }
    let wanted = try await compared(step)
    let api = resource.kind.api
    let noun = "\(resource.kind.rawValue) \(resource.id)"
    switch step.write {
    case .delete:
      try await client.write(.delete, api, step.path, body: nil, what: "delete \(noun)", object: step.object)
      return StepOutcome(version: "", json: nil)
    case .create:
      var body = wanted ?? .null
      body["name"] = nil
      if api == .compute { body["name"] = .string(resource.id) }
      try await client.write(
        .post, api, resource.collectionPath(project: project),
        query: api == .compute ? [] : [(resource.kind.idParameter, resource.id)], body: body, what: "create \(noun)",
        object: step.object)
    case .patch(let patch):
      let members = Self.members(of: patch)
      var body: JSONValue = [:]
      for member in members {
        if let value = wanted?[member] {
          body[member] = value
        } else if api == .compute {
          body[member] = .null
        }
      }
      // Compute Engine checks the fingerprint and takes what is there for its mask; the others want one.
      if api == .compute { body["fingerprint"] = wanted?["fingerprint"] }
      try await client.write(
        .patch, api, step.path, query: api == .compute ? [] : [("updateMask", members.joined(separator: ","))],
        body: body, what: "write \(noun)", object: step.object)
      return try await outcome(step, wanted, members)
    }
    return try await outcome(step, wanted, TrafficDirectorFields.writable(wanted ?? .null).map(\.name))
  }

  /// The members that a patch changes.
  static func members(of patch: JSONPatch) -> [String] {
    var members: [String] = []
    for operation in patch.changes {
      let pointers =
        switch operation {
        case .add(let place, _), .replace(let place, _), .remove(let place), .test(let place, _): [place]
        case .move(let from, let to): [from, to]
        case .copy(_, let to): [to]
        }
      for member in pointers.compactMap(\.tokens.first) where !members.contains(member) { members.append(member) }
    }
    return members
  }

  /// Reads what became of a write: another one after it that undid it is a conflict.
  private func outcome(
    _ step: Step, _ wanted: JSONValue?, _ members: [String]
  ) async throws(MeshError) -> StepOutcome {
    let now = try await readBack(step)
    guard members.allSatisfy({ TrafficDirectorFields.areSame(now.json[$0], wanted?[$0]) }) else {
      throw overwritten(step, by: now)
    }
    return StepOutcome(version: now.version, json: now.json)
  }
}
