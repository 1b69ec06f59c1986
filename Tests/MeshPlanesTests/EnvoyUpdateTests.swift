import MeshModel
import Testing

@testable import MeshPlanes

/// What counters of updates tell of a rejection, from one look to the next.
@Suite struct EnvoyUpdateTests {
  private func refusing(_ looks: [(rejected: Int, accepted: Int)]) -> [Bool] {
    var (results, earlier) = ([Bool](), EnvoyUpdates?.none)
    for look in looks {
      let now = EnvoyUpdates(rejected: look.rejected, accepted: look.accepted)
      results.append(now.isRefusing(after: earlier, was: results.last ?? false))
      earlier = now
    }
    return results
  }

  @Test func aRejectionLastsUntilSomethingIsAccepted() {
    #expect(refusing([(0, 3), (1, 3), (1, 3), (2, 3), (2, 4)]) == [false, true, true, true, false])
  }

  @Test func whereNothingWasEverAcceptedTheLastWasRejected() { #expect(refusing([(1, 0)]) == [true]) }

  @Test func aFirstLookDoesNotTellWhichCameLast() {
    #expect(refusing([(1, 3), (1, 3), (2, 3)]) == [false, false, true])
  }

  @Test func aRestartBeginsAnew() { #expect(refusing([(0, 3), (1, 3), (0, 1)]) == [false, true, false]) }

  @Test func countersAreToldApartByWhatTheyCount() {
    let names = [
      "cluster_manager.cds.update_rejected", "http.web.rds.shop.update_rejected", "http.web.rds.shop.update_success",
    ]
    let json: JSONValue = ["stats": .array(names.map { ["name": .string($0), "value": 2] })]
    let updates = EnvoyStatistics(json).updates
    #expect(updates["cluster_manager.cds"] == EnvoyUpdates(rejected: 2, accepted: 0))
    #expect(updates["http.web.rds.shop"] == EnvoyUpdates(rejected: 2, accepted: 2))
    #expect(
      updates["http.web.rds.shop"]?.words("http.web.rds.shop")
        == "an update of the route configuration shop was rejected (2 since the proxy started); its words are with the control plane"
    )
  }
}
