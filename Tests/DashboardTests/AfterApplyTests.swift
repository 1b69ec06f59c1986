import MeshKit
import Synchronization
import TerminalUI
import Testing

@testable import Dashboard

/// What comes after the last step: waiting for the proxies, and for a confirmation.
@Suite struct AfterApplyTests {
  static func proxy(
    _ name: String, sent: UInt64, _ sync: ProxyState.SyncState = .synced, rejection: String? = nil
  ) -> ProxyState {
    ProxyState(ref: ShopMesh.ref("shop", "pod", name), sync: [.rds: sync], rejection: rejection, sent: sent)
  }

  /// A dashboard with the plan to shift reviews ready to be applied.
  static func ready(_ plane: FakePlane) async throws -> HeadlessRunner<DashboardProgram> {
    let runner = HeadlessRunner(try Desk.program(plane, screen: .canaries, clock: { .now }))
    try await runner.wait(text: "v2")
    await runner.press(.char(":"))
    await runner.type("canary set shop/reviews v1=10 v2=90\n")
    try await runner.wait(text: "dry run accepted")
    return runner
  }

  /// Waits until a plan that was applied waits for its confirmation.
  static func awaitsConfirmation(_ runner: HeadlessRunner<DashboardProgram>) async throws {
    try await runner.wait { state in
      state.unconfirmed.contains { $0.receipt.map { state.awaiting.contains($0.plan.id) } ?? false }
    }
  }

  @Test func theProxiesAreCountedWhileTheyAreWaitedFor() async throws {
    let isLate = Mutex(true)
    let plane = FakePlane { applied in
      let sent = UInt64(1 + applied)
      let late = applied > 0 && isLate.withLock { $0 }
      return [
        Self.proxy("a", sent: sent), Self.proxy("b", sent: sent), Self.proxy("c", sent: sent, late ? .stale : .synced),
      ]
    }
    let runner = try await Self.ready(plane)
    #expect(await runner.text().contains("[ ] w wait for the proxies, 1m at most"))
    await runner.press(.char("w"))
    #expect(await runner.text().contains("[x] w wait for the proxies"))
    await runner.press(.enter)
    try await runner.wait(text: "2/3 proxies acknowledged")
    isLate.withLock { $0 = false }
    try await runner.wait(text: "Receipt: applied")
    #expect(await runner.text().contains("✓ 3/3 proxies acknowledged"))
    await runner.stop()
  }

  @Test func escapeGivesTheWaitUpAndThePlanStands() async throws {
    let plane = FakePlane { applied in
      [
        Self.proxy("a", sent: UInt64(1 + applied)),
        Self.proxy("c", sent: UInt64(1 + applied), applied > 0 ? .stale : .synced),
      ]
    }
    let runner = try await Self.ready(plane)
    await runner.press(.char("w"), .enter)
    try await runner.wait(text: "1/2 proxies acknowledged")
    #expect(await runner.text().contains("Esc stop waiting"))
    await runner.press(.escape)
    try await runner.wait(text: "Receipt: applied")
    #expect(await runner.text().contains("1/2 proxies acknowledged within 1m; late: shop/c"))
    #expect(plane.weights == [10, 90])
    await runner.stop()
  }

  @Test func aRejectionIsShownInTheProxysWordsAndTakenBack() async throws {
    let plane = FakePlane { applied in
      let isNew = applied == 1
      return [
        Self.proxy("a", sent: UInt64(1 + applied)),
        Self.proxy(
          "b", sent: UInt64(1 + applied), isNew ? .rejected("total weight\u{1B}[2J is 0") : .synced,
          rejection: isNew ? "total weight\u{1B}[2J is 0" : nil),
      ]
    }
    let runner = try await Self.ready(plane)
    await runner.press(.char("w"), .enter)
    try await runner.wait(text: "Receipt: rolled-back")
    let text = await runner.text()
    #expect(text.contains("proxy shop/b rejects the"))
    #expect(text.contains("configuration: total weight^[[2J is 0"))
    #expect(text.contains("all is as it was before, at the proxies too"))
    #expect(plane.applied == 2 && plane.weights == [80, 20])
    await runner.stop()
  }

