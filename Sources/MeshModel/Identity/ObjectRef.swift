/// The name of a configured control plane connection, such as `prod`.
public typealias PlaneName = String

/// The kind of a thing in lower case, such as `virtualservice`, `service` or `workload`.
public typealias ObjectKind = String

/// The identity of one thing: what an operator types as `plane/namespace/kind/name`.
///
/// A large mesh holds it some hundred thousand times, and nearly all of them share plane, namespace and kind with
/// thousands of others: these three are kept once (``ObjectScope``), so that an identity takes 24 bytes, is hashed by its
/// name alone, and two of the same scope are compared by their names alone.
public struct ObjectRef: Sendable, Hashable, CustomStringConvertible {
  private var scope: ObjectScope
  /// Its name.
  public var name: String

  /// Creates an identity.
  public init(plane: PlaneName, namespace: String, kind: ObjectKind, name: String) {
    scope = ObjectScope.of(plane: plane, namespace: namespace, kind: kind)
    self.name = name
  }

  /// The plane it lives on.
  public var plane: PlaneName {
    get { scope.plane }
    set { scope = ObjectScope.of(plane: newValue, namespace: scope.namespace, kind: scope.kind) }
  }

  /// Its namespace; empty for things without one.
  public var namespace: String {
    get { scope.namespace }
    set { scope = ObjectScope.of(plane: scope.plane, namespace: newValue, kind: scope.kind) }
  }

  /// Its kind in lower case.
  public var kind: ObjectKind {
    get { scope.kind }
    set { scope = ObjectScope.of(plane: scope.plane, namespace: scope.namespace, kind: newValue) }
  }

  /// Whether both have the same four parts.
  public static func == (left: ObjectRef, right: ObjectRef) -> Bool {
    left.scope === right.scope && left.name == right.name
  }

  /// Hashes the scope by its one kept copy, and the name.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(scope))
    hasher.combine(name)
  }

  /// Whether both are on the same plane, in the same namespace and of the same kind.
  public func hasScope(of other: ObjectRef) -> Bool { scope === other.scope }

  /// The full identifier; a missing namespace is written `-`.
  public var description: String { "\(plane)/\(namespace.isEmpty ? "-" : namespace)/\(kind)/\(name)" }

  /// The name with its namespace, for a sentence: `shop/reviews`.
  public var shortName: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

  /// An identity from its full identifier, or `nil` where it has not four parts.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(plane: parts[0], namespace: parts[1] == "-" ? "" : parts[1], kind: parts[2], name: parts[3])
  }

  /// Whether the typed text names this thing: the full identifier or any suffix of its parts (`reviews`,
  /// `virtualservice/reviews`, `shop/virtualservice/reviews`), also `shop/reviews`.
  ///
  /// A thing that lives within another one has a name of both (`router:route`), and its own name suffices too.
  public func matches(_ typed: String) -> Bool {
    let parts = typed.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let names = [name] + (name.lastIndex(of: ":").map { [String(name[name.index(after: $0)...])] } ?? [])
    return names.contains { name in
      let full = [plane, namespace.isEmpty ? "-" : namespace, kind, name]
      return parts.count <= full.count && Array(full.suffix(parts.count)) == parts || parts == [full[1], name]
    }
  }
}

extension ObjectRef: Comparable {
  /// The order used for sorting.
  public static func < (left: ObjectRef, right: ObjectRef) -> Bool {
    if left.scope === right.scope { return left.name < right.name }
    return (left.plane, left.namespace, left.kind) < (right.plane, right.namespace, right.kind)
  }
}

/// A place inside a native object: what a value on the screen stands for, and what an edit changes.
public struct ValuePointer: Sendable, Hashable {
  /// The object.
  public var object: ObjectRef
  /// The value in it.
  public var pointer: JSONPointer

  /// Creates a place.
  public init(object: ObjectRef, pointer: JSONPointer) {
    self.object = object
    self.pointer = pointer
  }
}
