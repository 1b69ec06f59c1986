import MeshKit

/// The configuration problems as they were last worked out.
struct KnownFindings: Sendable {
  /// The revision whose numbers count them.
  var revision = -1
  /// The generation of the configuration they follow from.
  var generation = 0
  /// The problems, those that are ignored among them.
  var list: [Finding] = []
  /// When those of a newer configuration have their turn.
  var due = Instant(seconds: 0)

  /// When they are worked out again that took so many seconds, should the configuration change: in a mesh of ten thousand
  /// services something changes all the time. While a mesh is still being loaded, sooner.
  static func pause(after seconds: Double, isLoading: Bool) -> Double {
    seconds < 0.02 ? 0 : min(seconds * 100, isLoading ? 10 : 120)
  }
}

extension DashboardState {
  /// Whether the configuration problems known are those of the view's configuration.
  var areFindingsCurrent: Bool {
    guard let generation = view?.snapshot.generation else { return true }
    // What was put together by hand has no generation.
    return generation > 0 ? findings.generation == generation : findings.revision == revision
  }

  /// Whether the problems known do for what is shown: they are those of the view, or of a configuration just before it and no
  /// screen of problems is open.
  var doFindingsHold: Bool {
    areFindingsCurrent
      || (screen != .findings && pastIndex == nil && findings.generation > 0 && now < findings.due)
  }
}
