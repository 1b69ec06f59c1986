import HashTreeCollections

/// A value in a place of its own, so that tables and indices hold one word of it.
public final class Kept<Value: Sendable>: Sendable {
  /// The value.
  public let value: Value

  /// Keeps a value.
  public init(_ value: Value) { self.value = value }
}

extension Kept: Equatable where Value: Equatable {
  /// Whether both are one place, or hold the same.
  public static func == (left: Kept, right: Kept) -> Bool { left === right || left.value == right.value }
}

extension Kept: Hashable where Value: Hashable {
  /// Hashes the value.
  public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// A table of things by identity, with structural sharing: a copy costs nothing, and a change in proportion to itself.
///
/// Each value has a place of its own (``Kept``): a mesh has a hundred thousand of them, and the tree's nodes, which are
/// half empty on average and copied on changes, hold words and not values. What indexes a mesh shares the places.
public struct ObjectTable<Value: Sendable & Hashable>: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  private var tree: TreeDictionary<ObjectRef, Kept<Value>>

  /// A table of the things listed; of two of one identity the last.
  public init(dictionaryLiteral elements: (ObjectRef, Value)...) {
    tree = [:]
    for (ref, value) in elements { tree[ref] = Kept(value) }
  }

  /// The thing of an identity.
  public subscript(ref: ObjectRef) -> Value? {
    get { tree[ref]?.value }
    set { tree[ref] = newValue.map(Kept.init) }
  }

  /// The number of things.
  public var count: Int { tree.count }

  /// Whether there is nothing.
  public var isEmpty: Bool { tree.isEmpty }

  /// The identities, in no promised order.
  public var keys: some Collection<ObjectRef> { tree.keys }

  /// The things, in no promised order.
  public var values: some Collection<Value> { tree.values.lazy.map { $0.value } }

  /// The things in their places, for what holds them longer than it takes to look at them.
  public var kept: some Collection<Kept<Value>> { tree.values }

  /// Puts a thing in unless it is there already, in the place it has; whether anything changed.
  mutating func put(_ value: Value, forKey ref: ObjectRef) -> Bool {
    guard tree[ref]?.value != value else { return false }
    tree[ref] = Kept(value)
    return true
  }

  /// Takes a thing out.
  @discardableResult
  public mutating func removeValue(forKey ref: ObjectRef) -> Value? { tree.removeValue(forKey: ref)?.value }
}

extension ObjectTable: Sequence {
  /// The things one by one, in no promised order.
  public struct Iterator: IteratorProtocol {
    fileprivate var tree: TreeDictionary<ObjectRef, Kept<Value>>.Iterator

    /// The next thing.
    public mutating func next() -> (key: ObjectRef, value: Value)? {
      tree.next().map { (key: $0.key, value: $0.value.value) }
    }
  }

  /// The things one by one, in no promised order.
  public func makeIterator() -> Iterator { Iterator(tree: tree.makeIterator()) }
}
