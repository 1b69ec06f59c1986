/// One character position of a screen: a scalar, the marks over it, its width and its style.
public struct Cell: Hashable, Sendable {
  /// The marks over the scalar, zeros after the last.
  var marks = SIMD4<UInt32>(repeating: 0)
  /// The scalar.
  public internal(set) var scalar: Unicode.Scalar
  /// The columns: 1, 2 for a wide character, 0 for the second half of one.
  public internal(set) var width: UInt8
  /// The style.
  public var style: Style

  /// A cell of one column.
  public init(_ scalar: Unicode.Scalar = " ", style: Style = .text) {
    self.scalar = scalar
    self.width = 1
    self.style = style
  }

  init(scalar: Unicode.Scalar, width: Int, style: Style) {
    self.scalar = scalar
    self.width = UInt8(truncatingIfNeeded: width)
    self.style = style
  }

  /// Lays a mark over the scalar, if there is room for one more.
  mutating func add(mark: Unicode.Scalar) {
    for lane in 0..<4 where marks[lane] == 0 {
      marks[lane] = mark.value
      return
    }
  }

  /// The character as text; the second half of a wide character is empty.
  public var text: String {
    if width == 0 { return "" }
    var text = String(scalar)
    for lane in 0..<4 {
      guard marks[lane] != 0, let mark = Unicode.Scalar(marks[lane]) else { break }
      text.unicodeScalars.append(mark)
    }
    return text
  }
}
