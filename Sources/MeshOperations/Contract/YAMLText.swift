public import MeshModel

/// JSON values as YAML text: block style, members in order, strings quoted where YAML would read them otherwise.
public enum YAMLText {
  /// One line of the text and the place of its value in the tree.
  public struct Line: Sendable, Hashable {
    /// The line.
    public var text: String
    /// The place of the value the line begins.
    public var pointer: JSONPointer
  }

  /// The text, ending in a line feed.
  public static func text(_ value: JSONValue) -> String {
    lines(value).map(\.text).joined(separator: "\n") + "\n"
  }

  /// The lines of the text, each with the place it stands for.
  public static func lines(_ value: JSONValue) -> [Line] {
    var lines: [Line] = []
    write(value, at: JSONPointer(), indent: 0, prefix: "", to: &lines)
    return lines
  }

  private static func write(
    _ value: JSONValue, at pointer: JSONPointer, indent: Int, prefix: String, to lines: inout [Line]
  ) {
    let space = String(repeating: " ", count: indent)
    switch value {
    case .object(let object) where !object.isEmpty:
      var lead = prefix
      for member in object.members {
        let head = (lead.isEmpty ? space : lead) + scalar(member.name) + ":"
        let place = pointer.appending(member.name)
        lead = ""
        switch member.value {
        case .object(let inner) where !inner.isEmpty:
          lines.append(Line(text: head, pointer: place))
          write(member.value, at: place, indent: indent + 2, prefix: "", to: &lines)
        case .array(let items) where !items.isEmpty:
          lines.append(Line(text: head, pointer: place))
          write(member.value, at: place, indent: indent, prefix: "", to: &lines)
        default: lines.append(Line(text: head + " " + leaf(member.value), pointer: place))
        }
      }
    case .array(let items) where !items.isEmpty:
      for (index, item) in items.enumerated() {
        let dash = (index == 0 && !prefix.isEmpty ? prefix : space) + "- "
        write(item, at: pointer.appending(index), indent: indent + 2, prefix: dash, to: &lines)
      }
    default: lines.append(Line(text: (prefix.isEmpty ? space : prefix) + leaf(value), pointer: pointer))
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
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    let isWord = text.utf8.first.map { $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z") } ?? false
    return plain && isWord && !reserved.contains(text.lowercased()) ? text : JSONWriter.text(.string(text))
  }
}
