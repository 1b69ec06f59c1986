public import MeshModel
import MeshTransport

extension ServiceFabricPlane {
  /// Makes the steps of an intent from resources read now; what the model has no field for is refused with what is
  /// possible instead.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    switch intent {
    case .weights(let intent):
      throw MeshError(.refused, Self.noWeights, object: intent.route, remedy: Self.insteadOfWeights)
    case .mtls:
      throw MeshError(.refused, ServiceFabricMTLS.reason, plane: name, remedy: Self.insteadOfTLS)
    case .rule(let intent): throw ServiceFabricEdit.rule(intent)
    case .object(let intent): return try await step(for: intent, in: snapshot).map { [$0] } ?? []
    case .delete(let ref):
      let native = try await native(ref)
      guard let resource = ServiceFabricName(ref), resource.kind == .gateway else {
        throw ServiceFabricName(ref).map { ServiceFabricEdit.unwritable($0, ref) } ?? unknown(ref)
      }
      return [
        Step(
          object: ref, path: native.path, write: .delete,
          precondition: Precondition(version: native.version, isAtomic: false),
          inverse: .create(ServiceFabricBody.writable(native.json)), before: native.json)
      ]
    }
  }

  /// A gateway as it shall be: what can be written of it replaced where it exists, created where it does not.
  private func step(for intent: ObjectIntent, in snapshot: MeshSnapshot) async throws(MeshError) -> Step? {
    guard let resource = ServiceFabricName(intent.ref) else { throw unknown(intent.ref) }
    guard intent.json["properties"]?.object != nil else {
      throw MeshError(.usage, "the object has no properties", plane: name, object: intent.ref)
    }
    guard let current = try await current(for: intent) else {
      try ServiceFabricEdit.check(intent.json, resource, ref: intent.ref, in: snapshot)
      var body = ServiceFabricBody.writable(intent.json)
      body["name"] = .string(resource.name)
      return Step(
        object: intent.ref, path: base.path(of: resource), write: .create(body),
        precondition: Precondition(version: nil, isAtomic: false), inverse: .delete, after: body)
    }
    guard let step = ServiceFabricEdit.step(current, to: intent.json) else { return nil }
    try ServiceFabricEdit.check(step.after ?? intent.json, resource, ref: intent.ref, in: snapshot)
    return step
  }

  /// Reads again and compares; Service Fabric itself judges only what it stores.
  public func dryRun(_ step: Step) async -> DryRunVerdict { await verdict(comparing: step, api: "Service Fabric") }

  /// Whether writing is allowed here, and by one's roles at Azure as far as they are told.
  public func permits(_ step: Step) async -> Capabilities.Answer {
    if case .refused(let reason) = client.session.writes { return .no(reason) }
    guard case .group = base,
      let entries = try? await client.list(AzurePermissions.path(scope: base.scope), what: "read one's permissions")
    else { return .yes }
    let verb = if case .delete = step.write { "delete" } else { "write" }
    let action = "Microsoft.ServiceFabricMesh/gateways/\(verb)"
    return AzurePermissions(entries).allow(action)
      ? .yes : .no("one's roles in the resource group do not allow \(action)")
  }

  /// Reads, compares, writes the whole resource, follows the operation, and reads back; the last writer wins.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    guard let resource = ServiceFabricName(step.object) else { throw unknown(step.object) }
    let wanted = try await compared(step) ?? .null
    let end: AzureOperation.End
    if case .delete = step.write {
      end = try await client.write(.delete, step.path, what: "delete gateway \(resource.name)", object: step.object)
    } else {
      end = try await put(wanted, step)
    }
    switch end {
    case .done: break
    case .running(let words):
      throw MeshError(
        .unknownOutcome, words, plane: name, object: step.object, remedy: "read it back before anything else")
    case .failed(let words): throw await takenBack(step, because: words)
    }
    if case .delete = step.write { return StepOutcome(version: "", json: nil) }
    return try await outcome(step, wanted)
  }

  private func put(_ json: JSONValue, _ step: Step) async throws(MeshError) -> AzureOperation.End {
    try await client.write(
      .put, step.path, body: ServiceFabricBody.writable(json), what: "write gateway \(step.object.name)",
      object: step.object)
  }

  /// The error of a write that was stored and then could not be carried out, after putting back what was there.
  private func takenBack(_ step: Step, because words: String) async -> MeshError {
    let failure = "the write was stored, and carrying it out failed: \(words)"
    do throws(MeshError) {
      let end: AzureOperation.End
      switch step.write {
      case .delete: return MeshError(.refused, failure, plane: name, object: step.object, remedy: "look at it again")
      case .create:
        end = try await client.write(.delete, step.path, what: "take it back", object: step.object)
      case .patch: end = try await put(step.before ?? .null, step)
      }
      guard end == .done else {
        return MeshError(
          .partial, "\(failure); putting back what was there did not end well either", plane: name,
          object: step.object, remedy: "look at it with meshdeck describe")
      }
      return MeshError(
        .refused, "\(failure); what was there before was put back", plane: name, object: step.object,
        remedy: "correct what it names, and plan again")
    } catch {
      return MeshError(
        .partial, "\(failure); putting back what was there failed: \(error.message)", plane: name, object: step.object,
        remedy: "look at it with meshdeck describe", underlying: error)
    }
  }

  /// Reads what became of a write; one that came after it and undid it is a conflict.
  private func outcome(_ step: Step, _ wanted: JSONValue) async throws(MeshError) -> StepOutcome {
    let now = try await readBack(step)
    guard now.json.holds(ServiceFabricBody.writable(wanted)) else { throw overwritten(step, by: now) }
    return StepOutcome(version: now.version, json: now.json)
  }
}
