/// What is known of a value's form: enough to refuse unknown fields and to merge lists as their keys say.
public indirect enum Schema: Sendable, Hashable {
  case anything
  case string
  case integer
  case number
  case boolean
  case intOrString
  case enumeration([String])
  case list(Schema, ListKind)
  case map(Schema)
  case object([Field], isAtomic: Bool)
  /// A definition by its qualified name, see ``SchemaText``.
  case reference(String)

  /// How the elements of a list are merged.
  public enum ListKind: Sendable, Hashable {
    /// The list is one value.
    case atomic
    /// The elements are their own keys.
    case set
    /// The elements are objects told apart by these members.
    case map(keys: [String])
  }

  /// A member of an object.
  public struct Field: Sendable, Hashable {
    /// The name.
    public var name: String
    /// Whether it must be there.
    public var isRequired: Bool
    /// The form of its value.
    public var schema: Schema
  }

  /// The schema of one of the kinds in ``SchemaText``, with the envelope and metadata every object has.
  public static func named(_ name: String) -> Schema {
    guard case .object(let fields, _)? = SchemaText.root(name) else { return .anything }
    return .object(envelope + fields, isAtomic: false)
  }

  private static let envelope: [Field] = [
    Field(name: "apiVersion", isRequired: false, schema: .string),
    Field(name: "kind", isRequired: false, schema: .string),
    Field(name: "metadata", isRequired: false, schema: metadata),
  ]

  /// The form of every object's metadata.
  static let metadata = SchemaText.root("metadata") ?? .anything

  /// The schema a reference leads to; itself for every other.
  var resolved: Schema {
    if case .reference(let name) = self { SchemaText.definitions[name] ?? .anything } else { self }
  }

  /// The schema of a member.
  func member(_ name: String) -> Schema? {
    switch resolved {
    case .object(let fields, _): fields.first { $0.name == name }?.schema
    case .map(let value): value
    case .anything: .anything
    default: nil
    }
  }
}

/// The schemas as compact text: one definition after another, `$name = form`.
///
/// A form is `s` string, `i` integer, `n` number, `b` boolean, `x` integer or string, `*` anything, `e(A|B)` one of
/// these words, `[F]` an atomic list, `[F;]` a set, `[F;k1,k2]` a list keyed by members, `<F>` a map, `{name:F,name!:F}`
/// an object (`!`: required), `{…}~` an object merged as one value, `@name` another definition. White space is ignored.
enum SchemaText {
  /// All definitions by their qualified name.
  static let definitions: [String: Schema] = {
    var all: [String: Schema] = [:]
    for (family, text) in families {
      var parser = SchemaParser(text, family: family)
      parser.definitions(into: &all)
    }
    return all
  }()

  /// The definition of a kind in any family.
  static func root(_ name: String) -> Schema? {
    families.reversed().lazy.compactMap { definitions["\($0.0)/\(name)"] }.first
  }

  private static let families = [
    ("common", common), ("core", core), ("istio", istio), ("gateway-api", gatewayAPI), ("smi", smi),
    ("knative", knative), ("linkerd", linkerd), ("shardingsphere", shardingSphere),
  ]

  private static let common = """
    $metadata = {annotations:<s>,creationTimestamp:s,deletionGracePeriodSeconds:i,deletionTimestamp:s,finalizers:[s;],
      generateName:s,generation:i,labels:<s>,managedFields:*,name:s,namespace:s,
      ownerReferences:[{apiVersion:s,blockOwnerDeletion:b,controller:b,kind:s,name:s,uid:s}~;uid],resourceVersion:s,
      selfLink:s,uid:s}
    """
}

/// A reader of ``SchemaText``.
private struct SchemaParser {
  private let text: [UInt8]
  private let family: String
  private var offset = 0

  init(_ text: String, family: String) {
    self.text = text.utf8.filter { $0 > 0x20 }
    self.family = family
  }

  mutating func definitions(into all: inout [String: Schema]) {
    while take("$") {
      let name = word()
      guard take("=") else { return }
      all["\(family)/\(name)"] = form()
    }
  }

  private mutating func form() -> Schema {
    guard offset < text.count else { return .anything }
    let byte = text[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "s"): return .string
    case UInt8(ascii: "i"): return .integer
    case UInt8(ascii: "n"): return .number
    case UInt8(ascii: "b"): return .boolean
    case UInt8(ascii: "x"): return .intOrString
    case UInt8(ascii: "@"): return .reference("\(family)/\(word())")
    case UInt8(ascii: "e"):
      var words: [String] = []
      _ = take("(")
      repeat { words.append(word()) } while take("|")
      _ = take(")")
      return .enumeration(words)
    case UInt8(ascii: "<"):
      let value = form()
      _ = take(">")
      return .map(value)
    case UInt8(ascii: "["):
      let element = form()
      guard take(";") else {
        _ = take("]")
        return .list(element, .atomic)
      }
      if take("]") { return .list(element, .set) }
      var keys: [String] = []
      repeat { keys.append(word()) } while take(",")
      _ = take("]")
      return .list(element, .map(keys: keys))
    case UInt8(ascii: "{"):
      var fields: [Schema.Field] = []
      repeat {
        let name = word()
        let isRequired = take("!")
        _ = take(":")
        fields.append(Schema.Field(name: name, isRequired: isRequired, schema: form()))
      } while take(",")
      _ = take("}")
      return .object(fields, isAtomic: take("~"))
    default: return .anything
    }
  }

  private mutating func word() -> String {
    let start = offset
    let marks = Set("$=:,;!|(){}[]<>@~".utf8)
    while offset < text.count, !marks.contains(text[offset]) { offset += 1 }
    return String(decoding: text[start..<offset], as: UTF8.self)
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard offset < text.count, text[offset] == UInt8(ascii: mark) else { return false }
    offset += 1
    return true
  }
}
