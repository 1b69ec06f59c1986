import MeshKit

/// JSON values as YAML text: block style, members in order, strings quoted where YAML would read them otherwise.
enum YAMLText {
  static func text(_ value: JSONValue) -> String {
    var lines: [String] = []
    write(value, indent: 0, prefix: "", to: &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func write(_ value: JSONValue, indent: Int, prefix: String, to lines: inout [String]) {
    let space = String(repeating: " ", count: indent)
    switch value {
    case .object(let object) where !object.isEmpty:
      var lead = prefix
      for member in object.members {
        let head = (lead.isEmpty ? space : lead) + scalar(member.name) + ":"
        lead = ""
        switch member.value {
        case .object(let inner) where !inner.isEmpty:
          lines.append(head)
          write(member.value, indent: indent + 2, prefix: "", to: &lines)
        case .array(let items) where !items.isEmpty:
          lines.append(head)
          write(member.value, indent: indent, prefix: "", to: &lines)
        default: lines.append(head + " " + leaf(member.value))
        }
      }
    case .array(let items) where !items.isEmpty:
      for (index, item) in items.enumerated() {
        let dash = (index == 0 && !prefix.isEmpty ? prefix : space) + "- "
        write(item, indent: indent + 2, prefix: dash, to: &lines)
      }
    default: lines.append((prefix.isEmpty ? space : prefix) + leaf(value))
    }
  }

  private static func leaf(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): scalar(text)
    case .object: "{}"
    case .array: "[]"
    default: JSONWriter.text(value)
    }
  }

  /// A plain scalar where YAML reads it as the same text, else a double-quoted one (JSON strings are YAML).
  private static func scalar(_ text: String) -> String {
    let reserved: Set<String> = ["", "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"]
    let plain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
      default: false
      }
    }
    let isWord = text.utf8.first.map { $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z") } ?? false
    return plain && isWord && !reserved.contains(text.lowercased()) ? text : JSONWriter.text(.string(text))
  }
}
