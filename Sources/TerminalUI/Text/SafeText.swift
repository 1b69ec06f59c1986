/// Text that can do nothing to a terminal but be read.
///
/// Foreign text is escaped visibly and reversibly (see the table in `TextEscape`): what the operator reads tells every
/// byte that was there. A frame accepts nothing else. Literals in the program are taken as they are written:
///
///     frame.put("rps \(SafeText(name))", at: point)     // or "rps \(name)": interpolated strings are escaped
///
/// Escaping plain ASCII costs one pass over its bytes and no copy.
public struct SafeText: Hashable, Sendable {
  /// The escaped text: printable scalars only, on one line.
  public let text: String
  /// The columns it takes on a terminal.
  public let columns: Int

  /// The longest foreign text kept in one piece, in bytes.
  public static let defaultLimit = 4096

  /// No text.
  public static let empty = SafeText(escaped: "")

  /// Foreign text, escaped; text longer than `limit` bytes is cut and ends in an ellipsis.
  public init(_ text: some StringProtocol, limit: Int = SafeText.defaultLimit) {
    let whole = String(text)
    guard whole.utf8.count > max(limit, 0) else {
      self.init(escaped: TextEscape.escape(whole))
      return
    }
    self.init(escaped: TextEscape.escape(String(whole.unicodeScalars.prefix(limit))) + "…")
  }

  /// Foreign bytes, escaped; bytes that are not UTF-8 show as `\xff`.
  public init(bytes: some Collection<UInt8>, limit: Int = SafeText.defaultLimit) {
    guard bytes.count > max(limit, 0) else {
      self.init(escaped: TextEscape.escape(bytes: bytes))
      return
    }
    self.init(escaped: TextEscape.escape(bytes: bytes.prefix(max(limit, 0))) + "…")
  }

  init(escaped text: String) {
    self.text = text
    self.columns = DisplayWidth.columns(ofEscaped: text)
  }

  /// The escaped form of foreign text, for writers that print to a stream.
  public static func escape(_ text: String) -> String { TextEscape.escape(text) }

  /// The escaped form of foreign bytes, for writers that print to a stream.
  public static func escape(bytes: some Collection<UInt8>) -> String { TextEscape.escape(bytes: bytes) }

  /// The text behind an escaped form: `unescape(escape(s)) == s`.
  public static func unescape(_ escaped: String) -> String {
    String(decoding: TextEscape.unescapeBytes(escaped), as: UTF8.self)
  }

  /// The bytes behind an escaped form.
  public static func unescapeBytes(_ escaped: String) -> [UInt8] { TextEscape.unescapeBytes(escaped) }

  /// The lines of foreign text, each escaped; tabs become spaces up to the next multiple of eight columns.
  public static func lines(_ text: some StringProtocol) -> [SafeText] {
    var lines: [SafeText] = []
    for var line in Array(text.utf8).split(separator: 0x0A, omittingEmptySubsequences: false) {
      if line.last == 0x0D { line = line.dropLast() }
      guard line.contains(0x09) else {
        lines.append(SafeText(bytes: line))
        continue
      }
      var expanded: [UInt8] = []
      for byte in line {
        if byte == 0x09 {
          expanded.append(contentsOf: repeatElement(0x20, count: 8 - expanded.count % 8))
        } else {
          expanded.append(byte)
        }
      }
      lines.append(SafeText(bytes: expanded))
    }
    if lines.last == .empty, lines.count > 1 { lines.removeLast() }
    return lines
  }

  /// Two texts, one after the other.
  public static func + (left: SafeText, right: SafeText) -> SafeText {
    SafeText(escaped: left.text + right.text)
  }

  /// The text cut to at most `width` columns, ending in `ellipsis` where something was cut.
  public func truncated(to width: Int, ellipsis: String = "…") -> SafeText {
    if columns <= width { return self }
    if width <= 0 { return .empty }
    let mark = DisplayWidth.columns(ofEscaped: ellipsis)
    let room = width - mark
    if room < 0 { return SafeText(escaped: String(text.unicodeScalars.prefix(0))) }
    var used = 0
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let columns = DisplayWidth.columns(of: scalar)
      if used + columns > room { break }
      used += columns
      kept.append(scalar)
    }
    return SafeText(escaped: String(kept) + ellipsis)
  }

  /// The text cut to at most `width` columns in its middle: names that begin alike are told apart by their ends.
  public func cutInside(to width: Int, ellipsis: String = "…") -> SafeText {
    let room = width - DisplayWidth.columns(ofEscaped: ellipsis)
    guard columns > width, room > 1 else { return truncated(to: width, ellipsis: ellipsis) }
    let scalars = text.unicodeScalars
    var (used, place) = (0, scalars.endIndex)
    while place > scalars.startIndex {
      let before = scalars.index(before: place)
      let taken = DisplayWidth.columns(of: scalars[before])
      guard used + taken <= room / 2 else { break }
      (used, place) = (used + taken, before)
    }
    return truncated(to: width - used, ellipsis: ellipsis) + SafeText(escaped: String(text[place...]))
  }

  /// The text cut or padded with spaces to exactly `width` columns.
  public func padded(to width: Int, align: Alignment = .left) -> SafeText {
    let cut = truncated(to: width)
    let space = width - cut.columns
    if space <= 0 { return cut }
    let left = align == .left ? 0 : align == .right ? space : space / 2
    return SafeText(
      escaped: String(repeating: " ", count: left) + cut.text + String(repeating: " ", count: space - left))
  }
}

/// The side of its column a text keeps to.
public enum Alignment: Sendable, Hashable {
  /// Flush left.
  case left
  /// Flush right, as numbers are.
  case right
  /// In the middle.
  case center
}

extension SafeText: CustomStringConvertible {
  /// The escaped text.
  public var description: String { text }
}

extension SafeText: ExpressibleByStringInterpolation {
  /// Text written in the program; a control character in it is still escaped.
  public init(stringLiteral value: String) {
    self.init(escaped: SafeText.checked(value))
  }

  /// Text put together from literals and escaped values.
  public init(stringInterpolation: StringInterpolation) {
    self.init(escaped: stringInterpolation.text)
  }

  /// The parts of an interpolated text.
  public struct StringInterpolation: StringInterpolationProtocol {
    var text = ""

    /// An empty interpolation.
    public init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + interpolationCount * 8)
    }

    /// Text of the program, as written.
    public mutating func appendLiteral(_ literal: String) { text += SafeText.checked(literal) }

    /// Text that is already safe.
    public mutating func appendInterpolation(_ safe: SafeText) { text += safe.text }

    /// A value whose description is escaped.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      text += TextEscape.escape(value.description)
    }
  }

  /// Literal text with anything a terminal would act on escaped, backslash and caret left alone.
  private static func checked(_ literal: String) -> String {
    for scalar in literal.unicodeScalars where TextEscape.isHidden(scalar) { return TextEscape.escape(literal) }
    return literal
  }
}
