import Foundation
import MeshKit
import Synchronization

/// The progress of a plan on standard error, where that is a terminal; a line that would say the same again is left out.
enum Progress {
  /// A receiver of progress for a plan of some steps.
  static func notes(_ steps: Int) -> @Sendable (Executor.Progress) -> Void {
    guard isatty(STDERR_FILENO) == 1 else { return { _ in } }
    let last = Last()
    return { progress in
      let text =
        switch progress {
        case .writing(let step): "step \(step + 1) of \(steps): writing"
        case .written(let step): "step \(step + 1) of \(steps): written"
        case .waiting(let step, let acknowledged, let proxies):
          "step \(step + 1) of \(steps): \(acknowledged)/\(proxies) proxies acknowledged"
        case .rollingBack(let step): "step \(step + 1) of \(steps): taking back"
        }
      last.note(text)
    }
  }

  /// A receiver of the seconds left until a plan is taken back.
  static func countdown(_ id: String) -> @Sendable (Double) -> Void {
    guard isatty(STDERR_FILENO) == 1 else { return { _ in } }
    let last = Last()
    return { left in
      // Every ten seconds, and every second of the last ten.
      let whole = Int(exactly: left.rounded(.up)) ?? 0
      let shown = whole <= 10 ? whole : whole / 10 * 10
      last.note("\(id): taken back in \(Figures.duration(Double(shown))) unless confirmed")
    }
  }

  private final class Last: Sendable {
    private let text = Mutex("")

    func note(_ new: String) {
      let isNew = text.withLock { old in
        defer { old = new }
        return old != new
      }
      if isNew { Console.note(new) }
    }
  }
}
