/// A value that most things do not have: it takes one word where it is absent, whatever its size.
@propertyWrapper
public struct Rare<Value: Sendable & Hashable>: Sendable, Hashable {
  private final class Box: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
  }

  private var box: Box?

  /// Creates a value, or its absence.
  public init(wrappedValue: Value?) { box = wrappedValue.map(Box.init) }

  /// The value; `nil` where it is absent.
  public var wrappedValue: Value? {
    get { box?.value }
    set { box = newValue.map(Box.init) }
  }

  /// The place of the value, so that things with equal values share one.
  public var projectedValue: Rare {
    get { self }
    set { self = newValue }
  }

  /// Whether both are absent, or both values are the same.
  public static func == (left: Rare, right: Rare) -> Bool {
    left.box === right.box || left.box?.value == right.box?.value
  }

  /// Hashes the value.
  public func hash(into hasher: inout Hasher) { hasher.combine(box?.value) }
}