  @Test func aPlanThatIsConfirmedStands() async throws {
    let plane = FakePlane()
    let runner = try await Self.ready(plane)
    await runner.press(.char("c"))
    #expect(await runner.text().contains("[x] c take it back unless it is confirmed within 5m"))
    await runner.press(.enter)
    try await Self.awaitsConfirmation(runner)
    await runner.press(.escape, .char("9"))
    try await runner.wait(text: "waits ")
    let text = await runner.text()
    #expect((1...5).contains { text.contains("waits \($0)m") }, "\(text)")
    #expect((1...5).contains { text.contains("C confirms, \($0)m") }, "\(text)")
    await runner.press(.char("c"))
    try await runner.wait { $0.unconfirmed.isEmpty && $0.awaiting.isEmpty }
    try await runner.wait(text: "confirmed: reviews")
    await runner.press(.char("q"))
    #expect(await runner.exitCode == 0)
    #expect(plane.weights == [10, 90])
    await runner.stop()
  }

  @Test func leavingAsksAndTakesBackWhatNobodyConfirmed() async throws {
    let plane = FakePlane()
    let runner = try await Self.ready(plane)
    await runner.press(.char("c"), .enter)
    try await Self.awaitsConfirmation(runner)
    await runner.press(.escape, .char("q"))
    #expect(await runner.exitCode == nil)
    #expect(await runner.text().contains("Not confirmed: reviews: v1 → 10, v2 → 90"))
    await runner.press(.escape)
    #expect(plane.weights == [10, 90])
    await runner.press(.char("q"), .char("q"))
    try await runner.wait { $0.isLeaving && $0.unconfirmed.isEmpty }
    #expect(await runner.exitCode == 0)
    #expect(plane.weights == [80, 20])
    await runner.stop()
  }

  @Test func whatNobodyConfirmedIsTakenBackOnceThePlaneIsReachedAgain() async throws {
    let plane = FakePlane()
    let runner = try await Self.ready(plane)
    await runner.press(.char("c"), .enter)
    try await Self.awaitsConfirmation(runner)
    plane.lose(2)
    await runner.press(.escape, .char("q"), .char("q"))
    try await runner.wait { $0.isLeaving && $0.unconfirmed.isEmpty }
    #expect(plane.weights == [80, 20])
    await runner.stop()
  }

  @Test func aSignalTakesBackWhatNobodyConfirmed() async throws {
    let plane = FakePlane()
    let runner = try await Self.ready(plane)
    let program = try Desk.program()
    #expect(await program.message(forSignal: 15, in: runner.state) == nil)
    await runner.press(.char("c"), .enter)
    try await Self.awaitsConfirmation(runner)
    let message = try #require(await program.message(forSignal: 15, in: runner.state))
    await runner.send(message)
    try await runner.wait { $0.unconfirmed.isEmpty }
    #expect(plane.weights == [80, 20])
    await runner.stop()
  }

  @Test func leavingWaitsForTheRequestUnderWay() async throws {
    let gate = Gate()
    let plane = FakePlane(gate: gate)
    let runner = try await Self.ready(plane)
    await runner.press(.enter)
    try await runner.wait { $0.plan?.progress.isEmpty == false }
    #expect(try await Desk.program().message(forSignal: 15, in: runner.state) != nil, "and so does a signal")
    await runner.press(.ctrl("c"))
    #expect(await runner.text().contains("A plan is being applied."))
    await runner.press(.char("q"))
    #expect(await runner.exitCode == nil)
    #expect(await runner.text().contains("Waiting for the request under way"))
    await gate.open()
    try await runner.wait { $0.isLeaving && !$0.isWriting }
    #expect(await runner.exitCode == 0)
    #expect(plane.weights == [10, 90])
    await runner.stop()
  }

  @Test func takingAPlanBackByHandEndsItsWait() async throws {
    let plane = FakePlane()
    let runner = try await Self.ready(plane)
    await runner.press(.char("c"), .enter)
    try await Self.awaitsConfirmation(runner)
    await runner.press(.char("u"), .enter)
    try await runner.wait { $0.unconfirmed.isEmpty && $0.awaiting.isEmpty }
    #expect(plane.weights == [80, 20] && plane.applied == 2, "it is taken back once")
    await runner.stop()
  }

  @Test func theHelpOfTheSheetIsMadeOfItsKeysAsRemapped() async throws {
    let runner = try await Self.ready(FakePlane())
    await runner.press(.char("?"))
    let text = await runner.text()
    #expect(text.contains("Wait for the proxies after the last step"))
    #expect(text.contains("Take it back unless it is confirmed in time"))
    #expect(!text.contains("Move weight to the backend"))
    await runner.stop()
    var keymap = Keymap(DashboardBindings.all)
    try keymap.remap(["plan.wait": ["W"]])
    var state = await runner.state
    state.keymap = keymap
    #expect(state.plan?.bindings(state).first { $0.id == "plan.wait" }?.keys == [.char("W")])
  }
}
