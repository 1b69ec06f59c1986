#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A measured proportion with its confidence interval.
public struct Proportion: Sendable, Hashable {
  /// The share measured, 0–1.
  public var share: Double
  /// The lower bound of the interval, 0–1.
  public var low: Double
  /// The upper bound of the interval, 0–1.
  public var high: Double
  /// The number of trials.
  public var n: Double

  /// The Wilson score interval of `successes` in `n` trials, or `nil` without trials.
  ///
  /// `deviations` is the number of standard deviations either side; the default gives 95 %.
  /// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
  public init?(successes: Double, of n: Double, deviations z: Double = 1.959963984540054) {
    guard n.isFinite, successes.isFinite, n > 0, successes >= 0 else { return nil }
    let p = min(1, successes / n)
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    share = p
    // At the ends the bound is the share itself; rounding must not put it outside its own interval.
    low = p == 0 ? 0 : max(0, centre - half)
    high = p == 1 ? 1 : min(1, centre + half)
    self.n = n
  }

  /// Whether a share lies inside the interval.
  public func contains(_ share: Double) -> Bool { share >= low && share <= high }
}

/// The two-sided p-value of the hypothesis that two error rates are equal (pooled two-proportion z-test), or `nil` where
/// either sample is empty.
public func twoProportionPValue(errorsA: Double, nA: Double, errorsB: Double, nB: Double) -> Double? {
  guard nA > 0, nB > 0, nA.isFinite, nB.isFinite, errorsA.isFinite, errorsB.isFinite else { return nil }
  let pooled = (errorsA + errorsB) / (nA + nB)
  let variance = pooled * (1 - pooled) * (1 / nA + 1 / nB)
  guard variance > 0 else { return 1 }
  let z = abs(errorsA / nA - errorsB / nB) / variance.squareRoot()
  return erfc(z / 2.0.squareRoot())
}
