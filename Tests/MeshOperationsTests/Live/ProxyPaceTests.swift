import MeshModel
import Testing

@testable import MeshOperations

/// How often the proxies of a large mesh are read.
@Suite struct ProxyPaceTests {
  private static func proxies(_ state: ProxyState.SyncState) -> [ProxyState] {
    let ref = ObjectRef(plane: "east", namespace: "shop", kind: "pod", name: "web")
    return [ProxyState(ref: ref, sync: [.cds: state, .lds: .synced])]
  }

  private static func report(
    _ state: ProxyState.SyncState = .synced, asked: Int = 8, unasked: Int = 0, gaps: [String] = []
  ) -> ProgrammedReport {
    let refs = (0..<asked).map { ObjectRef(plane: "east", namespace: "shop", kind: "pod", name: "web-\($0)") }
    var report = ProgrammedReport(proxies: proxies(state), asked: refs, gaps: gaps, at: Instant(seconds: 0))
    report.unasked = unasked
    return report
  }

  private static func rest(
    _ pace: inout ProxyPace, _ report: ProgrammedReport?, in generation: Int = 7, took: Double = 3, usual: Double = 60
  ) -> ProxyPace.Rest {
    pace.rest(after: report, in: generation, took: .seconds(took), usual: .seconds(usual), least: .seconds(5))
  }

  private static func still(_ turns: Int) -> ProxyPace.Rest { ProxyPace.Rest(length: .seconds(60), turns: turns) }

  @Test func theRestOfASampleIsReadSoon() {
    var pace = ProxyPace()
    let first = Self.report(asked: 2, unasked: 6)
    #expect(Self.rest(&pace, first) == ProxyPace.Rest(length: .seconds(9)))
    #expect(Self.rest(&pace, Self.report(asked: 4, unasked: 4), took: 0.5) == ProxyPace.Rest(length: .seconds(5)))
    #expect(Self.rest(&pace, Self.report(asked: 6, unasked: 2), took: 40) == Self.still(1), "never longer than usual")
    #expect(Self.rest(&pace, Self.report()) == Self.still(1))
    // Something changed for all: the two that are asked anew are no progress.
    #expect(Self.rest(&pace, first, in: 8) == Self.still(1))
    #expect(Self.rest(&pace, first, in: 9) == Self.still(1))
  }

  @Test func proxiesThatHaveNothingToTellAnewAreReadLessOften() {
    var pace = ProxyPace()
    // An edit begins it anew.
    for generation in [7, 8] {
      for turns in [1, 1, ProxyPace.mostTurns, ProxyPace.mostTurns] {
        #expect(Self.rest(&pace, Self.report(), in: generation) == Self.still(turns))
      }
    }
  }

  @Test(
    arguments: [
      report(.stale), report(.rejected("no")), report(.notSent), report(gaps: ["istiod-2: no answer"]),
      report(asked: 2, unasked: 6), nil,
    ])
  func whatLacksSomethingIsReadAtTheUsualPace(_ report: ProgrammedReport?) {
    var pace = ProxyPace()
    for _ in 1...3 { _ = Self.rest(&pace, report) }
    #expect(Self.rest(&pace, report) == Self.still(1))
  }

  @Test func aSmallMeshIsReadAtItsInterval() {
    var pace = ProxyPace()
    for _ in 1...4 { #expect(Self.rest(&pace, Self.report(), usual: 5) == ProxyPace.Rest(length: .seconds(5))) }
  }

  @Test func whatSoonRoundsReadCountsForNoStillness() {
    var pace = ProxyPace()
    // Right after an edit istiod may not have begun to tell anybody of it.
    for asked in [2, 4, 6] { _ = Self.rest(&pace, Self.report(asked: asked, unasked: 8 - asked)) }
    for turns in [1, 1, ProxyPace.mostTurns] { #expect(Self.rest(&pace, Self.report()) == Self.still(turns)) }
  }
}
