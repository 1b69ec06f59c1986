import MeshModel
import Testing

@testable import MeshTelemetry

@Suite("Samples")
struct SampleTests {
  @Test(
    "every spelling of a value is told apart (H1)",
    arguments: [
      ("1.5", Sample.value(1.5)), ("0", .value(0)), ("-2e-3", .value(-0.002)), ("NaN", .nan),
      ("+Inf", .positiveInfinity),
      ("Inf", .positiveInfinity), ("-Inf", .negativeInfinity), ("", .unreadable("")), ("1e400", .unreadable("1e400")),
      ("0x10", .unreadable("0x10")), ("nan", .unreadable("nan")), ("abc", .unreadable("abc")),
      (" 1", .unreadable(" 1")),
    ])
  func parsing(_ text: String, _ expected: Sample) {
    #expect(Sample(parsing: text) == expected)
  }

  @Test("what is no number never gives one and says what it is")
  func noNumbers() {
    for sample in [Sample.nan, .positiveInfinity, .negativeInfinity, .absent, .stale(age: 600), .unreadable("x")] {
      #expect(sample.number == nil)
      #expect(!sample.text.isEmpty)
    }
    #expect(Sample.stale(age: 600).text == "stale 600 s")
    #expect(Sample.stale(age: .infinity).text.hasPrefix("stale"))
  }

  /// Buckets by upper bound; the values are what PromQL's histogram_quantile documents for them.
  @Test("quantiles interpolate as PromQL does, and are undefined where it makes no sense (H9)")
  func quantiles() {
    func quantile(_ q: Double, _ buckets: [(Double, Double)]) -> Sample {
      Histogram(buckets.map { Histogram.Bucket(upperBound: $0.0, count: $0.1) }).quantile(q)
    }
    let usual: [(Double, Double)] = [(10, 50), (20, 90), (.infinity, 100)]
    #expect(quantile(0.5, usual) == .value(10))
    #expect(quantile(0.25, usual) == .value(5))
    #expect(quantile(0.7, usual) == .value(15))
    #expect(quantile(0.9, usual) == .value(20))
    #expect(quantile(0.99, usual) == .value(20))
    #expect(quantile(0, usual) == .value(0))
    #expect(quantile(1, usual) == .value(20))
    #expect(quantile(-0.1, usual) == .negativeInfinity)
    #expect(quantile(1.1, usual) == .positiveInfinity)
    #expect(quantile(.nan, usual) == .nan)
    // Order does not matter, buckets of one bound add up.
    #expect(quantile(0.5, [(.infinity, 100), (20, 90), (10, 25), (10, 25)]) == .value(10))
    #expect(quantile(0.5, [(10, 50), (20, 90)]) == .nan)
    #expect(quantile(0.5, [(.infinity, 100)]) == .nan)
    #expect(quantile(0.5, []) == .nan)
    #expect(quantile(0.5, [(10, 0), (20, 0), (.infinity, 0)]) == .nan)
    #expect(quantile(0.5, [(10, 50), (20, 40), (.infinity, 100)]) == .nan)
    #expect(quantile(0.5, [(10, .nan), (.infinity, 100)]) == .nan)
    // Sums of rates differ in the last digit: that is no disorder.
    #expect(quantile(0.9, [(10, 50), (20, 50 - 1e-12), (.infinity, 50)]) == .value(9))
    #expect(quantile(0.5, [(-5, 60), (10, 80), (.infinity, 100)]) == .value(-5))
  }

  @Test("rates: extended to the window as PromQL does, restarts counted from zero, never negative (H10)")
  func rates() throws {
    func rate(_ readings: [(Double, Double)], window: Double = 60, end: Double = 60) -> Sample {
      CounterWindow.rate(
        readings.map { CounterWindow.Reading(seconds: $0.0, value: $0.1) }, window: window, end: end)
    }
    #expect(rate([]) == .absent)
    #expect(rate([(30, 5)]) == .absent)
    #expect(rate([(-20, 5), (30, 9)]) == .absent)
    // Readings that cover the window: the slope.
    let steady = stride(from: 0.0, through: 60, by: 15).map { ($0, 1000 + 2 * $0) }
    #expect(rate(steady) == .value(2))
    // 5 s short at both ends of a window whose readings are 10 s apart: extended to the ends.
    let inside = stride(from: 5.0, through: 55, by: 10).map { ($0, 1000 + 3 * $0) }
    #expect(rate(inside) == .value(3))
    // A restart in the middle: 30, then 10 counted from zero, 20 more.
    let restart = try #require(rate([(0, 100), (20, 130), (40, 10), (60, 30)]).number)
    #expect(restart == 1)
    // A series that began at zero in the window is not extended to before its zero.
    let young = try #require(rate([(50, 0), (55, 10), (60, 20)]).number)
    #expect(abs(young - 20.0 / 60) < 1e-9)
    #expect(rate([(0, 10), (60, 10)]) == .value(0))
    #expect(rate([(0, 10), (30, .nan), (60, 70)]) == .value(1))
    #expect(rate([(0, 10), (60, 70)], window: 0) == .absent)
  }
}
