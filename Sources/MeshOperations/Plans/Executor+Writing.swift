import MeshModel
import MeshPlanes

/// Writing one step so that its outcome is known.
extension Executor {
  /// Writes a step in a task of its own, so that an interruption never abandons a request whose outcome matters.
  func shielded(_ step: Step) async -> (Step, Result<StepOutcome, MeshError>) {
    await Task {
      var step = step
      do throws(MeshError) {
        let outcome = try await write(&step)
        return (step, .success(outcome))
      } catch {
        return (step, .failure(error))
      }
    }.value
  }

  /// Writes one step; cures a lost answer by reading back (and sending once more what never arrived), and an edit of
  /// something else by rebasing, three times at most.
  private func write(_ step: inout Step) async throws(MeshError) -> StepOutcome {
    var lost: MeshError?
    var rebases = 0
    while true {
      do throws(MeshError) {
        return try await control.apply(step)
      } catch {
        // Of two requests the first may have arrived late, and the second be refused for what the first did.
        if let lost, error.code == .conflict || error.code == .notFound && step.write == .delete,
          let outcome = try await readBack(step, after: lost)
        {
          return outcome
        }
        switch error.code {
        case .unknownOutcome:
          if let outcome = try await readBack(step, after: error) { return outcome }
          guard lost == nil else {
            throw MeshError(
              .unreachable, "\(error.message); read back, the object is as it was", object: step.object,
              remedy: "nothing was changed; try again")
          }
          lost = error
        case .conflict:
          guard rebases < 2 else {
            throw MeshError(
              .conflict, "the object changes faster than it can be edited", object: step.object,
              remedy: "try again later")
          }
          guard let rebased = try await StepGuards.rebased(step, through: control) else { throw error }
          (step, rebases) = (rebased, rebases + 1)
        default: throw error
        }
      }
    }
  }

  /// What became of a write whose answer was lost: its outcome, or `nil` where it never arrived and may be sent again.
  private func readBack(_ step: Step, after error: MeshError) async throws(MeshError) -> StepOutcome? {
    let trace: Trace
    do throws(MeshError) { trace = try await self.trace(of: step) } catch let unread {
      throw error.unread(because: unread)
    }
    switch trace {
    case .arrived(let now): return StepOutcome(version: now?.version ?? "", json: now?.json)
    case .absent: return nil
    case .unclear: throw error
    }
  }

  /// What an object tells of a step that may have been written.
  enum Trace: Sendable, Hashable {
    /// It took effect, and this is what the object has become; `nil` where it is gone, as was meant.
    case arrived(NativeObject?)
    case absent
    case unclear
  }

  /// Reads an object to tell whether a step arrived.
  func trace(of step: Step) async throws(MeshError) -> Trace {
    let now: NativeObject
    do throws(MeshError) { now = try await control.native(step.object) } catch {
      guard error.code == .notFound else { throw error }
      switch step.write {
      case .delete: return .arrived(nil)
      case .create: return .absent
      case .patch: return .unclear
      }
    }
    if let version = step.precondition.version, now.version == version { return .absent }
    let isSame = step.precondition.uid.isEmpty || now.uid == step.precondition.uid
    switch step.write {
    case .delete: return isSame ? .absent : .arrived(nil)
    case .create: return StepGuards.holds(step, in: now.json) ? .arrived(now) : .unclear
    case .patch(let patch):
      guard isSame else { return .unclear }
      if StepGuards.holds(step, in: now.json) { return .arrived(now) }
      if let before = step.before, StepGuards.untouched(patch, between: before, and: now.json) { return .absent }
      return .unclear
    }
  }
}

extension MeshError {
  /// The error of a write whose outcome is not known, with why it could not be read back.
  fileprivate func unread(because unread: MeshError) -> MeshError {
    var error = self
    error.message += "; reading it back failed too: \(unread.message)"
    return error
  }
}
