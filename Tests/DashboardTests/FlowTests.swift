import Foundation
import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// The dashboard worked as an operator works it, against a control plane in memory.
@Suite struct FlowTests {
  @Test func aCanaryIsShiftedThroughThePlanSheetAndTakenBack() async throws {
    let plane = FakePlane()
    let runner = HeadlessRunner(try Desk.program(plane, screen: .canaries))
    try await runner.wait(text: "v2")
    await runner.press(.char("/"))
    await runner.type("reviews\n")
    try await runner.wait { $0.data[.canaries]?.shown == 2 }
    await runner.press(.down, .char("+"), .char("+"))
    #expect(await runner.text().contains("▲30%"))
    await runner.press(.char("a"))
    try await runner.wait(text: "dry run accepted")
    let sheet = await runner.text()
    #expect(sheet.contains("reviews: v1 → 70, v2 → 30"))
    #expect(sheet.contains("-       weight: 80") && sheet.contains("+       weight: 70"))
    #expect(plane.applied == 0)
    await runner.press(.char("r"))
    await runner.type("CHG-7\n")
    // A second Return finds the plan under way.
    await runner.press(.enter, .enter)
    try await runner.wait(text: "Receipt: applied")
    #expect(plane.applied == 1)
    #expect(plane.weights == [70, 30])
    #expect(await runner.text().contains("CHG-7"))
    await runner.press(.char("u"))
    #expect(await runner.text().contains("Take back"))
    await runner.press(.enter)
    try await runner.wait {
      if case .done(let receipt)? = $0.plan?.phase { receipt.plan.id.hasSuffix("-undo") } else { false }
    }
    #expect(plane.weights == [80, 20])
    try await runner.wait { $0.receipts.count == 2 }
    await runner.press(.escape, .char("q"))
    #expect(await runner.exitCode == 0)
    await runner.stop()
  }

  @Test func escapeBeforeApplyChangesNothing() async throws {
    let plane = FakePlane()
    let runner = HeadlessRunner(try Desk.program(plane, screen: .canaries))
    try await runner.wait(text: "v2")
    await runner.press(.char(":"))
    await runner.type("canary set shop/reviews v1=10 v2=90\n")
    try await runner.wait(text: "dry run accepted")
    await runner.press(.escape)
    #expect(await runner.state.plan == nil)
    #expect(plane.applied == 0)
    await runner.stop()
  }

  @Test func leavingAsksWhileAPlanIsBeingApplied() async throws {
    let gate = Gate()
    let plane = FakePlane(gate: gate)
    let runner = HeadlessRunner(try Desk.program(plane, screen: .canaries))
    try await runner.wait(text: "v2")
    await runner.press(.char(":"))
    await runner.type("canary set shop/reviews v1=10 v2=90\n")
    try await runner.wait(text: "dry run accepted")
    await runner.press(.enter, .ctrl("z"))
    #expect(await runner.text().contains("wait for its end"), "a stopped program would not write what became of it")
    await runner.press(.escape, .ctrl("c"))
    #expect(await runner.exitCode == nil)
    #expect(await runner.text().contains("A plan is being applied."))
    await runner.press(.escape)
    await gate.open()
    try await runner.wait(text: "Receipt: applied")
    await runner.stop()
  }

  @Test func controlCLeavesFromASheetToo() async throws {
    let runner = HeadlessRunner(try Desk.program(FakePlane(), screen: .canaries))
    try await runner.wait(text: "v2")
    await runner.press(.char("?"), .ctrl("c"))
    #expect(await runner.exitCode == 0)
    await runner.stop()
  }

  @Test func aRefusedPlanSaysWhyAndWhatToDo() async throws {
    let runner = HeadlessRunner(try Desk.program(FakePlane(), screen: .mtls))
    try await runner.wait { !($0.view?.planes.isEmpty ?? true) }
    await runner.press(.char(":"))
    await runner.type("mtls set mesh STRICT\n")
    try await runner.wait(text: "only weights here")
    #expect(await runner.text().contains("Nothing was written"))
    await runner.stop()
  }

