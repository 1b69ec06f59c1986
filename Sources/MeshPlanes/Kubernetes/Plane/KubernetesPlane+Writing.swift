public import MeshModel
import MeshTransport

extension KubernetesPlane {
  /// Asks the server with `dryRun=All`: validation and admission run, nothing is stored.
  public func dryRun(_ step: Step) async -> DryRunVerdict {
    do throws(MeshError) {
      let stored = try await write(step, dryRun: true)
      return DryRunVerdict(
        step: 0, accepted: true, message: "accepted by the server" + Self.additions(to: step, stored.json),
        result: step.write == .delete ? nil : stored.json)
    } catch {
      // Only the server's own no is a no; that it was not reached says nothing of the step.
      let answered = [.refused, .conflict, .forbidden, .notFound, .usage].contains(error.code)
      return DryRunVerdict(
        step: 0, accepted: answered ? false : nil,
        message: answered ? error.message : "not validated by the server: \(error.message)",
        failure: answered ? error.code : nil)
    }
  }

  /// What the server would store beside the patch, such as by a mutating webhook, in words; empty where nothing.
  ///
  /// Of a create nothing is said: every default would be news.
  private static func additions(to step: Step, _ stored: JSONValue) -> String {
    guard case .patch = step.write, !step.path.hasSuffix("/status"), let meant = step.after else { return "" }
    let changes = JSONPatch(
      StructuralDiff.changes(from: ServerOwned.removing(from: meant), to: ServerOwned.removing(from: stored))
    ).changes
    let places = changes.compactMap { change -> String? in
      switch change {
      case .add(let place, _), .replace(let place, _), .remove(let place): place.description
      case .test, .move, .copy: nil
      }
    }
    guard !places.isEmpty else { return "" }
    let more = places.count > 3 ? " and \(places.count - 3) more" : ""
    return ", which would change \(places.prefix(3).joined(separator: ", "))\(more) too"
  }

  /// Asks `SelfSubjectAccessReview` for the exact verb and object; an answer is believed for a minute.
  public func permits(_ step: Step) async -> Capabilities.Answer {
    guard let path = ResourcePath(step.path) else { return .no("\(step.path) is no path of the API") }
    if case .refused(let reason) = client.session.writes { return .no(reason) }
    let verb =
      switch step.write {
      case .patch: "patch"
      case .create: "create"
      case .delete: "delete"
      }
    return await permissions.answer(
      KubernetesClient.AccessQuestion(
        verb: verb, group: path.group, plural: path.plural, namespace: path.namespace,
        name: verb == "create" ? "" : path.name ?? step.object.name, subresource: path.subresource))
  }

  /// Writes a step: JSON patch, create, or delete with preconditions. It is sent once, whatever happens.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    let stored = try await write(step, dryRun: false)
    if step.write == .delete { return StepOutcome(version: "", json: nil, audit: stored.audit) }
    return StepOutcome(version: stored.version, json: stored.json, audit: stored.audit)
  }

  /// Refuses what writes a Secret.
  public func refusal(of step: Step) -> MeshError? {
    ResourcePath(step.path).flatMap { refusal(of: $0, step.object) }
  }

  /// The refusal to edit what lies at a path; `nil` where it is no Secret.
  func refusal(of path: ResourcePath, _ object: ObjectRef) -> MeshError? {
    guard path.group.isEmpty, path.plural == "secrets" else { return nil }
    return MeshError(
      .refused, "Secrets are not edited: plans and journals would hold their contents", plane: name, object: object,
      remedy: "use kubectl")
  }

  private func write(_ step: Step, dryRun: Bool) async throws(MeshError) -> KubernetesClient.Stored {
    guard let path = ResourcePath(step.path) else {
      throw MeshError(.usage, "\(step.path) is no path of the API", plane: name, object: step.object)
    }
    if let refusal = refusal(of: path, step.object) { throw refusal }
    let object = path.object(step.object.name)
    switch (step.write, step.precondition.version ?? "") {
    case (.patch, ""), (.delete, ""):
      throw MeshError(
        .usage, "the step names no version that the object must still have, so it could replace somebody's edit",
        plane: name, object: step.object, remedy: "plan it afresh")
    default: break
    }
    // What is weighed is the object: a path of a file may not lead to another one.
    guard try await isPath(path, of: step.object) else {
      throw MeshError(
        .usage, "the step's path \(step.path) is not that of its object", plane: name, object: step.object,
        remedy: "plan it afresh")
    }
    switch step.write {
    case .patch(let patch):
      let guarded = guarded(patch, step.precondition)
      return try await client.patch(object, .json(guarded), dryRun: dryRun, object: step.object)
    case .create(let json):
      do throws(MeshError) {
        return try await client.create(json, in: path.collection, dryRun: dryRun, object: step.object)
      } catch  where error.code == .notFound && !path.namespace.isEmpty {
        throw MeshError(
          .refused, error.message, plane: name, object: step.object, remedy: "create the namespace first")
      }
    case .delete:
      return try await client.delete(
        object, uid: step.precondition.uid, version: step.precondition.version ?? "", dryRun: dryRun,
        object: step.object)
    }
  }

  /// The patch with the tests that its precondition asks for and it lacks.
  private func guarded(_ patch: JSONPatch, _ precondition: Precondition) -> JSONPatch {
    var tests: [JSONPatch.Operation] = []
    if let version = precondition.version, !version.isEmpty {
      tests.append(.test("/metadata/resourceVersion", .string(version)))
    }
    if !precondition.uid.isEmpty { tests.append(.test("/metadata/uid", .string(precondition.uid))) }
    return JSONPatch(tests.filter { !patch.operations.contains($0) } + patch.operations)
  }
}
