/// Something that could not be done, in the words an operator needs: what, where, what answered, what to do next.
///
/// It never holds a credential. The command line turns ``Code-swift.enum`` into its exit code.
public struct MeshError: Error, Sendable, CustomStringConvertible {
  /// The kinds of failure, each with its exit code on the command line.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// A wrong invocation or configuration (exit 2).
    case usage
    /// Nothing of that name, or several (exit 2).
    case notFound = "not-found"
    /// Refused by validation or policy, before anything was written (exit 3).
    case refused
    /// Changed since it was read (exit 4).
    case conflict
    /// Not authenticated (exit 5).
    case unauthenticated
    /// Not permitted (exit 5).
    case forbidden
    /// Not reachable or timed out (exit 6).
    case unreachable
    /// An answer that makes no sense (exit 6).
    case malformed
    /// Applied in part (exit 7).
    case partial
    /// The request went out and its outcome is not known (exit 7).
    case unknownOutcome = "unknown-outcome"
    /// Stopped by the operator (exit 130).
    case cancelled
    /// A fault of this machine: disk full, no permission on a file (exit 1).
    case local
  }

  /// The kind of failure.
  public var code: Code
  /// What was tried and what answered, one line.
  public var message: String
  /// The plane, where it concerns one.
  public var plane: PlaneName?
  /// The object, where it concerns one.
  public var object: ObjectRef?
  /// What to do next, one line.
  public var remedy: String?
  /// What lies beneath, for `-v`.
  public var underlying: (any Error)?

  /// Creates a failure.
  public init(
    _ code: Code, _ message: String, plane: PlaneName? = nil, object: ObjectRef? = nil, remedy: String? = nil,
    underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.plane = plane
    self.object = object
    self.remedy = remedy
    self.underlying = underlying
  }

  /// The exit code of the command line (design: exit codes).
  public var exitCode: Int32 { code.exitCode }

  public var description: String {
    let place = object?.description ?? plane
    let head = place.map { "\($0): \(message)" } ?? message
    return remedy.map { "\(head). \($0)" } ?? head
  }
}

extension MeshError.Code {
  /// The exit code of the command line (design: exit codes).
  public var exitCode: Int32 {
    switch self {
    case .local: 1
    case .usage, .notFound: 2
    case .refused: 3
    case .conflict: 4
    case .unauthenticated, .forbidden: 5
    case .unreachable, .malformed: 6
    case .partial, .unknownOutcome: 7
    case .cancelled: 130
    }
  }
}
