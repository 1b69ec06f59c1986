import MeshModel
import MeshPlanes
import MeshTelemetry
import Testing

@testable import MeshOperations

@Suite struct DisagreementTests {
  static func proxy(
    _ name: String, _ sync: [ProxyState.ConfigType: ProxyState.SyncState], isConnected: Bool = true
  ) -> ProxyState {
    ProxyState(ref: SmallWorld.ref("pod", name), isConnected: isConnected, sync: sync)
  }

  static func findings(_ proxies: [ProxyState]) -> [Finding] {
    var view = MeshView(at: Instant(seconds: 1))
    view.programmed["lab"] = .known(ProgrammedReport(proxies: proxies, at: view.at), source: "test", at: view.at)
    return view.disagreements()
  }

  @Test func aRejectionIsToldInTheProxysWordsOnceForAllThatShareIt() throws {
    let words = "Error adding/updating listener(s) 0.0.0.0_8080: duplicate address"
    let found = Self.findings(["a", "b", "c", "d"].map { Self.proxy($0, [.lds: .rejected(words), .cds: .synced]) })
    let only = try #require(found.first)
    #expect(found.count == 1)
    #expect(only.code == "MD3001")
    #expect(only.severity == .error)
    #expect(only.message == "4 of 4 proxies rejected LDS: \(words) (shop/a, shop/b, shop/c and 1 more)")
  }

  @Test(
    arguments: [
      (.rds, .stale, true, ["MD3002"]), (.cds, .notSent, true, ["MD3003"]), (.rds, .notSent, true, []),
      (.rds, .synced, true, []), (.rds, .stale, false, ["MD3006"]), (.eds, .synced, false, ["MD3006"]),
    ] as [(ProxyState.ConfigType, ProxyState.SyncState, Bool, [String])])
  func whatProxiesDidNotTakeIsTold(
    type: ProxyState.ConfigType, state: ProxyState.SyncState, isConnected: Bool, codes: [String]
  ) {
    #expect(Self.findings([Self.proxy("a", [type: state], isConnected: isConnected)]).map(\.code) == codes)
  }

  @Test func nothingIsSaidOfWhatIsNotKnown() {
    var view = MeshView(at: Instant(seconds: 1))
    view.programmed["lab"] = .unknown("no proxy answers")
    #expect(view.disagreements().isEmpty)
  }
}
