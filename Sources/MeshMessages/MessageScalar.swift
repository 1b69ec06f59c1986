import Foundation
import MeshModel
import SwiftProtobuf

/// The JSON form of single values. Source: protobuf, "ProtoJSON Format": 64-bit integers are text, bytes are base64,
/// enumerations are names.
enum MessageScalar {
  /// The values that stand in one place of the wire: one, or those of a packed field.
  static func json(
    _ field: MessageDefinitions.Field, _ value: WireReader.Value, in name: String
  ) throws(MessageJSON.Fault) -> [JSONValue] {
    if case .bytes(let bytes) = value {
      switch field.type {
      case .string: return [.string(String(decoding: bytes, as: UTF8.self))]
      case .bytes: return [.string(Data(bytes).base64EncodedString())]
      default: break
      }
      do throws(WireReader.Fault) {
        let values = try WireReader.packed(bytes) { reader throws(WireReader.Fault) in
          switch field.type {
          case .double, .fixed64, .sfixed64: .fixed64(try reader.fixed(8))
          case .float, .fixed32, .sfixed32: .fixed32(UInt32(truncatingIfNeeded: try reader.fixed(4)))
          default: .varint(try reader.varint())
          }
        }
        return try values.map { value throws(WireReader.Fault) in
          guard let item = number(field, value) else { throw WireReader.Fault() }
          return item
        }
      } catch {
        throw MessageJSON.Fault(message: name)
      }
    }
    guard let item = number(field, value) else { throw MessageJSON.Fault(message: name) }
    return [item]
  }

  private static func number(_ field: MessageDefinitions.Field, _ value: WireReader.Value) -> JSONValue? {
    switch (field.type, value) {
    case (.bool, .varint(let bits)): .bool(bits != 0)
    case (.int32, .varint(let bits)): .number(String(Int32(truncatingIfNeeded: bits)))
    case (.uint32, .varint(let bits)): .number(String(UInt32(truncatingIfNeeded: bits)))
    case (.sint32, .varint(let bits)): .number(String(Int32(truncatingIfNeeded: zigzag(bits))))
    case (.int64, .varint(let bits)): .string(String(Int64(bitPattern: bits)))
    case (.uint64, .varint(let bits)): .string(String(bits))
    case (.sint64, .varint(let bits)): .string(String(zigzag(bits)))
    case (.enum, .varint(let bits)): enumeration(field.typeName, Int(Int32(truncatingIfNeeded: bits)))
    case (.fixed32, .fixed32(let bits)): .number(String(bits))
    case (.sfixed32, .fixed32(let bits)): .number(String(Int32(bitPattern: bits)))
    case (.float, .fixed32(let bits)): .double(Double(Float(bitPattern: bits).description) ?? .nan)
    case (.fixed64, .fixed64(let bits)): .string(String(bits))
    case (.sfixed64, .fixed64(let bits)): .string(String(Int64(bitPattern: bits)))
    case (.double, .fixed64(let bits)): .double(Double(bitPattern: bits))
    default: nil
    }
  }

  private static func enumeration(_ type: String, _ number: Int) -> JSONValue {
    MessageDefinitions.builtIn.enumerations[type]?[number].map(JSONValue.string) ?? .int(number)
  }

  private static func zigzag(_ bits: UInt64) -> Int64 { Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1) }
}
