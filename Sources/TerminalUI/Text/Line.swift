/// A piece of text in one style.
public struct TextSpan: Hashable, Sendable {
  /// The text.
  public var text: SafeText
  /// Its look.
  public var style: Style

  /// A piece of text.
  public init(_ text: SafeText, _ style: Style = .text) {
    self.text = text
    self.style = style
  }
}

/// One line of text in several styles.
public struct Line: Hashable, Sendable {
  /// The pieces from left to right.
  public var spans: [TextSpan]

  /// A line of pieces.
  public init(_ spans: [TextSpan]) { self.spans = spans }

  /// A line of one piece.
  public init(_ text: SafeText, _ style: Style = .text) { spans = [TextSpan(text, style)] }

  /// The columns of all pieces.
  public var columns: Int { spans.reduce(0) { $0 + $1.text.columns } }

  /// The text without styles.
  public var text: String { spans.map(\.text.text).joined() }

  /// Appends a piece.
  public mutating func append(_ text: SafeText, _ style: Style = .text) { spans.append(TextSpan(text, style)) }
}

extension Line: ExpressibleByStringInterpolation {
  /// A line of ordinary text.
  public init(stringLiteral value: String) { self.init(SafeText(stringLiteral: value)) }

  /// A line of ordinary text put together from literals and escaped values.
  public init(stringInterpolation: SafeText.StringInterpolation) {
    self.init(SafeText(stringInterpolation: stringInterpolation))
  }
}
