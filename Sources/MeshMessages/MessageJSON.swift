import Foundation
public import MeshModel
public import SwiftProtobuf

/// The JSON form of messages, read by their definitions: what a proxy's `config_dump` and REST discovery show for the same
/// resource.
///
/// Envoy's messages keep the names of their definitions there, Istio's have the camel case of its Kubernetes objects. What
/// has no definition here is never dropped: a field stands under its number, an extension under its type's name, each with
/// its size in place of its content, in which a secret could be.
public enum MessageJSON {
  /// Bytes that are not the message they are said to be.
  public struct Fault: Error, CustomStringConvertible {
    /// The full name of the message.
    public var message: String
    /// What an operator is told.
    public var description: String { "the bytes are no \(message)" }
  }

  /// The deepest nesting read.
  private static let depth = 100

  /// The JSON of an `Any`: its `@type` and the members of its message.
  public static func value(_ any: Google_Protobuf_Any) throws(Fault) -> JSONValue {
    try self.any(any.typeURL, Array(any.value)[...], depth: depth)
  }

  /// Whether messages of a type are shown with their members.
  public static func knows(typeURL: String) -> Bool {
    MessageDefinitions.builtIn.messages[name(ofURL: typeURL)] != nil
  }

  /// The full name of a type: what stands behind the last slash of its URL.
  public static func name(ofURL url: String) -> String {
    url.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? url
  }

  private static func any(_ url: String, _ bytes: ArraySlice<UInt8>, depth: Int) throws(Fault) -> JSONValue {
    let name = name(ofURL: url)
    let head = JSONObject.Member(name: "@type", value: .string(url))
    if let known = wellKnown[name] {
      return .object(
        JSONObject([head, JSONObject.Member(name: "value", value: try wellKnownValue(known, name, bytes))]))
    }
    guard MessageDefinitions.builtIn.messages[name] != nil else {
      return .object(JSONObject([head, JSONObject.Member(name: "unknown", value: .string(words(bytes.count)))]))
    }
    let body = try message(name, bytes, depth: depth)
    return .object(JSONObject([head] + (body.object?.members ?? [])))
  }

  private static func words(_ count: Int) -> String { "\(count) bytes of a type that is not defined here" }

  /// The JSON of a message of a type that is defined here, by its full name.
  public static func value(of name: String, _ bytes: [UInt8]) throws(Fault) -> JSONValue {
    try message(name, bytes[...])
  }

  /// A message of a type that is defined here.
  static func message(_ name: String, _ bytes: ArraySlice<UInt8>, depth: Int = depth) throws(Fault) -> JSONValue {
    if name == "google.protobuf.Any" {
      guard let inner = try? Google_Protobuf_Any(serializedBytes: Array(bytes)) else { throw Fault(message: name) }
      guard !inner.typeURL.isEmpty else { return .object(JSONObject()) }
      return try any(inner.typeURL, Array(inner.value)[...], depth: depth - 1)
    }
    if let known = wellKnown[name] { return try wellKnownValue(known, name, bytes) }
    guard depth > 0, let definition = MessageDefinitions.builtIn.messages[name] else { throw Fault(message: name) }
    var found: [Int: [WireReader.Value]] = [:]
    var order: [Int] = []
    do throws(WireReader.Fault) {
      var reader = WireReader(bytes)
      while let (number, value) = try reader.next() {
        if found[number] == nil { order.append(number) }
        found[number, default: []].append(value)
      }
    } catch {
      throw Fault(message: name)
    }
    let isCamelCase = name.hasPrefix("istio.")
    var members: [JSONObject.Member] = []
    for number in order {
      let values = found[number] ?? []
      guard let field = definition.fields[number] else {
        members.append(JSONObject.Member(name: "field \(number)", value: unknown(values)))
        continue
      }
      members.append(
        JSONObject.Member(
          name: isCamelCase ? field.jsonName : field.name, value: try json(field, values, in: name, depth: depth - 1)))
    }
    return .object(JSONObject(members))
  }

  /// A field without a definition: numbers as they are, all else by its size.
  private static func unknown(_ values: [WireReader.Value]) -> JSONValue {
    let shown = values.map { value -> JSONValue in
      switch value {
      case .varint(let number), .fixed64(let number): .number(String(number))
      case .fixed32(let number): .number(String(number))
      case .bytes(let bytes): ["unknown": .string(words(bytes.count))]
      }
    }
    return shown.count == 1 ? shown[0] : .array(shown)
  }

  private static func json(
    _ field: MessageDefinitions.Field, _ values: [WireReader.Value], in name: String, depth: Int
  ) throws(Fault) -> JSONValue {
    if field.type == .message {
      var parts: [ArraySlice<UInt8>] = []
      for value in values {
        guard case .bytes(let bytes) = value else { throw Fault(message: name) }
        parts.append(bytes)
      }
      if MessageDefinitions.builtIn.messages[field.typeName]?.isMapEntry == true {
        return try map(field.typeName, parts, depth: depth)
      }
      // A message that comes in pieces is the pieces one after another.
      guard field.isRepeated else { return try message(field.typeName, Array(parts.joined())[...], depth: depth) }
      var items: [JSONValue] = []
      for part in parts { items.append(try message(field.typeName, part, depth: depth)) }
      return .array(items)
    }
    var items: [JSONValue] = []
    for value in values { items += try MessageScalar.json(field, value, in: name) }
    return field.isRepeated ? .array(items) : items.last ?? .null
  }

  private static func map(_ name: String, _ entries: [ArraySlice<UInt8>], depth: Int) throws(Fault) -> JSONValue {
    var members: [JSONObject.Member] = []
    for entry in entries {
      let pair = try message(name, entry, depth: depth)
      let value = pair["value"] ?? emptyValue(of: name)
      members.append(
        JSONObject.Member(name: pair["key"]?.string ?? pair["key"]?.int.map { "\($0)" } ?? "", value: value))
    }
    return .object(JSONObject(members))
  }

  /// The value of a map's entry that left it out.
  private static func emptyValue(of entry: String) -> JSONValue {
    switch MessageDefinitions.builtIn.messages[entry]?.fields[2]?.type {
    case .message?, nil: .object(JSONObject())
    case .string?, .bytes?: ""
    case .bool?: false
    default: 0
    }
  }

  // MARK: Types with a JSON form of their own

  private static let wellKnown: [String: any SwiftProtobuf.Message.Type] = Dictionary(
    uniqueKeysWithValues: types.map { ($0.protoMessageName, $0) })

  private static let types: [any SwiftProtobuf.Message.Type] = [
    Google_Protobuf_Struct.self, Google_Protobuf_Value.self, Google_Protobuf_ListValue.self,
    Google_Protobuf_Duration.self, Google_Protobuf_Timestamp.self, Google_Protobuf_Empty.self,
    Google_Protobuf_DoubleValue.self, Google_Protobuf_FloatValue.self, Google_Protobuf_Int64Value.self,
    Google_Protobuf_UInt64Value.self, Google_Protobuf_Int32Value.self, Google_Protobuf_UInt32Value.self,
    Google_Protobuf_BoolValue.self, Google_Protobuf_StringValue.self, Google_Protobuf_BytesValue.self,
  ]

  private static func wellKnownValue(
    _ type: any SwiftProtobuf.Message.Type, _ name: String, _ bytes: ArraySlice<UInt8>
  ) throws(Fault) -> JSONValue {
    do {
      let text: [UInt8] = try type.init(serializedBytes: Array(bytes)).jsonUTF8Bytes()
      return try JSONValue(parsing: text)
    } catch {
      throw Fault(message: name)
    }
  }
}
