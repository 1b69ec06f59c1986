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

/// The two-sided p-value of the hypothesis that two error rates are equal, or `nil` where either sample is empty.
///
/// Where every count that chance would make is 5 or more it is the pooled two-proportion z-test; where one is less, twice the
/// tail of Fisher's exact test. Sources: R. A. Fisher, "The logic of inductive inference", JRSS 98 (1935); for the 5,
/// W. G. Cochran, "Some methods for strengthening the common χ² tests", Biometrics 10 (1954).
public func twoProportionPValue(errorsA: Double, nA: Double, errorsB: Double, nB: Double) -> Double? {
  guard nA > 0, nB > 0, nA.isFinite, nB.isFinite, errorsA.isFinite, errorsB.isFinite else { return nil }
  let pooled = (errorsA + errorsB) / (nA + nB)
  let variance = pooled * (1 - pooled) * (1 / nA + 1 / nB)
  guard variance > 0 else { return 1 }
  guard min(nA, nB) * min(pooled, 1 - pooled) >= 5 else {
    let tail =
      errorsA / nA < errorsB / nB
      ? exactTail(errorsB, of: nB, others: errorsA, of: nA) : exactTail(errorsA, of: nA, others: errorsB, of: nB)
    return min(1, 2 * tail)
  }
  let z = abs(errorsA / nA - errorsB / nB) / variance.squareRoot()
  return erfc(z / 2.0.squareRoot())
}

/// The probability that chance alone puts as many or more of all errors into the first of two samples (Fisher's exact test,
/// one-sided); counts are rounded.
///
/// Each term follows from the one before. Beyond the mean they fall off at once, so that tens of them are all that count.
private func exactTail(_ errors: Double, of n: Double, others: Double, of m: Double) -> Double {
  let (n, m) = (n.rounded(), m.rounded())
  var hits = min(n, max(0, errors.rounded()))
  let all = hits + min(m, max(0, others.rounded()))
  var term = exp(logChoices(hits, of: n) + logChoices(all - hits, of: m) - logChoices(all, of: n + m))
  var tail = 0.0
  while term > tail * 1e-12 {
    tail += term
    term *= (n - hits) * (all - hits) / ((hits + 1) * (m - all + hits + 1))
    hits += 1
  }
  return min(1, tail)
}

/// The logarithm of the number of ways to choose `k` of `n`.
private func logChoices(_ k: Double, of n: Double) -> Double { logFactorial(n) - logFactorial(k) - logFactorial(n - k) }

/// The logarithm of n!: of large numbers by Stirling's series, to nine places.
private func logFactorial(_ n: Double) -> Double {
  guard n >= 16 else { return stride(from: 2.0, through: n, by: 1.0).reduce(0.0) { $0 + log($1) } }
  return (n + 0.5) * log(n) - n + 0.5 * log(2 * Double.pi) + 1 / (12 * n) - 1 / (360 * n * n * n)
}
