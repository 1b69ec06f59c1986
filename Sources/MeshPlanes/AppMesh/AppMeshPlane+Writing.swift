public import MeshModel
import MeshTransport

extension AppMeshPlane {
  /// Makes the steps of an intent from resources read now.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    let step: Step?
    switch intent {
    case .weights(let intent): step = try AppMeshEdit.weights(try await native(intent.route), intent)
    case .rule(let intent): step = try AppMeshEdit.rule(try await native(intent.route), intent)
    case .mtls(let intent):
      guard intent.scope == .workload || intent.scope == .port else {
        throw MeshError(
          .refused, "App Mesh sets TLS by virtual node alone, not for a mesh", plane: name,
          remedy: "say workload/NAME, one after another")
      }
      let ref = ObjectRef(
        plane: name, namespace: intent.namespace, kind: AppMeshKind.virtualNode.rawValue, name: intent.workload)
      step = try AppMeshEdit.mtls(try await native(ref), intent)
    case .object(let intent): step = try await self.step(for: intent)
    case .delete(let ref):
      let native = try await native(ref)
      step = Step(
        object: ref, path: native.path, write: .delete,
        precondition: Precondition(version: native.version, uid: native.uid, isAtomic: false),
        inverse: .create(AppMeshName(ref)?.bare(native.json["spec"] ?? .null) ?? native.json), before: native.json)
    }
    return step.map { [$0] } ?? []
  }

  /// A resource as it shall be: its specification replaced where it exists, created where it does not.
  private func step(for intent: ObjectIntent) async throws(MeshError) -> Step? {
    guard let resource = AppMeshName(intent.ref) else { throw unknown(intent.ref) }
    guard intent.json["spec"]?.object != nil else {
      throw MeshError(.usage, "the object has no spec", plane: name, object: intent.ref)
    }
    guard let current = try await current(for: intent) else {
      let json = resource.bare(intent.json["spec"] ?? .null)
      let path = await catalog.path(resource)
      return Step(
        object: intent.ref, path: path, write: .create(json), precondition: Precondition(version: nil, isAtomic: false),
        inverse: .delete, after: json)
    }
    return AppMeshEdit.step(current, to: intent.json)
  }

  /// Reads again and compares; App Mesh itself judges only what it stores.
  public func dryRun(_ step: Step) async -> DryRunVerdict { await verdict(comparing: step, api: "App Mesh") }

  /// Whether writing is allowed here; what AWS permits it tells only when it is written.
  public func permits(_ step: Step) async -> Capabilities.Answer {
    if case .refused(let reason) = client.session.writes { return .no(reason) }
    return .yes
  }

  /// Reads, compares, writes with a client token, and reads back; the last writer wins.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    guard let resource = AppMeshName(step.object) else { throw unknown(step.object) }
    let wanted = try await compared(step)
    let what = "write \(resource.kind.rawValue) \(resource.name)"
    switch step.write {
    case .delete:
      try await client.delete(step.path, what: "delete \(resource.kind.rawValue) \(resource.name)", object: step.object)
      return StepOutcome(version: "", json: nil)
    case .create, .patch:
      var body: JSONValue = [
        "clientToken": .string(AppMeshToken.text(step, wanted)), "spec": wanted?["spec"] ?? .null,
      ]
      var path = step.path
      if case .create = step.write {
        body[resource.kind.nameMember] = .string(resource.name)
        path = resource.kind.collectionPath(mesh: resource.mesh, parent: resource.parent)
        if let query = step.path.firstIndex(of: "?") { path += step.path[query...] }
      }
      _ = try await client.put(path, body, what: what, object: step.object)
      return try await outcome(step, wanted)
    }
  }

  /// Reads what became of a write: another's write in between is told, and one after it that undid it is a conflict.
  private func outcome(_ step: Step, _ wanted: JSONValue?) async throws(MeshError) -> StepOutcome {
    let now = try await readBack(step)
    guard let wanted, (now.json["spec"] ?? .null).isEquivalent(to: wanted["spec"] ?? .null) else {
      throw overwritten(step, by: now)
    }
    let expected = step.precondition.version.flatMap { Int($0) }.map { $0 + 1 } ?? 1
    let isFollowed = step.precondition.version == nil || Int(now.version) == nil || Int(now.version) == expected
    return StepOutcome(
      version: now.version, json: now.json,
      warning: isFollowed
        ? nil
        : "\(step.object): somebody else wrote at the same moment (version \(now.version), not \(expected)), and this "
          + "write replaced theirs: App Mesh has no write precondition")
  }
}

/// The token by which App Mesh tells a repeated request from a new one.
enum AppMeshToken {
  /// A text of 32 digits that is the same for the same write on the same version.
  static func text(_ step: Step, _ wanted: JSONValue?) -> String {
    Fingerprint.text(
      Array("\(step.path)\n\(step.precondition.version ?? "")\n\(step.precondition.uid)\n".utf8)
        + JSONWriter.bytes(wanted?["spec"] ?? .null))
  }
}
