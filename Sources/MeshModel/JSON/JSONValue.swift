/// A JSON tree that loses nothing: member order, duplicate-free keys and the spelling of numbers are as they were sent.
///
/// Native objects are held and patched in this form (design: "native objects are sacred"); hot lists use ``JSONReader``.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number in its original spelling (`1`, `1.0` and `1e0` differ in spelling, see ``isEquivalent(to:)``).
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object in the order they were sent.
public struct JSONObject: Sendable, Hashable {
  /// One name and its value.
  public struct Member: Sendable, Hashable {
    /// The member's name.
    public var name: String
    /// The member's value.
    public var value: JSONValue

    /// Creates a member.
    public init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// All members in order.
  public private(set) var members: [Member]

  /// Creates an object of members; a repeated name keeps the place of the first and the value of the last.
  public init(_ members: [Member] = []) {
    self.members = []
    self.members.reserveCapacity(members.count)
    guard members.count > 16 else {
      for member in members { self[member.name] = member.value }
      return
    }
    // By their bytes, as ``index(of:)``.
    var places: [[UInt8]: Int] = [:]
    for member in members {
      let name = Array(member.name.utf8)
      if let place = places[name] {
        self.members[place].value = member.value
      } else {
        places[name] = self.members.count
        self.members.append(member)
      }
    }
  }

  /// Members already known to have distinct names.
  init(distinct members: [Member]) { self.members = members }

  /// The value of a member; setting `nil` removes it, setting a new name appends it.
  public subscript(name: String) -> JSONValue? {
    get { index(of: name).map { members[$0].value } }
    set {
      if let index = index(of: name) {
        if let newValue { members[index].value = newValue } else { members.remove(at: index) }
      } else if let newValue {
        members.append(Member(name: name, value: newValue))
      }
    }
  }

  /// The place of a member. Names are one where their bytes are: Swift's `==` alone would merge `é` with `e` and an accent.
  private func index(of name: String) -> Int? {
    members.firstIndex { $0.name == name && $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// The names in order.
  public var names: [String] { members.map(\.name) }

  /// The number of members.
  public var count: Int { members.count }

  /// Whether there is no member.
  public var isEmpty: Bool { members.isEmpty }
}

extension JSONValue {
  /// A number from an integer.
  public static func int(_ value: Int) -> JSONValue { .number(String(value)) }

  /// A number from a floating-point value; `null` where it is not finite, since JSON has no spelling for that.
  public static func double(_ value: Double) -> JSONValue { spelling(of: value).map(JSONValue.number) ?? .null }

  /// How a floating-point number is spelled: whole ones without a fraction; `nil` where it is not finite.
  static func spelling(of value: Double) -> String? {
    guard value.isFinite else { return nil }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return String(value)
  }

  /// The member of an object, or `nil` where this is no object or has none of that name.
  public subscript(name: String) -> JSONValue? {
    get { if case .object(let object) = self { object[name] } else { nil } }
    set {
      var object = self.object ?? JSONObject()
      object[name] = newValue
      self = .object(object)
    }
  }

  /// The element of an array, or `nil` where this is no array or it is shorter.
  public subscript(index: Int) -> JSONValue? {
    if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
  }

  /// The text of a string.
  public var string: String? { if case .string(let text) = self { text } else { nil } }

  /// The value of a boolean.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of an array.
  public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

  /// The members of an object.
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

  /// A number that is an exact integer in range, also when spelled `10.0`.
  public var int: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? JSONDecimal(text).int
  }

  /// A number as floating point.
  public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// Equality of meaning, as the JSON Patch `test` operation has it (RFC 6902 §4.6): numbers by value, objects without order.
  public func isEquivalent(to other: JSONValue) -> Bool {
    switch (self, other) {
    case (.number(let left), .number(let right)):
      return left == right || JSONDecimal(left) == JSONDecimal(right)
    case (.string(let left), .string(let right)):
      return left.utf8.elementsEqual(right.utf8)
    case (.array(let left), .array(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { $0.isEquivalent(to: $1) }
    case (.object(let left), .object(let right)):
      return left.count == right.count
        && left.members.allSatisfy { member in right[member.name].map { member.value.isEquivalent(to: $0) } ?? false }
    default:
      return self == other
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// Creates the value a literal spells.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Creates the value a literal spells.
  public init(integerLiteral value: Int) { self = .number(String(value)) }
  /// Creates the value a literal spells.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates the value a literal spells.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Creates the value a literal spells.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { JSONObject.Member(name: $0.0, value: $0.1) }))
  }
  /// Creates the value a literal spells.
  public init(nilLiteral: ()) { self = .null }
}
