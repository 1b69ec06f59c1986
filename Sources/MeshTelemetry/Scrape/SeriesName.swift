/// The name and labels of a series, read from exposition text.
struct SeriesName: Sendable, Hashable {
  var metric = ""
  var labels: [String: String] = [:]

  /// Reads `name{label="value",…}`, also OpenMetrics' `{"name",label="value"}`; `nil` where it is none.
  init?(_ bytes: some Collection<UInt8>) {
    var rest = bytes[...]
    metric = Self.name(&rest)
    guard !rest.isEmpty else {
      if metric.isEmpty { return nil }
      return
    }
    guard rest.popFirst() == UInt8(ascii: "{") else { return nil }
    while true {
      Self.skip(&rest, [0x20, 0x09, UInt8(ascii: ",")])
      switch rest.first {
      case UInt8(ascii: "}"):
        if metric.isEmpty { return nil }
        return
      case UInt8(ascii: "\""):
        guard let quoted = Self.quoted(&rest) else { return nil }
        Self.skip(&rest, [0x20, 0x09])
        if rest.first == UInt8(ascii: "=") {
          guard let value = Self.value(&rest) else { return nil }
          if !value.isEmpty { labels[quoted] = value }
        } else {
          metric = quoted
        }
      case nil: return nil
      default:
        let name = Self.name(&rest)
        guard !name.isEmpty, let value = Self.value(&rest) else { return nil }
        if !value.isEmpty { labels[name] = value }
      }
    }
  }

  private static func value<Bytes: Collection<UInt8>>(_ rest: inout Bytes) -> String? where Bytes.SubSequence == Bytes {
    skip(&rest, [0x20, 0x09])
    guard rest.popFirst() == UInt8(ascii: "=") else { return nil }
    skip(&rest, [0x20, 0x09])
    return quoted(&rest)
  }

  private static func name<Bytes: Collection<UInt8>>(_ rest: inout Bytes) -> String where Bytes.SubSequence == Bytes {
    let part = rest.prefix { byte in
      (0x30...0x3A).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    rest = rest[part.endIndex...]
    return String(decoding: part, as: UTF8.self)
  }

  private static func skip<Bytes: Collection<UInt8>>(_ rest: inout Bytes, _ set: [UInt8])
  where Bytes.SubSequence == Bytes {
    rest = rest.drop { set.contains($0) }
  }

  /// A quoted value with its escapes `\\`, `\"` and `\n` resolved; another escape stays as it is.
  private static func quoted<Bytes: Collection<UInt8>>(_ rest: inout Bytes) -> String?
  where Bytes.SubSequence == Bytes {
    guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        switch rest.popFirst() {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
        case let other?: bytes += [UInt8(ascii: "\\"), other]
        case nil: return nil
        }
      default: bytes.append(byte)
      }
    }
    return nil
  }
}
