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
}
