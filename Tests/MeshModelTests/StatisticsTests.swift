import MeshModel
import Testing

@Suite("Statistics")
struct StatisticsTests {
  /// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
  @Test(
    "the Wilson interval of Newcombe's table I",
    arguments: [
      (81.0, 263.0, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718),
    ])
  func wilson(_ successes: Double, _ n: Double, _ low: Double, _ high: Double) throws {
    let proportion = try #require(Proportion(successes: successes, of: n))
    #expect(abs(proportion.low - low) < 0.00006)
    #expect(abs(proportion.high - high) < 0.00006)
    #expect(proportion.share == successes / n)
    #expect(proportion.n == n)
    #expect(proportion.contains(proportion.share))
    #expect(!proportion.contains(proportion.high + 0.001))
  }

  @Test("a proportion needs trials, and never leaves 0 to 1")
  func edges() throws {
    #expect(Proportion(successes: 0, of: 0) == nil)
    #expect(Proportion(successes: 1, of: .nan) == nil)
    #expect(Proportion(successes: .nan, of: 1) == nil)
    #expect(Proportion(successes: 1, of: .infinity) == nil)
    #expect(Proportion(successes: -1, of: 5) == nil)
    let all = try #require(Proportion(successes: 10, of: 10))
    #expect(all.high == 1)
    let over = try #require(Proportion(successes: 10.2, of: 10))
    #expect(over.share == 1)
  }

  /// Agresti, "An Introduction to Categorical Data Analysis", 2nd ed., §2.2: aspirin and heart attacks, 189 of 11,034 on
  /// placebo against 104 of 11,037 on aspirin: pooled z = 5.00, P < 0.00001.
  @Test("the pooled two-proportion test of a known trial")
  func aspirin() throws {
    let p = try #require(twoProportionPValue(errorsA: 189, nA: 11_034, errorsB: 104, nB: 11_037))
    #expect(p > 5.0e-7)
    #expect(p < 6.5e-7)
  }

  @Test("equal rates are certain to be equal, empty samples say nothing, and the test is symmetric")
  func pValueEdges() throws {
    #expect(twoProportionPValue(errorsA: 0, nA: 10, errorsB: 0, nB: 20) == 1)
    #expect(twoProportionPValue(errorsA: 5, nA: 10, errorsB: 10, nB: 20) == 1)
    #expect(twoProportionPValue(errorsA: 0, nA: 0, errorsB: 1, nB: 20) == nil)
    #expect(twoProportionPValue(errorsA: .nan, nA: 5, errorsB: 1, nB: 20) == nil)
    let forth = try #require(twoProportionPValue(errorsA: 3, nA: 100, errorsB: 9, nB: 120))
    let back = try #require(twoProportionPValue(errorsA: 9, nA: 120, errorsB: 3, nB: 100))
    #expect(forth == back)
    #expect((0...1).contains(forth))
  }

  /// Fisher's tea: of four cups with milk first three were told, or all four: one-sided 17/70 and 1/70. Then the only failure
  /// of 217 requests, which is among 9 of them by chance 9 times in 217.
  @Test(
    "few failures are weighed exactly",
    arguments: [
      (3.0, 4.0, 1.0, 4.0, 34.0 / 70), (4, 4, 0, 4, 2.0 / 70), (1, 9, 0, 208, 18.0 / 217),
      (1.2, 8.9, 0.3, 208.4, 18.0 / 217),
      (0, 3, 1, 4000, 1), (0.2, 0.3, 1, 40, 1),
    ] as [(Double, Double, Double, Double, Double)])
  func exact(_ errorsA: Double, _ nA: Double, _ errorsB: Double, _ nB: Double, _ expected: Double) throws {
    let forth = try #require(twoProportionPValue(errorsA: errorsA, nA: nA, errorsB: errorsB, nB: nB))
    #expect(abs(forth - expected) < 1e-7)
    #expect(forth == twoProportionPValue(errorsA: errorsB, nA: nB, errorsB: errorsA, nB: nA))
  }

  @Test("few failures that are no chance are told, of however many requests")
  func exactOfMany() throws {
    #expect(try #require(twoProportionPValue(errorsA: 4, nA: 9, errorsB: 0, nB: 208)) < 1e-4)
    #expect(try #require(twoProportionPValue(errorsA: 3, nA: 1e3, errorsB: 0, nB: 1e9)) < 1e-12)
    #expect(try #require(twoProportionPValue(errorsA: 1, nA: 1e9, errorsB: 1, nB: 1e9)) > 0.99)
  }
}
