import MeshModel
import Synchronization

/// The virtual hosts that the proxy asked last told, for the next: of the 100 MB that one tells of a large mesh, nearly all
/// are what the others tell.
final class VirtualHostMemo: Sendable {
  typealias Answer = DigestedAnswer<RoutesReader.Part>

  private let latest = Mutex<(question: IstioProgrammed.Question, answer: Answer)?>(nil)

  /// What was told last in answer to a question, or an answer without any part.
  func answer(to question: IstioProgrammed.Question) -> Answer {
    latest.withLock { $0.flatMap { $0.question == question ? $0.answer : nil } } ?? Answer()
  }

  /// Whether anything was told in answer to a question.
  func isKnown(for question: IstioProgrammed.Question) -> Bool { !answer(to: question).parts.isEmpty }

  /// Keeps what was told in answer to a question.
  func keep(_ answer: Answer, for question: IstioProgrammed.Question) {
    latest.withLock { $0 = (question, answer) }
  }
}
