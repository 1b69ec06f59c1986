import MeshKit
import Testing

@testable import Dashboard

/// Which of two views shows nothing new.
@Suite struct ShowsSameTests {
  private static let view = ShopMesh.view()

  @Test func onlyTheTimeAFeedWasHeardOfIsNoNews() {
    var later = Self.view
    later.at = Instant(seconds: later.at.seconds + 5)
    later.snapshot.apply(.feed(MeshSnapshot.FeedKey(plane: ShopMesh.plane, kind: "service"), .live(later.at)))
    #expect(Self.view.showsSame(as: later))
  }

  @Test func whatIsNewIsNews() {
    func isNews(_ change: (inout MeshView) -> Void) -> Bool {
      var view = Self.view
      change(&view)
      return !Self.view.showsSame(as: view)
    }
    let plane = ShopMesh.plane
    #expect(isNews { $0.snapshot.apply(.remove(ShopMesh.ref("shop", "service", "reviews"))) })
    #expect(isNews { $0.snapshot.apply(.mesh(plane, MeshSettings(trustDomain: "new.example"))) })
    #expect(isNews { $0.planes[0].state = .down })
    #expect(isNews { $0.planes[0].staleSince = $0.at })
    #expect(isNews { $0.traffic[plane] = .unknown("no answer") })
    #expect(isNews { $0.traffic["edge"] = .unknown("another reason") })
    #expect(isNews { $0.measuringFailures[plane] = "connection refused" })
    #expect(isNews { $0.programmed[plane] = nil })
    #expect(isNews { $0.proxyTLS[plane] = .unknown("not asked") })
    #expect(
      isNews { view in
        guard case .known(let report, let source, let at)? = view.traffic[plane] else { return }
        view.traffic[plane] = .known(report, source: source, at: Instant(seconds: at.seconds + 5))
      }, "measured anew, whatever the numbers")
  }

  @Test func aSnapshotPutTogetherByHandIsAlwaysNews() {
    #expect(!MeshView(at: .now).showsSame(as: MeshView(at: .now)), "it has no generation to compare")
  }
}
