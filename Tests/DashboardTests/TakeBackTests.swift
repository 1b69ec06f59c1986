import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// Taking plans back from the journal.
@Suite struct TakeBackTests {
  /// The journal, with receipts of the test's own.
  private func journal(_ receipts: [Receipt]) async throws -> HeadlessRunner<DashboardProgram> {
    let runner = try await Desk.shop(.journal)
    await runner.send(.receipts(receipts))
    try await runner.idle()
    return runner
  }

  @Test func theSheetSaysWhatTakingBackDoesLastStepFirst() async throws {
    var receipt = Desk.receipts[0]
    let object: JSONValue = ["kind": "PeerAuthentication", "spec": ["mtls": ["mode": "STRICT"]]]
    receipt.plan.steps.append(
      Step(
        object: ShopMesh.ref("data", "peerauthentication", "default"), path: "/x", write: .create(object),
        precondition: Precondition(version: nil), inverse: .delete, after: object, state: .applied))
    let runner = try await journal([receipt])
    await runner.press(.char("u"))
    let text = await runner.text()
    #expect(text.contains("STEPS     1 delete peerauthentication data/default on prod"), "\(text)")
    #expect(text.contains("2 patch virtualservice shop/reviews on prod"), "\(text)")
    #expect(text.contains("- kind: PeerAuthentication"), "\(text)")
    await runner.stop()
  }

  /// A plan that was taken back, below its undo.
  private static let undone: [Receipt] = {
    var (undo, plan) = (Desk.receipts[0], Desk.receipts[0])
    undo.plan.id += "-undo"
    undo.at = Instant(seconds: ShopMesh.now.seconds - 60)
    plan.result = .undone
    return [undo, plan]
  }()

  @Test func anUndoIsTakenBackByItsOwnName() async throws {
    for typed in ["u", ":undo pt1x9k2-undo\n"] {
      let runner = try await journal(Self.undone)
      await runner.type(typed)
      #expect(await runner.state.plan?.plan?.id == "pt1x9k2-undo")
      await runner.stop()
    }
  }

  @Test(arguments: [
    ("undo xyz", "the journal holds no plan xyz"), ("undo pt1x", "the journal holds several plans pt1x"),
    ("undo", "the journal holds nothing to take back"), ("undo pt1x9k2", "is undone: there is nothing to take back"),
  ])
  func whatCannotBeTakenBackIsToldAsItIs(line: String, words: String) async throws {
    var other = Self.undone[1]
    other.plan.id = "pt1x8aa"
    let runner = try await journal(Self.undone + [other])
    await runner.press(.char(":"))
    await runner.type(line + "\n")
    #expect(await runner.state.plan == nil)
    #expect(await runner.state.toast?.text.text.contains(words) == true)
    await runner.stop()
  }

  @Test func anUndoThatWroteNothingHasNothingToTakeBack() async throws {
    var undone = Self.undone
    undone[0].plan.steps = []
    let runner = try await journal(undone)
    await runner.press(.char("u"))
    #expect(await runner.state.plan == nil)
    #expect(await runner.state.toast?.text.text.contains("wrote nothing") == true)
    await runner.stop()
  }
}
