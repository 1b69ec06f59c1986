/// The header fields of a message, in order, with case-insensitive lookup.
public struct HTTPHeaders: Sendable, Hashable {
  /// One field as it was given.
  public struct Field: Sendable, Hashable {
    /// The name as written.
    public var name: String
    /// The value without surrounding white space.
    public var value: String

    /// A field of a name and a value.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The fields in the order they were added or received.
  public private(set) var fields: [Field] = []

  /// No fields.
  public init() {}

  /// The fields given, in that order.
  public init(_ fields: [(String, String)]) {
    self.fields = fields.map { Field($0.0, $0.1) }
  }

  /// The first value of a field; setting replaces every field of that name, setting nil removes them.
  public subscript(name: String) -> String? {
    get { fields.first { Self.same($0.name, name) }?.value }
    set {
      if let newValue { set(name, newValue) } else { remove(name) }
    }
  }

  /// Every value of a field, in order.
  public func all(_ name: String) -> [String] {
    fields.filter { Self.same($0.name, name) }.map(\.value)
  }

  /// Appends a field, keeping others of the same name.
  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name, value))
  }

  /// Replaces every field of this name by one.
  public mutating func set(_ name: String, _ value: String) {
    if let index = fields.firstIndex(where: { Self.same($0.name, name) }) {
      fields[index].value = value
      var seen = false
      fields.removeAll { field in
        guard Self.same(field.name, name) else { return false }
        defer { seen = true }
        return seen
      }
    } else {
      add(name, value)
    }
  }

  /// Removes every field of this name.
  public mutating func remove(_ name: String) {
    fields.removeAll { Self.same($0.name, name) }
  }

  /// Sets every field of `others` here.
  public mutating func merge(_ others: HTTPHeaders) {
    for field in others.fields { set(field.name, field.value) }
  }

  static func same(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count
      && zip(left.utf8, right.utf8).allSatisfy { ASCII.lowered($0) == ASCII.lowered($1) }
  }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
  /// Headers written as a literal, in the order written.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(elements)
  }
}
