/// The visible, reversible escaping of foreign text.
///
/// | input | shown as |
/// |---|---|
/// | C0 controls, DEL | `^X`, `^?` |
/// | C1 controls U+0080–U+009F | `\x9b` |
/// | a byte that is not UTF-8 | `\xff` |
/// | format, bidirectional, invisible, private, unassigned scalars; spaces other than U+0020; regional indicators; skin tones | `\u{202e}` |
/// | a combining mark without a base, or the fourth on one base | `\u{301}` |
/// | `\` or `^` where it would read as one of the above | `\\`, `\^` |
///
/// `unescape(escape(s)) == s` for every string. A stray byte 0x80–0x9F and the C1 scalar of that number look the same.
enum TextEscape {
  /// The greatest number of combining marks left on one base: as many as a cell holds.
  static let maximumMarks = Cell.maximumMarks

  private static let strayByte: UInt32 = 0x8000_0000

  /// The escaped text, or `text` itself where nothing needs escaping.
  static func escape(_ text: String) -> String {
    var text = text
    let plain = text.withUTF8 { isPlain($0) }
    if plain { return text }
    return escape(units: text.unicodeScalars.map(\.value))
  }

  /// The escaped form of bytes that may not be UTF-8.
  static func escape(bytes: some Collection<UInt8>) -> String {
    let bytes = Array(bytes)
    if bytes.withUnsafeBufferPointer({ isPlain($0) }) { return String(decoding: bytes, as: UTF8.self) }
    return escape(units: decode(bytes))
  }

