import Foundation
import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// Reconnecting and read-only, as they are switched on the screen of planes.
@Suite struct PlanesKeysTests {
  private func command(_ text: String, _ runner: HeadlessRunner<DashboardProgram>) async {
    await runner.press(.char(":"))
    await runner.type(text + "\n")
  }

  @Test func readOnlyIsSwitchedOnAndOffForTheSession() async throws {
    let plane = FakePlane()
    let runner = HeadlessRunner(try Desk.program(plane, screen: .planes))
    try await runner.wait { $0.view?.snapshot.routes.isEmpty == false && !$0.rows.isEmpty }
    await runner.press(.char("R"))
    let header = await runner.text().split(separator: "\n").first ?? ""
    #expect(header.contains("meshdeck  read-only"))
    await command("canary set shop/reviews v1=10 v2=90", runner)
    #expect(await runner.state.plan == nil)
    #expect(await runner.text().contains("read-only: nothing is written"))
    await runner.press(.char("5"))
    try await runner.wait(text: "v2")
    await runner.press(.down, .char("+"), .char("="))
    #expect(await runner.state.drafts.isEmpty)
    #expect(await runner.state.input == nil)
    await command("read-only", runner)
    try await runner.idle()
    #expect(await runner.state.isReadOnly == false)
    await command("canary set shop/reviews v1=70 v2=30", runner)
    try await runner.wait(text: "dry run accepted")
    await runner.press(.enter)
    try await runner.wait(text: "Receipt: applied")
    #expect(plane.weights == [70, 30])
    await runner.stop()
  }

  @Test func whatWasConfiguredIsNotSwitchedOff() async throws {
    let runner = try await Desk.shop(.planes, isReadOnly: true)
    #expect(await runner.text().contains("meshdeck  read-only"))
    await runner.press(.char("R"))
    #expect(await runner.state.isReadOnly)
    await command("read-only", runner)
    #expect(await runner.state.isReadOnly)
    #expect(await runner.text().contains("it was started or configured so"))
    await runner.stop()
  }

  @Test func aPlanThatWaitsForItsConfirmationKeepsWritesAllowed() async throws {
    let runner = try await Desk.shop(.planes)
    var state = await runner.state
    await runner.stop()
    #expect(state.readOnlyRefusal == nil)
    state.unconfirmed.append(UnconfirmedChange(number: 1, summary: "reviews"))
    #expect(state.readOnlyRefusal != nil, "who takes it back writes")
  }

  @Test func theDeckItselfRefuses() async throws {
    let plane = FakePlane()
    let folder = NSTemporaryDirectory() + "meshdeck-tests-\(UUID().uuidString)"
    let deck = Deck(
      [PlaneConnection(name: ShopMesh.plane, control: plane)], journal: Journal(directory: StateDirectory(path: folder))
    )
    try await deck.load()
    let route = ShopMesh.ref("shop", "virtualservice", "reviews")
    let intent = try #require(WeightsIntent(route: route, rule: nil, typed: [("v1", "70"), ("v2", "30")]))
    let plan = try await deck.plan(.weights(intent))
    deck.refuseWrites(true)
    #expect(deck.isReadOnly(ShopMesh.plane))
    let verdicts = try await deck.rehearse(plan).verdicts
    #expect(verdicts.map(\.failure) == [.refused])
    let refusal = await #expect(throws: MeshError.self) { _ = try await deck.apply(plan, force: true) }
    #expect(refusal?.code == .refused)
    #expect(plane.applied == 0)
    deck.refuseWrites(false)
    #expect(try await deck.apply(plan, force: true).result == .applied)
    let copy = deck
    copy.refuseWrites(true)
    await #expect(throws: MeshError.self) { _ = try await deck.undo() }
    #expect(plane.weights == [70, 30])
  }

  @Test func anUndoThatCannotBeDoneLeavesAPlanToBeConfirmed() async throws {
    let plane = FakePlane()
    let folder = NSTemporaryDirectory() + "meshdeck-tests-\(UUID().uuidString)"
    let deck = Deck(
      [PlaneConnection(name: ShopMesh.plane, control: plane)], journal: Journal(directory: StateDirectory(path: folder))
    )
    try await deck.load()
    let route = ShopMesh.ref("shop", "virtualservice", "reviews")
    let intent = try #require(WeightsIntent(route: route, rule: nil, typed: [("v1", "70"), ("v2", "30")]))
    let receipt = try await deck.apply(try await deck.plan(.weights(intent)), force: true, confirmWithin: 300)
    plane.lose(1)
    let refusal = await #expect(throws: MeshError.self) { _ = try await deck.undo(receipt.plan.id) }
    #expect(refusal?.code == .unreachable)
    #expect(plane.weights == [70, 30])
    #expect(try Deck.confirm(receipt.plan.id, in: deck.journal).plan.id == receipt.plan.id)
  }

  @Test(.timeLimit(.minutes(10)), arguments: [false, true])
  func aPlaneIsFollowedAnew(_ isTyped: Bool) async throws {
    let plane = FakePlane()
    let runner = HeadlessRunner(try Desk.program(plane, screen: .planes))
    try await runner.wait { !$0.rows.isEmpty }
    if isTyped { await command("reconnect \(ShopMesh.plane)", runner) } else { await runner.press(.char("r")) }
    while plane.followings < 2 { try await Task.sleep(for: .milliseconds(5)) }
    await runner.stop()
  }

  @Test func aPlaneThatIsNotThereIsNamed() async throws {
    let runner = try await Desk.shop(.planes)
    await command("reconnect nowhere", runner)
    #expect(await runner.text().contains("there is no plane nowhere"))
    await runner.stop()
  }
}
