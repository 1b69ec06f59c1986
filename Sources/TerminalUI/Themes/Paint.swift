/// A colour of a theme: the terminal's own, or red, green and blue.
public enum Color: Hashable, Sendable {
  /// The colour the terminal uses when none is set.
  case terminal
  /// Red, green and blue of eight bits each, as `0xRRGGBB`.
  case rgb(UInt32)

  /// A colour by its notation: `#rrggbb`, `#rgb` or `default`.
  public init?(_ notation: String) {
    if notation == "default" {
      self = .terminal
      return
    }
    guard notation.hasPrefix("#"), notation.utf8.dropFirst().allSatisfy({ ($0 as UInt8).isHexDigit }) else {
      return nil
    }
    let digits = notation.dropFirst()
    guard let value = UInt32(digits, radix: 16) else { return nil }
    switch digits.utf8.count {
    case 6: self = .rgb(value)
    case 3: self = .rgb((value & 0xF00) * 0x1100 | (value & 0xF0) * 0x110 | (value & 0xF) * 0x11)
    default: return nil
    }
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
  }
}

/// How a theme paints one role, at every depth.
public struct Paint: Hashable, Sendable {
  /// The colour where all colours can be shown; the others derive from it unless given.
  public var color: Color
  /// The entry of the 256 colours.
  public var indexed: UInt8?
  /// The entry of the 16 colours.
  public var basic: UInt8?
  /// The attributes wherever there is colour.
  public var attributes: Attributes
  /// The attributes where there is none.
  public var mono: Attributes

  /// A paint.
  public init(
    _ color: Color = .terminal, indexed: UInt8? = nil, basic: UInt8? = nil, attributes: Attributes = [],
    mono: Attributes = []
  ) {
    self.color = color
    self.indexed = indexed
    self.basic = basic
    self.attributes = attributes
    self.mono = mono
  }

  /// The colour to send at a depth.
  func resolved(_ depth: ColorDepth) -> ResolvedColor {
    switch depth {
    case .mono: return .terminal
    case .trueColor:
      if case .rgb(let value) = color { return .rgb(value) }
      return .terminal
    case .indexed:
      if let indexed { return .index(indexed) }
      guard case .rgb(let value) = color else { return .terminal }
      return .index(Palette.nearest(to: value, in: 16..<256))
    case .bright, .basic:
      let count: UInt8 = depth == .basic ? 8 : 16
      // Bright black is no black: where there are no bright colours it would vanish on a dark ground.
      if let basic { return .index(depth == .basic && basic == 8 ? 7 : basic % count) }
      guard case .rgb(let value) = color else { return .terminal }
      return .index(Palette.nearest(to: value, in: 0..<Int(count)))
    }
  }
}

/// A colour as a terminal takes it.
public enum ResolvedColor: Hashable, Sendable {
  /// The terminal's own.
  case terminal
  /// An entry of its palette.
  case index(UInt8)
  /// Red, green and blue, as `0xRRGGBB`.
  case rgb(UInt32)
}

/// The colours of the 256-colour palette, as xterm defines them.
enum Palette {
  static let colors: [UInt32] = {
    var colors: [UInt32] = [
      0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
      0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]
    let steps: [UInt32] = [0, 95, 135, 175, 215, 255]
    for red in steps { for green in steps { for blue in steps { colors.append(red << 16 | green << 8 | blue) } } }
    for grey in 0..<24 { colors.append(UInt32(8 + grey * 10) * 0x010101) }
    return colors
  }()

  /// The entry nearest to a colour, by distance weighted as the eye weighs it.
  static func nearest(to value: UInt32, in range: Range<Int>) -> UInt8 {
    var best = range.lowerBound
    var least = Int.max
    for index in range.clamped(to: 0..<colors.count) {
      let distance = distance(value, colors[index])
      if distance < least {
        least = distance
        best = index
      }
    }
    return UInt8(truncatingIfNeeded: best)
  }

  /// The lightness of a colour from 0 to 255.
  static func lightness(_ value: UInt32) -> Int {
    (Int(value >> 16 & 0xFF) * 299 + Int(value >> 8 & 0xFF) * 587 + Int(value & 0xFF) * 114) / 1000
  }

  private static func distance(_ left: UInt32, _ right: UInt32) -> Int {
    let red = Int(left >> 16 & 0xFF) - Int(right >> 16 & 0xFF)
    let green = Int(left >> 8 & 0xFF) - Int(right >> 8 & 0xFF)
    let blue = Int(left & 0xFF) - Int(right & 0xFF)
    return 3 * red * red + 4 * green * green + 2 * blue * blue
  }
}
