/// One character position of a screen: a scalar, the marks over it, its width and its style.
public struct Cell: Hashable, Sendable {
  /// The most marks over a scalar.
  static let maximumMarks = 3
  /// The marks over the scalar, 21 bits each and the first lowest, zeros after the last: a screen has twelve thousand cells, and
  /// hardly one with a mark.
  private var marks: UInt64 = 0
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

  /// The mark at a place, 0 where there is none.
  func mark(_ place: Int) -> UInt32 { UInt32(truncatingIfNeeded: marks >> UInt64(21 * place)) & 0x1F_FFFF }

  /// Lays a mark over the scalar, if there is room for one more.
  mutating func add(mark: Unicode.Scalar) {
    guard let place = (0..<Self.maximumMarks).first(where: { self.mark($0) == 0 }) else { return }
    marks |= UInt64(mark.value) << UInt64(21 * place)
  }

  /// The character as text; the second half of a wide character is empty.
  public var text: String {
    if width == 0 { return "" }
    var text = String(scalar)
    for place in 0..<Self.maximumMarks {
      guard mark(place) != 0, let mark = Unicode.Scalar(mark(place)) else { break }
      text.unicodeScalars.append(mark)
    }
    return text
  }
}
