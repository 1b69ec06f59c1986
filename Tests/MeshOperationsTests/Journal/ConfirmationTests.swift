import MeshModel
import Testing

@testable import MeshOperations

@Suite struct ConfirmationTests {
  @Test func theFirstDecisionStands() throws {
    let bench = Workbench()
    let receipt = RotationTests.receipt("p1", confirmBy: Instant(seconds: 5))
    try bench.journal.append(JournalEntry(event: .ended, receipt: receipt))
    #expect(try bench.journal.decision(on: "p1") == nil)
    #expect(try bench.journal.awaitingConfirmation().map(\.plan.id) == ["p1"])
    #expect(try bench.journal.decide(.expired, on: receipt) == .expired)
    #expect(try bench.journal.decide(.confirmed, on: receipt) == .expired, "who comes too late learns it")
    #expect(try bench.journal.awaitingConfirmation().isEmpty)
  }

  @Test func aConfirmedPlanWaitsNoMoreAndCanStillBeTakenBack() throws {
    let bench = Workbench()
    let receipt = RotationTests.receipt("p1", confirmBy: Instant(seconds: 5))
    try bench.journal.append(JournalEntry(event: .ended, receipt: receipt))
    #expect(try bench.journal.decide(.confirmed, on: receipt) == .confirmed)
    let kept = try #require(try bench.journal.receipts().first)
    #expect(kept.confirmBy == nil)
    #expect(kept.result == .applied)
    #expect(kept.versions == receipt.versions)
    #expect(try bench.journal.awaitingConfirmation().isEmpty)
  }

  @Test func theDeadlineIsInTheJournalBeforeAnythingIsWritten() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    let receipt = try await bench.executor.apply(plan, reason: "", confirmWithin: 300)
    #expect(receipt.confirmBy == Instant(seconds: 1300))
    let entries = try bench.journal.entries().entries
    #expect(entries.map(\.event) == [.begun, .step, .ended])
    #expect(entries.allSatisfy { $0.receipt.confirmBy == Instant(seconds: 1300) })
  }
}