  @Test func readOnlyShowsWhyKeysDoNothing() async throws {
    let runner = try await Desk.shop(.canaries, isReadOnly: true)
    await runner.press(.down, .char("+"))
    #expect(await runner.state.drafts.isEmpty)
    #expect(await runner.text().contains("read-only"))
    await runner.stop()
  }

  @Test func leavingAsksOnlyWithADraft() async throws {
    let runner = try await Desk.shop(.canaries)
    await runner.press(.char("+"), .char("q"))
    #expect(await runner.exitCode == nil)
    #expect(await runner.text().contains("A draft is not applied yet."))
    await runner.press(.escape, .escape, .char("q"))
    #expect(await runner.exitCode == 0)
    await runner.stop()
  }

  @Test func aPressThatCanMoveNoWeightSaysWhy() async throws {
    let runner = try await Desk.shop(.canaries)
    await runner.press(.char("/"))
    await runner.type("reviews\n")
    try await runner.wait { $0.data[.canaries]?.shown == 2 }
    for _ in 0..<21 { await runner.press(.char("+")) }
    #expect(await runner.text().contains("the other backends have no weight left to give to v1"))
    for _ in 0..<21 { await runner.press(.char("-")) }
    #expect(await runner.text().contains("v1 has no weight left to give away"))
    await runner.stop()
  }

  @Test(arguments: [
    Size(width: 1, height: 1), Size(width: 10, height: 3), Size(width: 39, height: 10), Size(width: 60, height: 15),
    Size(width: 300, height: 100),
  ])
  func noSizeTraps(_ size: Size) async throws {
    for screen in ScreenID.allCases {
      let runner = try await Desk.shop(screen, size: size)
      await runner.send(.receipts(Desk.receipts))
      for keys: [Key] in [
        [.char("?")], [.escape, .char("Q")], [.escape, .char("w")], [.escape, .enter], [.escape, .char("m")],
        [.escape, .char("e")],
      ] {
        await runner.press(keys)
        _ = await runner.text()
      }
      await runner.stop()
    }
    let runner = try await Desk.shop(.overview, size: size)
    if size.width < 60 {
      let words = await runner.text().split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(size.width == 1 ? words == "…" : words.contains("needs 60x15, has \(size.width)x\(size.height)"))
      await runner.press(.char("q"))
      #expect(await runner.exitCode == 0)
    }
    await runner.stop()
  }

