import Foundation
import MeshModel
import Testing

@testable import MeshOperations

@Suite struct RotationTests {
  static func receipt(_ id: String, _ result: Receipt.Result = .applied, confirmBy: Instant? = nil) -> Receipt {
    var step = Step(
      object: Workbench.ref("a"), path: "/a", write: .patch(JSONPatch([.replace("/x", 1)])),
      precondition: Precondition(version: "1"), inverse: .patch(JSONPatch([.replace("/x", 0)])),
      before: ["x": 0, "text": .string(String(repeating: "a", count: 500))], state: .applied)
    step.after = step.before
    let plan = Plan(
      id: id, intent: .delete(Workbench.ref("a")), summary: id, steps: [step])
    return Receipt(
      plan: plan, result: result, at: Instant(seconds: 1), author: "a", reason: "", versions: [0: "7"],
      confirmBy: confirmBy)
  }

  @Test func itStaysBoundedAndKeepsTheNewest() throws {
    let bench = Workbench()
    let journal = Journal(directory: bench.journal.directory, limit: 20_000)
    try journal.append(JournalEntry(event: .begun, receipt: Self.receipt("open", .unknown)))
    try journal.append(
      JournalEntry(event: .ended, receipt: Self.receipt("waiting", confirmBy: Instant(seconds: 2))))
    var largest = 0
    for number in 0..<100 {
      let receipt = Self.receipt("p\(number)")
      try journal.append(JournalEntry(event: .begun, receipt: Self.receipt("p\(number)", .unknown)))
      try journal.append(JournalEntry(event: .ended, receipt: receipt))
      let attributes = try FileManager.default.attributesOfItem(atPath: journal.path)
      largest = max(largest, (attributes[.size] as? Int) ?? 0)
      #expect((attributes[.posixPermissions] as? Int) == 0o600)
    }
    #expect(largest < 25_000)
    let (entries, unreadable) = try journal.entries()
    #expect(unreadable == 0)
    let ids = try journal.receipts().map(\.plan.id)
    #expect(ids.prefix(3) == ["p99", "p98", "p97"])
    #expect(!ids.contains("p3"))
    #expect(ids.contains("open") && ids.contains("waiting"), "what is open is kept whatever its age")
    #expect(try journal.receipts().first == Self.receipt("p99"), "with all that taking it back needs")
    #expect(entries.count < 40)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.journal.directory.path) == ["journal.jsonl"])
  }

  @Test func aLineOfALaterVersionOutlivesEveryRotation() throws {
    let bench = Workbench()
    let journal = Journal(directory: bench.journal.directory, limit: 20_000)
    try journal.append(JournalEntry(event: .ended, receipt: Self.receipt("first")))
    let file = try #require(FileHandle(forWritingAtPath: journal.path))
    try file.seekToEnd()
    let line = #"{"event":"promoted","receipt":{"id":"later"}}"#
    try file.write(contentsOf: Data((line + "\n").utf8))
    try file.close()
    for number in 0..<100 { try journal.append(JournalEntry(event: .ended, receipt: Self.receipt("p\(number)"))) }
    #expect(try journal.entries().unreadable == 1)
    #expect(try !journal.receipts().map(\.plan.id).contains("first"), "it was shortened")
    #expect(try String(contentsOfFile: journal.path, encoding: .utf8).contains(line + "\n"))
  }

  @Test func undoWorksAfterTheJournalWasShortened() async throws {
    let bench = Workbench()
    let journal = Journal(directory: bench.journal.directory, limit: 6_000)
    let executor = Executor(
      control: bench.plane, journal: journal, author: "t", clock: { Instant(seconds: 1) }, pause: { _ in })
    for name in ["a", "b", "c", "d"] {
      let receipt = try await executor.apply(try bench.shifts([name]), reason: "")
      #expect(receipt.result == .applied)
    }
    let newest = try #require(try journal.receipts().first)
    #expect(try journal.receipts().count < 4)
    let undone = try await executor.undo(newest, reason: "")
    #expect(undone.result == .applied)
    #expect(bench.first("d") == 80)
  }

  @Test func writersThatMeetDuringARotationLoseNothing() async throws {
    let bench = Workbench()
    let journal = Journal(directory: bench.journal.directory, limit: 200_000)
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for number in 0..<40 {
            try? journal.append(JournalEntry(event: .ended, receipt: Self.receipt("w\(writer)n\(number)")))
          }
        }
      }
    }
    #expect(try journal.entries().unreadable == 0)
    #expect(try journal.receipts().count > 40)
    let ids = try journal.receipts().map(\.plan.id)
    for writer in 0..<4 { #expect(ids.contains("w\(writer)n39") || ids.count > 60) }
  }
}
