extension Dialect {
  /// How many of the units that weights are counted in make a written 1: weights of most APIs are whole numbers, Consul's
  /// have two decimals and are counted in hundredths, so that no sum of them is ever rounded.
  public var weightScale: Int { self == .consul ? 100 : 1 }

  /// A weight as it is written: `90`, or `97.5` where the API has decimals.
  public func text(ofWeight weight: Int) -> String { WeightText.text(weight, scale: weightScale) }
}

/// Weights as typed and shown: decimal numbers, counted without floating point.
public enum WeightText {
  /// The units typed numbers are counted in: hundredths.
  public static let typedScale = 100

  /// A number of `scale`-ths as a decimal number without needless zeros.
  public static func text(_ weight: Int, scale: Int) -> String {
    guard scale > 1 else { return String(weight) }
    let (whole, rest) = weight.magnitude.quotientAndRemainder(dividingBy: UInt(scale))
    let sign = weight < 0 ? "-" : ""
    guard rest > 0 else { return sign + String(whole) }
    // As many digits as the scale has zeros, the last ones dropped where they say nothing.
    var digits = String(String(UInt(scale) + rest).dropFirst())
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(sign)\(whole).\(digits)"
  }

  /// The hundredths of a typed decimal number of at most two decimals; `nil` for anything else.
  public static func hundredths(_ text: some StringProtocol) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, let units = Int(whole), units.magnitude < 1 << 40 else { return nil }
    guard parts.count > 1 else { return units * typedScale }
    let decimals = parts[1]
    guard (1...2).contains(decimals.count), decimals.allSatisfy({ $0.isASCII && $0.isNumber }),
      let rest = Int(decimals.count == 1 ? decimals + "0" : String(decimals))
    else { return nil }
    return units * typedScale + (whole.hasPrefix("-") ? -rest : rest)
  }
}
