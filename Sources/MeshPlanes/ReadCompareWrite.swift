import MeshModel

/// What planes have in common where a step reads, compares, writes, and reads back.
extension ControlPlane {
  /// The object that an intent changes, read now, or `nil` where it is to be made; a conflict where it is not as it was when
  /// the intent was made.
  func current(for intent: ObjectIntent) async throws(MeshError) -> NativeObject? {
    let now: NativeObject
    do throws(MeshError) { now = try await native(intent.ref) } catch  where error.code == .notFound {
      guard intent.baseVersion == nil else {
        throw MeshError(
          .conflict, "it was deleted since it was read", plane: intent.ref.plane, object: intent.ref,
          remedy: "read it again")
      }
      return nil
    }
    if let base = intent.baseVersion, base != now.version {
      throw MeshError(
        .conflict, "it was changed since it was read (version \(base), now \(now.version))", plane: intent.ref.plane,
        object: intent.ref, remedy: "read it again and repeat the change")
    }
    return now
  }

  /// The object as a step shall leave it, made of the one read now; a conflict where somebody wrote since the step was made.
  func compared(_ step: Step) async throws(MeshError) -> JSONValue? {
    func conflict(_ message: String, _ underlying: (any Error)? = nil) -> MeshError {
      MeshError(
        .conflict, message, plane: step.object.plane, object: step.object,
        remedy: "read it again and repeat the change",
        underlying: underlying)
    }
    let now: NativeObject
    do throws(MeshError) { now = try await native(step.object) } catch  where error.code == .notFound {
      guard case .create(let json) = step.write else { throw conflict("it was deleted since it was read") }
      return json
    }
    if case .create = step.write { throw conflict("there is one of this name already (version \(now.version))") }
    guard now.version == step.precondition.version, step.precondition.uid.isEmpty || now.uid == step.precondition.uid
    else {
      throw conflict(
        "it was changed since it was read (version \(step.precondition.version ?? "none"), now \(now.version))")
    }
    guard case .patch(let patch) = step.write else { return now.json }
    do throws(JSONPatchError) { return try patch.applied(to: now.json) } catch {
      throw conflict("it is not as it was read: \(error)", error)
    }
  }

  /// What can be said of a step before it is written, where the API itself judges only what it stores.
  func verdict(comparing step: Step, api: String) async -> DryRunVerdict {
    do throws(MeshError) {
      let body = try await compared(step)
      return DryRunVerdict(
        step: 0, accepted: nil,
        message: "unchanged since it was read; \(api) has no dry run, so it is validated only when it is written",
        result: body)
    } catch {
      let answered = [.refused, .conflict, .forbidden, .notFound, .usage].contains(error.code)
      return DryRunVerdict(
        step: 0, accepted: answered ? false : nil, message: error.message, failure: answered ? error.code : nil)
    }
  }

  /// The object after a step was written.
  func readBack(_ step: Step) async throws(MeshError) -> NativeObject {
    do throws(MeshError) { return try await native(step.object) } catch {
      throw MeshError(
        .unknownOutcome, "written, and reading it back failed: \(error.message)", plane: step.object.plane,
        object: step.object, remedy: "read it back before anything else", underlying: error)
    }
  }

  /// The failure of a step whose object is not as it was written.
  func overwritten(_ step: Step, by now: NativeObject) -> MeshError {
    MeshError(
      .conflict, "written, and somebody else's write came after it (version \(now.version)): the last writer won",
      plane: step.object.plane, object: step.object, remedy: "look at what they wrote, and plan again")
  }
}
