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

  /// A split of 80 to 20 whose proxies run `programmed`, and where `v2` got `share` of what was called within a minute.
  static func split(
    programmed: [ProgrammedWeight], weights: (Int, Int) = (80, 20), share: Double = 0.2, rps: Double = 100,
    routeSince: Double? = nil
  ) throws -> [Finding] {
    var world = try SmallWorld(weights: weights, programmed: programmed)
    world.call("reviews", "v1", ok: rps * (1 - share))
    world.call("reviews", "v2", ok: rps * share)
    // Measured from 940 to 1000.
    world.view.routesSince[SmallWorld.ref("virtualservice", "reviews")] = routeSince.map { Instant(seconds: $0) }
    return world.view.disagreements()
  }

  static func weights(_ v1: Double, _ v2: Double, since: Double? = 900, spread: [Double: Int] = [:])
    -> [ProgrammedWeight]
  {
    [v1, v2].map {
      ProgrammedWeight(
        weight: Int($0 * 100), share: $0, proxies: 3, acknowledged: 3, spread: $0 == v2 ? spread : [:],
        since: since.map { Instant(seconds: $0) })
    }
  }

  @Test func weightsThatProxiesRunOtherwiseThanWantedAreTold() throws {
    let found = try Self.split(programmed: Self.weights(0.9, 0.1), share: 0.1).filter { $0.code == "MD3004" }
    #expect(found.count == 2)
    #expect(found.map(\.message).contains { $0.contains("v2: wanted 20%, programmed 10%; 0 of 3 proxies agree") })
    #expect(try Self.split(programmed: Self.weights(0.8, 0.2)).isEmpty)
    let mixed = try Self.split(programmed: Self.weights(0.8, 0.2, spread: [0.2: 2, 0.1: 1])).filter {
      $0.code == "MD3004"
    }
    #expect(mixed.map(\.message).first?.contains("10% on 1, 20% on 2; 2 of 3 proxies agree") == true)
  }

  /// One row: since when the proxies run 80/20, since when the route is known, the share of v2, and whether that is told.
  @Test(
    arguments: [
      (900, nil, 0.5, true), (940, nil, 0.5, true), (941, nil, 0.5, false), (990, nil, 0.5, false),
      (nil, 900, 0.5, true), (nil, 990, 0.5, false), (nil, nil, 0.5, false), (900, 990, 0.5, true),
      (900, nil, 0.2, false), (900, nil, 0.205, false),
    ] as [(Double?, Double?, Double, Bool)])
  func requestsThatGoOtherwiseAreToldOnceTheWindowBeganSince(
    since: Double?, routeSince: Double?, share: Double, isTold: Bool
  ) throws {
    let found = try Self.split(programmed: Self.weights(0.8, 0.2, since: since), share: share, routeSince: routeSince)
      .filter { $0.code == "MD3005" }
    #expect(found.isEmpty == !isTold)
    if isTold { #expect(found.first?.message.contains("proxies are programmed with") == true) }
  }

  @Test func fewRequestsProveNothing() throws {
    let found = try Self.split(programmed: Self.weights(0.8, 0.2), share: 0.5, rps: 0.1)
    #expect(found.filter { $0.code == "MD3005" }.isEmpty)
  }

  @Test func whatTheControlPlaneHoldsOtherwiseIsToldOnceAKind() throws {
    var view = MeshView(at: Instant(seconds: 1))
    let held = ["a", "b", "c", "d"].map {
      HeldDifference(object: SmallWorld.ref("virtualservice", $0), replica: "istiod-1", difference: .older)
    }
    view.distribution["lab"] = .known(
      DistributionReport(
        pushErrors: [
          PushError(kind: "pilot_no_ip", subject: "web"),
          PushError(kind: "pilot_dup", subject: "x:80", proxy: SmallWorld.ref("pod", "p"), message: "twice"),
        ], differences: held, at: view.at), source: "test", at: view.at)
    let found = view.disagreements()
    #expect(found.map(\.code) == ["MD3007", "MD3007", "MD3008"])
    #expect(
      found.last?.message
        == "istiod-1 holds an older version of 4 objects: virtualservice shop/a, virtualservice shop/b, virtualservice shop/c and 1 more"
    )
    #expect(found.contains { $0.object == SmallWorld.ref("pod", "p") && $0.message.hasSuffix("for x:80: twice") })
    #expect(found.contains { $0.object.plane == "lab" && $0.object.name == "pilot_no_ip" })
  }

  @Test func whatProxiesDoNotDateIsDatedByWhenItWasSeen() {
    func report(_ weight: Int, at: Double, updatedAt: Double? = nil) -> ProgrammedReport {
      var route = ProgrammedRoute(
        proxy: SmallWorld.ref("pod", "p"), domains: ["reviews"], name: "r", origin: "",
        clusters: [.init(host: "reviews", subset: "v2", port: nil, weight: weight)])
      route.updatedAt = updatedAt.map { Instant(seconds: $0) }
      return ProgrammedReport(routes: [route], at: Instant(seconds: at))
    }
    func times(_ reports: ProgrammedReport...) -> [Double?] {
      var last: ProgrammedReport?
      return reports.map { next in
        var next = next
        next.noteTimes(since: last)
        last = next
        return next.routes.first?.updatedAt?.seconds
      }
    }
    #expect(times(report(20, at: 10), report(20, at: 15), report(30, at: 20), report(30, at: 25)) == [10, 10, 20, 20])
    #expect(times(report(20, at: 10, updatedAt: 3), report(20, at: 15, updatedAt: 3)) == [3, 3])
  }
}
