import MeshModel
import Testing

@testable import MeshPlanes

/// The arithmetic of App Mesh's weights: each 0–100, total 100 at most, relative; one to ten targets.
@Suite struct AppMeshWeightsTests {
  static let faults: [([Int], AppMeshWeights.Fault?)] = [
    ([70, 30], nil), ([1], nil), ([100], nil), ([50, 25], nil), ([0, 1], nil), ([0, 100], nil), ([10, 10, 10], nil),
    (Array(repeating: 10, count: 10), nil),
    ([60, 50], AppMeshWeights.Fault.tooMuch(total: 110)), ([100, 1], .tooMuch(total: 101)),
    ([101, 0], .outOfRange(weight: 101)), ([-1, 50], .outOfRange(weight: -1)),
    ([0, 0], .zeroSum), ([0], .zeroSum), ([], .targets(0)), (Array(repeating: 1, count: 11), .targets(11)),
    ([.max, .max], .outOfRange(weight: .max)),
  ]

  @Test(arguments: faults)
  func weightsAreAcceptedOrRefused(_ weights: [Int], _ fault: AppMeshWeights.Fault?) {
    #expect(AppMeshWeights.fault(weights) == fault)
  }

  static let shares: [([Int], [Double])] = [
    ([70, 30], [0.7, 0.3]), ([50, 25], [2.0 / 3, 1.0 / 3]), ([1], [1.0]), ([7, 0], [1.0, 0.0]), ([0, 0], [0.0, 0.0]),
    ([1, 1, 2], [0.25, 0.25, 0.5]), ([], []),
  ]

  @Test(arguments: shares)
  func sharesAreProportionsOfTheSum(_ weights: [Int], _ shares: [Double]) {
    #expect(zip(AppMeshWeights.shares(weights), shares).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(AppMeshWeights.shares(weights).count == shares.count)
  }

  static let durations: [(Double, String, Int)] = [
    (1.5, "ms", 1500), (2, "s", 2), (0, "s", 0), (0.25, "ms", 250), (60, "s", 60),
  ]

  @Test(arguments: durations)
  func durationsAreWholeSecondsOrMilliseconds(_ seconds: Double, _ unit: String, _ value: Int) {
    let written = AppMeshDuration.value(seconds)
    #expect(written?["unit"]?.string == unit)
    #expect(written?["value"]?.int == value)
    #expect(AppMeshDuration.seconds(written) == seconds)
  }

  @Test(arguments: [-1, 0.0001, .infinity, .nan, 1e12])
  func whatIsNoDurationIsNoneHere(_ seconds: Double) { #expect(AppMeshDuration.value(seconds) == nil) }
}
