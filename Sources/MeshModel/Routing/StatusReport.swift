/// What a controller reports of an object it programs.
///
/// It is the programmed truth of planes whose proxies cannot be asked: Gateway API's parents, Knative's routes.
public struct StatusReport: Sendable, Hashable {
  /// The controller, as it names itself.
  public var controller: String
  /// What it reports about, such as `Gateway edge`; empty where it is the object itself.
  public var subject: String
  /// Its conditions.
  public var conditions: [Condition]
  /// Whether it speaks of the object as it is now (`observedGeneration` equals `generation`).
  public var isCurrent: Bool
  /// The weights in effect by backend, where it tells them (Knative).
  public var weights: [String: Int]

  /// One condition.
  public struct Condition: Sendable, Hashable {
    /// Its type, such as `Accepted`.
    public var type: String
    /// `true`, `false`, or `nil` while unknown.
    public var holds: Bool?
    /// The reason, one word.
    public var reason: String
    /// The reason in the controller's words.
    public var message: String

    /// Creates a condition.
    public init(type: String, holds: Bool?, reason: String, message: String) {
      self.type = type
      self.holds = holds
      self.reason = reason
      self.message = message
    }
  }

  /// Creates a report.
  public init(
    controller: String, subject: String = "", conditions: [Condition], isCurrent: Bool, weights: [String: Int] = [:]
  ) {
    self.controller = controller
    self.subject = subject
    self.conditions = conditions
    self.isCurrent = isCurrent
    self.weights = weights
  }

  /// The condition of a type.
  public subscript(type: String) -> Condition? { conditions.first { $0.type == type } }
}
