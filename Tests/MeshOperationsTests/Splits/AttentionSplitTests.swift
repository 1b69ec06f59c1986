import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

/// The splits that need attention, found without working all of them out.
@Suite struct AttentionSplitTests {
  /// `reviews`, and four routes of the same kind that are quiet.
  private static func world() throws -> SmallWorld {
    var world = try SmallWorld()
    for name in ["a", "b", "c", "d"] {
      world.add(name, versions: ["v1", "v2"])
      let rule = SmallWorld.reviews((50, 50)).replacing("reviews", with: name)
      try world.add(
        object: """
          {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"\(name)","namespace":"shop"},
           "spec":{"host":"\(name)","subsets":[{"name":"v1","labels":{"version":"v1"}},
           {"name":"v2","labels":{"version":"v2"}}]}}
          """)
      try world.add(object: rule)
    }
    world.callNothing()
    return world
  }

  /// Whatever is left out, those that need attention are the same as of all.
  private static func check(_ view: MeshView, attention: [String], calm: Int) {
    let chosen = view.attentionSplits(calm: calm)
    #expect(chosen.filter(\.needsAttention).map(\.route.name) == attention)
    #expect(
      chosen.filter(\.needsAttention).map(\.route) == view.splits().filter(\.needsAttention).map(\.route))
    #expect(chosen.count { !$0.needsAttention } <= calm)
    #expect(chosen.prefix(attention.count).allSatisfy { $0.needsAttention }, "those come first")
  }

  @Test(arguments: [0, 1, 3, 10]) func aBusyRouteThatDriftsIsFoundWhateverTheLimit(_ calm: Int) throws {
    var world = try Self.world()
    world.call("reviews", "v1", ok: 100)
    world.call("reviews", "v2", ok: 100)
    Self.check(world.view, attention: ["reviews"], calm: calm)
  }

  @Test(arguments: [0, 2]) func aBackendWithoutAReadyInstanceIsFoundWithoutTraffic(_ calm: Int) throws {
    var world = try Self.world()
    for index in 0..<2 {
      var endpoint = try #require(world.view.snapshot.endpoints[SmallWorld.ref("pod", "c-v2-\(index)")])
      endpoint.isReady = false
      world.view.snapshot.apply(.upsert(.endpoint(endpoint)))
    }
    let chosen = world.view.attentionSplits(calm: calm)
    #expect(chosen.first?.route.name == "c")
    #expect(chosen.first?.backends.last?.verdict == .notReady)
  }

  @Test func aRouteAProxyWasAskedAboutIsWorkedOutAnew() throws {
    var world = try Self.world()
    world.view.rules["lab"] = [
      .istio: ScriptedRules(weights: [
        ProgrammedWeight(weight: 10, share: 0.1, proxies: 2, acknowledged: 2),
        ProgrammedWeight(weight: 90, share: 0.9, proxies: 2, acknowledged: 2),
      ])
    ]
    func asked(_ origin: String, at seconds: Double) -> MeshView {
      var view = world.view
      var report = ProgrammedReport(at: Instant(seconds: seconds))
      report.routes = [
        ProgrammedRoute(
          proxy: SmallWorld.ref("pod", "web-v1-0"), domains: [], name: "", origin: origin, clusters: [])
      ]
      view.programmed["lab"] = .known(report, source: "test", at: view.at)
      return view
    }
    let path = "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/b"
    #expect(asked(path, at: 1).attentionSplits(calm: 0).map(\.route.name) == ["b"])
    // One that does not say what it was made from may belong to any.
    #expect(asked("", at: 2).attentionSplits(calm: 0).count == 5)
  }

  @Test func ofWhatIsCalmOnlyTheFirstAreShown() throws {
    let world = try Self.world()
    let calm = world.view.attentionSplits(calm: 10).count { !$0.needsAttention }
    let all = world.view.splits().count { !$0.needsAttention }
    #expect(calm == all)
    #expect(world.view.attentionSplits(calm: 1).count { !$0.needsAttention } <= 1)
  }
}

extension String {
  fileprivate func replacing(_ word: String, with other: String) -> String {
    split(separator: word, omittingEmptySubsequences: false).joined(separator: other)
  }
}
