import MeshModel
import Synchronization

/// The question that routes come to, which is asked again and again: made anew when they or the configuration change, and kept
/// once, however many proxies' answers are kept with it.
final class QuestionMemo: Sendable {
  private struct Entry {
    var generation: Int
    /// The routes with their versions.
    var routes: [(ref: ObjectRef, version: String)]
    var question: IstioProgrammed.Question

    func isOf(_ routes: [Route], _ generation: Int) -> Bool {
      // What was put together by hand has no generation.
      generation > 0 && generation == self.generation
        && routes.elementsEqual(self.routes) { $0.ref == $1.ref && $0.version == $1.version }
    }
  }

  private let latest = Mutex<Entry?>(nil)

  /// The question of routes in a configuration.
  func question(
    of routes: [Route], in generation: Int, _ make: () -> IstioProgrammed.Question
  ) -> IstioProgrammed.Question {
    let known = latest.withLock { $0 }
    if let known, known.isOf(routes, generation) { return known.question }
    let made = make()
    let question = known.flatMap { $0.question == made ? $0.question : nil } ?? made
    latest.withLock {
      $0 = Entry(generation: generation, routes: routes.map { ($0.ref, $0.version) }, question: question)
    }
    return question
  }
}