  @Test func namesFromOutsideNeverReachTheScreenRaw() async throws {
    var view = ShopMesh.view()
    let evil = "cart\u{1B}[2J\u{202E}\u{9B}31m"
    var service = try #require(view.snapshot.services.values.first)
    service.ref.name = evil
    view.snapshot.apply(.upsert(.service(service)))
    view.planes[1].error = evil
    view.planes[1].plane.name = evil
    for case .known(var report, let source, let at)? in [view.traffic[ShopMesh.plane]] {
      report.edges[0].source.workload = evil
      report.gaps = [evil]
      view.traffic[ShopMesh.plane] = .known(report, source: source, at: at)
    }
    for screen in ScreenID.allCases {
      let runner = try await Desk.shop(screen, size: Size(width: 160, height: 50), view: view)
      await runner.press(.char("w"))
      let text = await runner.text()
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x9B || $0.value == 0x202E })
      await runner.stop()
    }
  }

  @Test func aPausedScreenStandsStillAndGoesOnWithTheNewest() async throws {
    let runner = try await Desk.shop(.canaries)
    await runner.press(.char("p"))
    await runner.send(.view(ShopMesh.view(reviews: [("v1", 60), ("v2", 40)])))
    try await runner.idle()
    #expect(await !runner.text().contains("60%"))
    #expect(await runner.text().contains("paused"))
    await runner.press(.char("p"))
    try await runner.idle()
    #expect(await runner.text().contains("60%"))
    await runner.stop()
  }

  @Test func viewsAreCoalescedToOneComputationAtATime() throws {
    let program = try Desk.program()
    var (state, _) = program.start()
    #expect(program.update(&state, .view(ShopMesh.view())).count == 1)
    for _ in 0..<5 { #expect(program.update(&state, .view(ShopMesh.view())).isEmpty) }
    #expect(state.isBehind)
  }

  @Test func aSlowComputationIsRepeatedForNewViewsAfterAPause() async throws {
    let program = try Desk.program()
    var (state, _) = program.start()
    let view = ShopMesh.view()
    _ = program.update(&state, .view(view))
    let request = ScreenRequest(
      screen: .overview, place: Place(), topology: TopologyQuery(), receipts: [], revision: state.revision)
    var data = await ScreenData.compute(request, from: view)
    (data.seconds, data.findingsSeconds) = (0.5, 0)
    #expect(program.update(&state, .computed(data)).isEmpty)
    var later = view
    later.snapshot.apply(.remove(ObjectRef(plane: "prod", namespace: "shop", kind: "service", name: "gone")))
    #expect(program.update(&state, .view(later)).isEmpty)
    #expect(state.isBehind)
    #expect(program.update(&state, .tick(Instant(seconds: state.now.seconds + 55))).isEmpty)
    #expect(program.update(&state, .tick(Instant(seconds: state.now.seconds + 6))).count == 1)
  }

  @Test func problemsThatTakeLongToFindAreLookedForLessOftenThanRowsAreWorkedOut() async throws {
    let program = try Desk.program()
    var (state, _) = program.start()
    let view = ShopMesh.view()
    _ = program.update(&state, .view(view))
    let request = ScreenRequest(
      screen: .overview, place: Place(), topology: TopologyQuery(), receipts: [], revision: state.revision)
    var data = await ScreenData.compute(request, from: view)
    #expect(data.findingsSeconds != nil)
    (data.seconds, data.findingsSeconds) = (1.01, 1)
    _ = program.update(&state, .computed(data))
    var later = view
    later.snapshot.apply(.remove(ObjectRef(plane: "prod", namespace: "shop", kind: "service", name: "gone")))
    #expect(program.update(&state, .view(later)).count == 1, "rows are worked out at once")
    #expect(!state.areFindingsCurrent && state.doFindingsHold)

    var again = ScreenRequest(
      screen: .overview, place: Place(), topology: TopologyQuery(), receipts: [], revision: state.revision)
    again.findings = state.findings
    data = await ScreenData.compute(again, from: later)
    #expect(data.findingsSeconds == nil && data.generation == view.snapshot.generation)
    data.seconds = 0.01
    #expect(program.update(&state, .computed(data)).isEmpty)
    #expect(program.update(&state, .tick(Instant(seconds: state.now.seconds + 90))).isEmpty)
    var other = state
    other.screen = .findings
    #expect(!other.doFindingsHold, "who looks at problems sees those of now")
    #expect(program.update(&state, .tick(Instant(seconds: state.now.seconds + 11))).count == 1)
    #expect(!state.doFindingsHold)
  }

  @Test func tenThousandServicesAreDrawnFromTheVisibleRowsAlone() async throws {
    var view = ShopMesh.view()
    let model = try #require(view.snapshot.services.values.first)
    for number in 0..<10_000 {
      var service = model
      service.ref.name = "service-\(number)"
      service.hosts = ["service-\(number).shop.svc.cluster.local"]
      view.snapshot.apply(.upsert(.service(service)))
    }
    let runner = try await Desk.shop(.services, size: Size(width: 160, height: 50), view: view)
    let state = await runner.state
    #expect(state.rows.count > 10_000)
    let viewport = Viewport(size: Size(width: 160, height: 50), theme: state.theme)
    let clock = ContinuousClock()
    let program = try Desk.program()
    let frames = clock.measure { for _ in 0..<20 { _ = program.view(state, in: viewport) } }
    var copy = state
    let key = clock.measure { for _ in 0..<20 { _ = program.update(&copy, .input(.key(.down))) } }
    print(
      "10,000 services: frame \(frames / 20), key \(key / 20), rows worked out in \(state.data[.services]?.seconds ?? 0) s"
    )
    await runner.stop()
  }
}