  /// Whether every byte is printable ASCII that means itself.
  private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    for byte in bytes where byte < 0x20 || byte > 0x7E || byte == 0x5C || byte == 0x5E { return false }
    return true
  }

  private static func escape(units: [UInt32]) -> String {
    var out = String.UnicodeScalarView()
    var marks = maximumMarks
    for index in units.indices {
      let unit = units[index]
      let next = index + 1 < units.count ? units[index + 1] : nil
      if unit & strayByte != 0 {
        append(hexByte: unit & 0xFF, to: &out)
        marks = maximumMarks
        continue
      }
      guard let scalar = Unicode.Scalar(unit) else { continue }
      switch unit {
      case 0x5C:
        out.append("\\")
        if needsGuard(backslashBefore: next) { out.append("\\") }
        marks = 0
      case 0x5E:
        if needsGuard(caretBefore: next) { out.append("\\") }
        out.append("^")
        marks = 0
      case 0x20...0x7E:
        out.append(scalar)
        marks = 0
      case 0..<0x20:
        out.append("^")
        append(value: unit + 0x40, to: &out)
        marks = maximumMarks
      case 0x7F:
        out.append("^")
        out.append("?")
        marks = maximumMarks
      case 0x80...0x9F:
        append(hexByte: unit, to: &out)
        marks = maximumMarks
      default:
        if isHidden(scalar) {
          append(hexScalar: unit, to: &out)
          marks = maximumMarks
        } else if DisplayWidth.isCombining(scalar) {
          if marks < maximumMarks {
            out.append(scalar)
            marks += 1
          } else {
            append(hexScalar: unit, to: &out)
          }
        } else {
          out.append(scalar)
          marks = 0
        }
      }
    }
    return String(out)
  }

  /// Whether a scalar is invisible, moves others about, or has no agreed look.
  static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    if value < 0x20 || (0x7F...0xA0).contains(value) || value == 0xAD { return true }
    if value < 0x300 { return false }
    if value >= 0xE0000 { return true }
    if (0x1F1E6...0x1F1FF).contains(value) || (0x1F3FB...0x1F3FF).contains(value) { return true }
    if value == 0x034F || value == 0x180E || (0x17B4...0x17B5).contains(value) { return true }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned, .spaceSeparator:
      return true
    default:
      return properties.isDefaultIgnorableCodePoint
    }
  }

  /// Whether a literal backslash would be read together with what is written after it.
  private static func needsGuard(backslashBefore next: UInt32?) -> Bool {
    guard let next else { return false }
    if next == 0x5C || next == 0x5E || next == 0x75 || next == 0x78 { return true }  // \ ^ u x
    return !isWrittenAsItself(next)
  }

  /// Whether a literal caret would be read together with what is written after it.
  private static func needsGuard(caretBefore next: UInt32?) -> Bool {
    guard let next else { return false }
    if (0x40...0x5F).contains(next) || next == 0x3F { return true }
    return !isWrittenAsItself(next)
  }

  private static func isWrittenAsItself(_ unit: UInt32) -> Bool {
    if (0x20...0x7E).contains(unit) { return true }
    if unit & strayByte != 0 { return false }
    guard let scalar = Unicode.Scalar(unit) else { return false }
    return !isHidden(scalar) && !DisplayWidth.isCombining(scalar)
  }

  private static func append(value: UInt32, to out: inout String.UnicodeScalarView) {
    if let scalar = Unicode.Scalar(value) { out.append(scalar) }
  }

  private static func append(hexByte byte: UInt32, to out: inout String.UnicodeScalarView) {
    out.append(contentsOf: (byte < 16 ? "\\x0" : "\\x").unicodeScalars)
    out.append(contentsOf: String(byte, radix: 16).unicodeScalars)
  }

  private static func append(hexScalar value: UInt32, to out: inout String.UnicodeScalarView) {
    out.append(contentsOf: "\\u{\(String(value, radix: 16))}".unicodeScalars)
  }

  /// The scalars of UTF-8, a byte that belongs to none marked as stray.
  private static func decode(_ bytes: [UInt8]) -> [UInt32] {
    var units: [UInt32] = []
    units.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let lead = bytes[index]
      let length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0
      if length == 1 {
        units.append(UInt32(lead))
        index += 1
        continue
      }
      var value = length == 2 ? UInt32(lead & 0x1F) : length == 3 ? UInt32(lead & 0x0F) : UInt32(lead & 0x07)
      var valid = length > 0 && index + length <= bytes.count
      if valid {
        for byte in bytes[(index + 1)..<(index + length)] {
          if byte & 0xC0 != 0x80 { valid = false }
          value = value << 6 | UInt32(byte & 0x3F)
        }
        if length == 3 && (value < 0x800 || (0xD800...0xDFFF).contains(value)) { valid = false }
        if length == 4 && (value < 0x10000 || value > 0x10FFFF) { valid = false }
      }
      units.append(valid ? value : strayByte | UInt32(lead))
      index += valid ? length : 1
    }
    return units
  }

  /// The text that was escaped. A stray byte from 0xA0 up reads back as that byte where bytes are asked for.
  static func unescapeBytes(_ text: String) -> [UInt8] {
    let scalars = Array(text.unicodeScalars)
    var bytes: [UInt8] = []
    var index = 0
    func at(_ position: Int) -> UInt32 { position < scalars.count ? scalars[position].value : 0 }
    func append(_ value: UInt32) {
      if let scalar = Unicode.Scalar(value) { bytes.append(contentsOf: String(scalar).utf8) }
    }
    while index < scalars.count {
      let value = scalars[index].value
      if value == 0x5E, (0x40...0x5F).contains(at(index + 1)) || at(index + 1) == 0x3F {
        append(at(index + 1) == 0x3F ? 0x7F : at(index + 1) - 0x40)
        index += 2
      } else if value == 0x5C, at(index + 1) == 0x5C || at(index + 1) == 0x5E {
        append(at(index + 1))
        index += 2
      } else if value == 0x5C, at(index + 1) == 0x78, let high = hexDigit(at(index + 2)),
        let low = hexDigit(at(index + 3))
      {
        let byte = high * 16 + low
        if byte < 0xA0 { append(byte) } else { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        index += 4
      } else if value == 0x5C, at(index + 1) == 0x75, at(index + 2) == 0x7B, let (scalar, end) = braced(index + 3, at) {
        append(scalar)
        index = end
      } else {
        append(value)
        index += 1
      }
    }
    return bytes
  }

  private static func braced(_ start: Int, _ at: (Int) -> UInt32) -> (UInt32, Int)? {
    var value: UInt32 = 0
    var index = start
    while index < start + 6, let digit = hexDigit(at(index)) {
      value = value * 16 + digit
      index += 1
    }
    return index > start && at(index) == 0x7D ? (value, index + 1) : nil
  }

  private static func hexDigit(_ value: UInt32) -> UInt32? {
    switch value {
    case 0x30...0x39: value - 0x30
    case 0x61...0x66: value - 0x61 + 10
    case 0x41...0x46: value - 0x41 + 10
    default: nil
    }
  }
}
