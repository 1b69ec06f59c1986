/// The name of a configured control plane connection, such as `prod`.
public typealias PlaneName = String

/// The kind of a thing in lower case, such as `virtualservice`, `service` or `workload`.
public typealias ObjectKind = String

/// The identity of one thing: what an operator types as `plane/namespace/kind/name`.
public struct ObjectRef: Sendable, Hashable, CustomStringConvertible {
  /// The plane it lives on.
  public var plane: PlaneName
  /// Its namespace; empty for things without one.
  public var namespace: String
  /// Its kind in lower case.
  public var kind: ObjectKind
  /// Its name.
  public var name: String

  /// Creates an identity.
  public init(plane: PlaneName, namespace: String, kind: ObjectKind, name: String) {
    self.plane = plane
    self.namespace = namespace
    self.kind = kind
    self.name = name
  }

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
    (left.plane, left.namespace, left.kind, left.name) < (right.plane, right.namespace, right.kind, right.name)
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
