/// The bindings of a program, as shipped and as remapped.
public struct Keymap: Hashable, Sendable {
  /// The bindings in the order help shows them.
  public private(set) var bindings: [Binding]

  /// A keymap.
  public init(_ bindings: [Binding]) { self.bindings = bindings }

  /// The bindings that count in a context, its own before those that count everywhere.
  public func bindings(in context: String) -> [Binding] {
    bindings.filter { $0.context == context }
      + (context == Binding.everywhere ? [] : bindings.filter { $0.context == Binding.everywhere })
  }

  /// The binding of a key in a context; the context's own win over those that count everywhere.
  public func binding(for key: Key, in context: String) -> Binding? {
    bindings(in: context).first { $0.keys.contains(key) }
  }

  /// Gives bindings other keys. An empty list takes a binding's keys away.
  ///
  /// - Parameter changes: key notations by binding id, as in a configuration.
  /// - Throws: `KeymapError` naming the id or the notation at fault, or the two bindings that would share a key.
  public mutating func remap(_ changes: [String: [String]]) throws(KeymapError) {
    var copy = bindings
    for (id, notations) in changes.sorted(by: { $0.key < $1.key }) {
      guard let index = copy.firstIndex(where: { $0.id == id }) else {
        throw KeymapError("there is no binding \"\(id)\"", remedy: "the manual lists the names under KEYS")
      }
      var keys: [Key] = []
      for notation in notations {
        guard let key = Key(notation: notation) else {
          throw KeymapError(
            "\"\(notation)\" in \"\(id)\" is no key", remedy: "write it like j, G, ctrl-l, alt-x, shift-tab, f5, pgup")
        }
        keys.append(key)
      }
      copy[index].keys = keys
    }
    if let collision = Keymap(copy).collisions().first {
      throw KeymapError(collision.description, remedy: "give one of them another key")
    }
    bindings = copy
  }

  /// The keys that two bindings of one context share. A screen's own binding may hide one that counts everywhere.
  public func collisions() -> [Collision] {
    var owners: [String: [Key: Binding]] = [:]
    var found: [Collision] = []
    for binding in bindings {
      for key in binding.keys {
        if let other = owners[binding.context]?[key] {
          found.append(Collision(key: key, context: binding.context, first: other.id, second: binding.id))
        } else {
          owners[binding.context, default: [:]][key] = binding
        }
      }
    }
    return found
  }

  /// Two bindings that share a key.
  public struct Collision: Hashable, Sendable, CustomStringConvertible {
    /// The key.
    public let key: Key
    /// Where both count.
    public let context: String
    /// The binding named first.
    public let first: String
    /// The binding named second.
    public let second: String

    /// One sentence for the operator.
    public var description: String {
      "\"\(first)\" and \"\(second)\" share the key \(key.notation) in \(context)"
    }
  }
}

/// A keymap that cannot be used, in one sentence and with a remedy.
public struct KeymapError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public var what: String
  /// What to do about it.
  public var remedy: String

  init(_ what: String, remedy: String) {
    self.what = what
    self.remedy = remedy
  }

  /// One sentence for the operator.
  public var description: String { "\(what); \(remedy)" }
}
