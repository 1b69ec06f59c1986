import MeshModel

/// Kubernetes quantities as weights: `500m` is a half. Read and written in thousandths.
///
/// Source: Kubernetes, `resource.Quantity`: a decimal number and one of the suffixes `n u m k M G`.
enum Quantity {
  /// The thousandths a quantity stands for; `nil` where it is none, or not a whole number of thousandths.
  static func thousandths(_ json: JSONValue) -> Int? {
    parts(json).flatMap { value, factor in
      Int(exactly: (value * factor).rounded()).flatMap { abs(Double($0) - value * factor) < 1e-6 ? $0 : nil }
    }
  }

  /// The number a quantity stands for; `nil` where it is none.
  static func number(_ json: JSONValue) -> Double? { parts(json).map { $0.value * $0.factor / 1000 } }

  /// The number as written and how many thousandths one of it is.
  private static func parts(_ json: JSONValue) -> (value: Double, factor: Double)? {
    guard let text = json.string ?? json.double.map({ String($0) }) else { return nil }
    let factors: [Character: Double] = ["n": 1e-6, "u": 1e-3, "m": 1, "k": 1e6, "M": 1e9, "G": 1e12]
    var number = text[...]
    var factor = 1000.0
    if let last = number.last, let known = factors[last] {
      factor = known
      number = number.dropLast()
    }
    guard let value = Double(number), value.isFinite else { return nil }
    return (value, factor)
  }

  /// The quantity of some thousandths: `1`, `500m`.
  static func text(thousandths: Int) -> String {
    thousandths.isMultiple(of: 1000) ? String(thousandths / 1000) : "\(thousandths)m"
  }
}
