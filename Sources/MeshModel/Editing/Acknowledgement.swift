/// How many of the proxies that a plan concerns run what it wrote.
public struct Acknowledgement: Sendable, Hashable {
  /// The proxies that were sent something for it.
  public var proxies: Int
  /// Those of them that acknowledged.
  public var acknowledged: Int
  /// Those that did not in time.
  public var late: [ObjectRef]
  /// Why it cannot be told; `nil` where it can.
  public var unknown: String?

  /// Creates a count.
  public init(proxies: Int = 0, acknowledged: Int = 0, late: [ObjectRef] = [], unknown: String? = nil) {
    self.proxies = proxies
    self.acknowledged = acknowledged
    self.late = late
    self.unknown = unknown
  }

  /// Whether every proxy concerned is known to run it.
  public var isComplete: Bool { unknown == nil && late.isEmpty }
}
