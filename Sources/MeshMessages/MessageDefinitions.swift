import Foundation
import SwiftProtobuf

/// The definitions of messages that are shown, by full name.
struct MessageDefinitions: Sendable {
  /// A field of a message.
  struct Field: Sendable {
    /// The name in the definition.
    var name: String
    /// The name in the usual JSON form.
    var jsonName: String
    var type: Google_Protobuf_FieldDescriptorProto.TypeEnum
    /// The full name of a message or an enumeration; empty for others.
    var typeName: String
    var isRepeated: Bool
  }

  /// A message.
  struct Message: Sendable {
    var fields: [Int: Field] = [:]
    /// Whether it is an entry of a map, with a key and a value.
    var isMapEntry = false
  }

  private(set) var messages: [String: Message] = [:]
  private(set) var enumerations: [String: [Int: String]] = [:]

  /// Those compiled into the program.
  static let builtIn: MessageDefinitions = {
    guard let data = Data(base64Encoded: definitionText),
      let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: data)
    else { return MessageDefinitions() }
    return MessageDefinitions(set)
  }()

  private init() {}

  private init(_ set: Google_Protobuf_FileDescriptorSet) {
    for file in set.file {
      for message in file.messageType { add(message, in: file.package) }
      for enumeration in file.enumType { add(enumeration, in: file.package) }
    }
  }

  private mutating func add(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
    let name = "\(scope).\(message.name)"
    var result = Message(isMapEntry: message.options.mapEntry)
    for field in message.field {
      result.fields[Int(field.number)] = Field(
        name: field.name, jsonName: field.jsonName, type: field.type, typeName: String(field.typeName.dropFirst()),
        isRepeated: field.label == .repeated)
    }
    messages[name] = result
    for nested in message.nestedType { add(nested, in: name) }
    for enumeration in message.enumType { add(enumeration, in: name) }
  }

  private mutating func add(_ enumeration: Google_Protobuf_EnumDescriptorProto, in scope: String) {
    enumerations["\(scope).\(enumeration.name)"] = Dictionary(
      enumeration.value.map { (Int($0.number), $0.name) }, uniquingKeysWith: { first, _ in first })
  }
}
