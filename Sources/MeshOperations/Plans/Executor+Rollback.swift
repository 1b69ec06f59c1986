public import MeshModel
import MeshPlanes

/// What happens when a step fails: the steps before it are taken back.
extension Executor {
  func fail(
    _ receipt: inout Receipt, at index: Int, _ error: MeshError, _ progress: @Sendable (Progress) -> Void
  ) async {
    receipt.error = error.description
    receipt.failure = error.code
    if receipt.plan.steps[index].state != .applied {
      receipt.plan.steps[index].state = [.unknownOutcome, .partial].contains(error.code) ? .unknown : .failed
    }
    // A later step may rest on an earlier one: where it is not known whether the later one took effect, or it could not
    // be taken back, the earlier ones stay, because traffic may depend on them.
    var stuck = receipt.plan.steps[index].state == .unknown
    for earlier in receipt.plan.steps.indices.reversed() where receipt.plan.steps[earlier].state == .applied && !stuck {
      progress(.rollingBack(step: earlier))
      do throws(MeshError) {
        let (step, version) = (receipt.plan.steps[earlier], receipt.versions[earlier])
        if let undo = try await shieldedInverse(of: step, version: version).get() {
          _ = try await shielded(undo).1.get()
        }
        receipt.plan.steps[earlier].state = .rolledBack
      } catch {
        stuck = true
        receipt.error = "\(receipt.error ?? ""); step \(earlier + 1) could not be taken back: \(error.description)"
      }
    }
    let applied = receipt.plan.steps.contains { $0.state == .applied }
    let rolledBack = receipt.plan.steps.contains { $0.state == .rolledBack }
    receipt.result = applied ? .partial : stuck ? .unknown : rolledBack ? .rolledBack : .failed
    receipt.at = clock()
  }

  private func shieldedInverse(of step: Step, version: String?) async -> Result<Step?, MeshError> {
    await Task {
      do throws(MeshError) { return .success(try await inverse(of: step, version: version)) } catch {
        return .failure(error)
      }
    }.value
  }
}

extension DryRunVerdict {
  /// The error of a step that the server would not take.
  public func error(plane: PlaneName) -> MeshError {
    MeshError(
      failure ?? .refused, "the server refuses step \(step + 1): \(message)", plane: plane,
      remedy: failure == .conflict ? "plan it afresh on what is there now" : nil)
  }
}
