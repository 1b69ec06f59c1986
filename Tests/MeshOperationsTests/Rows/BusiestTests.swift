import MeshModel
import Testing

@testable import MeshOperations

@Suite struct BusiestTests {
  @Test func theBusiestComeFirstAndTheUnknownLast() {
    func sum(_ rps: Double, bytes: Double? = nil) -> TrafficSum {
      TrafficSum([TrafficSumTests.flow(rps > 0 ? [.success: rps] : [:], bytes: bytes)])
    }
    let things: [(String, [TrafficSum])] = [
      ("unknown", []), ("idle", [sum(0)]), ("few bytes", [sum(0, bytes: 1)]), ("many bytes", [sum(0, bytes: 9)]),
      ("one", [sum(5)]), ("alike", [sum(5)]), ("two backends", [sum(3), sum(4)]),
    ]
    #expect(
      things.busiestFirst { $0.1 }.map(\.0) == [
        "two backends", "one", "alike", "many bytes", "few bytes", "idle", "unknown",
      ])
  }
}
