import MeshModel
import Testing

@testable import MeshOperations

@Suite struct FiguresTests {
  @Test(
    arguments: [
      (nil, "–"), (.nan, "–"), (.infinity, "–"), (0, "0%"), (0.0003, "0.03%"), (0.041, "4.1%"), (0.8, "80%"),
      (1, "100%"),
      (0.00001, "<0.01%"), (0.999_99, ">99.99%"), (0.9996, "99.96%"), (0.999, "99.9%"), (0.100_2, "10%"), (2.5, "250%"),
      (1 / 20_000, "0.01%"), (0.0065, "0.7%"), (0.0085, "0.9%"),
      (0.0195, "2%"), (0.0196, "2%"), (0.0194, "1.9%"), (0.000_501, "0.05%"),
    ] as [(Double?, String)])
  func aShareIsNeverRoundedToNothingOrAll(share: Double?, text: String) { #expect(Figures.percent(share) == text) }

  @Test(
    arguments: [
      (0, "0s"), (0.25, "250ms"), (0.0004, "0s"), (1, "1s"), (1.25, "1.25s"), (59.999, "59.999s"), (60, "1m"),
      (90, "1m30s"),
      (3600, "1h"), (5400, "1h30m"), (3661.5, "1h1m1.5s"), (-1, "–"), (.nan, "–"), (1e300, "–"),
    ] as [(Double, String)])
  func aSettingIsExact(seconds: Double, text: String) { #expect(Figures.duration(seconds) == text) }

  @Test(
    arguments: [
      (0.25, "250ms"), (2, "2s"), (2.34, "2.3s"), (200, "3m"), (7200, "2h"), (200_000, "2d"), (-3, "0s"),
      (.infinity, "–"),
    ] as [(Double, String)])
  func anAgeIsInItsLargestUnit(seconds: Double, text: String) { #expect(Figures.seconds(seconds) == text) }

  @Test(
    arguments: [
      (0, "0"), (0.44, "0.4"), (9.96, "10"), (54.4, "54"), (999.4, "999"), (999.6, "1.0k"), (1234, "1.2k"),
      (999_949, "999.9k"),
      (3_400_000, "3.4M"), (-5, "-5"), (.nan, "–"), (1e18, "1000000000000.0M"),
    ] as [(Double, String)])
  func aCountIsShort(value: Double, text: String) { #expect(Figures.compact(value) == text) }

  @Test(
    arguments: [
      (nil, "–"), (8.24, "8.2ms"), (84.4, "84ms"), (999.4, "999ms"), (999.7, "1.0s"), (1234, "1.2s"), (.nan, "–"),
      (0.05, "0.1ms"), (0.04, "0.0ms"),
    ]
      as [(Double?, String)])
  func latencyIsShort(value: Double?, text: String) { #expect(Figures.milliseconds(value) == text) }

  @Test(
    arguments: [
      (nil, "–"), (0, "0B/s"), (812, "812B/s"), (1234, "1.2kB/s"), (56_000, "56kB/s"), (3_400_000, "3.4MB/s"),
      (2e9, "2.0GB/s"),
    ] as [(Double?, String)])
  func bytesAreShort(value: Double?, text: String) { #expect(Figures.bytes(value) == text) }

  @Test func aProportionHasItsInterval() throws {
    #expect(Figures.proportion(try #require(Proportion(successes: 796, of: 1000))) == "79.6% ±2.5")
  }
}
