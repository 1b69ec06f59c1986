import Foundation
import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

@Suite struct UndoTests {
  @Test func undoIsExactAndOnlyOnce() async throws {
    let bench = Workbench()
    let odd = try JSONValue(
      parsing:
        #"{"http":[{"name":"one","glow":1.0e1,"route":[{"weight":8.0e1,"destination":{"host":"a"}},{"destination":{"host":"b"},"weight":20}]}],"zeta":{"of":[1e0,2.50]}}"#
    )
    let object = bench.plane.put(Workbench.ref("a"), spec: odd)
    let receipt = try await bench.executor.apply(bench.plan([try Workbench.shift(object)]), reason: "")
    #expect(bench.first("a") == 60)
    let undone = try await bench.executor.undo(receipt, reason: "back")
    #expect(undone.result == .applied)
    #expect(undone.isUndo)
    #expect(bench.plane.now(Workbench.ref("a")).map { JSONWriter.text($0) } == JSONWriter.text(odd))
    let closed = try #require(try bench.journal.receipts().first { $0.plan.id == "p1" })
    #expect(closed.result == .undone)
    #expect(await code { try await bench.executor.undo(closed, reason: "") } == .refused)
  }

  @Test func whenItWentLiveStaysToldOnceItIsTakenBack() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a"]), reason: "")
    let later = Executor(
      control: bench.plane, journal: bench.journal, author: "tester", clock: { Instant(seconds: 2000) }, pause: { _ in }
    )
    _ = try await later.undo(receipt, reason: "")
    let receipts = try bench.journal.receipts()
    #expect(receipts.map(\.result) == [.applied, .undone])
    #expect(receipts.map(\.at) == [Instant(seconds: 2000), Instant(seconds: 1000)], "the newest comes first")
  }

  @Test func severalStepsAreTakenBackLastFirst() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a", "b", "c"]), reason: "")
    let undone = try await bench.executor.undo(receipt, reason: "")
    #expect(undone.plan.steps.map(\.object.name) == ["c", "b", "a"])
    for name in ["a", "b", "c"] { #expect(bench.plane.now(Workbench.ref(name)) == Workbench.spec) }
  }

  @Test func aForeignEditOfTheSameFieldIsNeverOverwritten() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a", "b"]), reason: "")
    let theirs = try JSONPatch([.replace("/spec/http/0/route/0/weight", 50)])
    bench.plane.edit(Workbench.ref("a")) { object in object = (try? theirs.applied(to: object)) ?? .null }
    let writes = bench.plane.state.withLock { $0.writes }
    await #expect {
      try await bench.executor.undo(receipt, reason: "")
    } throws: { error in
      (error as? MeshError)?.code == .conflict && "\(error)".contains("/spec/http/0/route/0/weight")
    }
    #expect(
      bench.plane.state.withLock { $0.writes } == writes, "nothing may be written where one step cannot be taken back")
    #expect(bench.first("b") == 60)
  }

  /// A plan that makes an object and adds a mirror to another, on a server that gives both what nobody asked for.
  private static func defaulted(_ bench: Workbench) throws -> Plan {
    bench.plane.state.withLock {
      $0.defaults = { object in
        object["spec"]?["class"] = "usual"
        guard object["spec"]?["http"]?[0]?["mirror"] != nil else { return }
        object = (try? JSONPatch([.add("/spec/http/0/mirror/port", 80)]).applied(to: object)) ?? object
      }
    }
    let made = Step.creating(
      ["kind": "thing", "spec": ["host": "a"]], as: Workbench.ref("new"), in: "/apis/x/v1/namespaces/shop/things")
    let object = bench.plane.put(Workbench.ref("a"), spec: Workbench.spec)
    let wanted = try JSONPatch([.add("/spec/http/0/mirror", ["host": "b"])]).applied(to: object.json)
    return bench.plan([made, try #require(Step.editing(object, to: wanted))])
  }

  @Test(arguments: [false, true]) func whatTheServerSetOfItsOwnIsNobodysEdit(isLost: Bool) async throws {
    let bench = Workbench()
    let plan = try Self.defaulted(bench)
    if isLost { bench.plane.state.withLock { $0.faults = [0: [.loseAnswer], 1: [.loseAnswer]] } }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.result == .applied, "\(receipt.error ?? "")")
    for name in ["new", "a"] { bench.plane.edit(Workbench.ref(name)) { $0["status"] = ["seen": true] } }
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.plane.now(Workbench.ref("new")) == nil)
    #expect(bench.plane.now(Workbench.ref("a"))?["http"] == Workbench.spec["http"])
  }

  @Test func whatSomebodyAddedToWhatWasMadeIsAnEdit() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(try Self.defaulted(bench), reason: "")
    bench.plane.edit(Workbench.ref("new")) { $0["spec"]?["more"] = "theirs" }
    #expect(await code { try await bench.executor.undo(receipt, reason: "") } == .conflict)
  }

  @Test func aForeignEditOfAnotherFieldIsKept() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a"]), reason: "")
    bench.plane.edit(Workbench.ref("a")) { $0["spec"]?["other"] = "theirs" }
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.first("a") == 80)
    #expect(bench.plane.now(Workbench.ref("a"))?["other"] == "theirs")
  }

  @Test func rulesReorderedSinceAreAConflict() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a"]), reason: "")
    bench.plane.edit(Workbench.ref("a")) { object in
      let rules = object["spec"]?["http"]?.array ?? []
      let twin: JSONValue = ["name": "new", "route": rules[0]["route"] ?? .null]
      object["spec"]?["http"] = .array([twin] + rules)
    }
    #expect(await code { try await bench.executor.undo(receipt, reason: "") } == .conflict)
  }

  @Test func anObjectDeletedOrMadeAnewIsAConflict() async throws {
    for isMadeAnew in [true, false] {
      let bench = Workbench()
      let receipt = try await bench.executor.apply(bench.shifts(["a"]), reason: "")
      bench.plane.remove(Workbench.ref("a"))
      if isMadeAnew { bench.plane.put(Workbench.ref("a"), spec: Workbench.spec) }
      #expect(await code { try await bench.executor.undo(receipt, reason: "") } == .conflict)
      let expected: JSONValue? = isMadeAnew ? .some(Workbench.spec) : .none
      #expect(bench.plane.now(Workbench.ref("a")) == expected)
    }
  }

  @Test func whatSomebodyTookBackAlreadyIsLeftAsItIs() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a", "b"]), reason: "")
    bench.plane.edit(Workbench.ref("a")) { $0["spec"] = Workbench.spec }
    let writes = bench.plane.state.withLock { $0.writes }
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.plane.state.withLock { $0.writes } == writes + 1)
    #expect(bench.plane.now(Workbench.ref("b")) == Workbench.spec)
  }

  @Test func aFailedUndoLeavesTheReceiptToBeUndoneLater() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(bench.shifts(["a", "b"]), reason: "")
    bench.plane.state.withLock { $0.faults[3] = [.fail(.unreachable)] }
    let failed = try await bench.executor.undo(receipt, reason: "")
    #expect(failed.result == .rolledBack)
    #expect(bench.first("b") == 60)
    let again = try #require(try bench.journal.receipts().first { $0.plan.id == "p1" })
    #expect(again.result == .applied)
    #expect(try await bench.executor.undo(again, reason: "").result == .applied)
    #expect(bench.first("a") == 80)
    #expect(bench.first("b") == 80)
  }
}

/// A plan begun and never ended: the process was killed between two writes.
@Suite struct InterruptedPlanTests {
  /// The record a crash leaves after `written` of the steps went out and `noted` of them were noted as written.
  static func crashed(_ bench: Workbench, _ names: [String], written: Int, noted: Int) async throws -> Receipt {
    let plan = try bench.shifts(names)
    var receipt = Receipt(plan: plan, result: .unknown, at: Instant(seconds: 1), author: "tester", reason: "")
    try bench.journal.append(JournalEntry(event: .begun, receipt: receipt))
    for index in 0..<written {
      let outcome = try await bench.plane.apply(plan.steps[index])
      guard index < noted else { continue }
      receipt.plan.steps[index].state = .applied
      receipt.versions[index] = outcome.version
      try bench.journal.append(JournalEntry(event: .step, receipt: receipt))
    }
    return try #require(try bench.journal.receipts().first)
  }

  @Test(arguments: [(1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3)])
  func itIsShownAsUnknownAndTakenBackByReading(written: Int, noted: Int) async throws {
    let bench = Workbench()
    let receipt = try await Self.crashed(bench, ["a", "b", "c"], written: written, noted: noted)
    #expect(receipt.result == .unknown)
    let undone = try await bench.executor.undo(receipt, reason: "")
    #expect(undone.result == .applied, "\(undone.error ?? "")")
    #expect(undone.plan.steps.count == written)
    for name in ["a", "b", "c"] { #expect(bench.plane.now(Workbench.ref(name)) == Workbench.spec) }
    #expect(try bench.journal.receipts().first { $0.plan.id == "p1" }?.result == .undone)
  }

  @Test func oneThatIsBeingAppliedIsNotTakenBack() async throws {
    let bench = Workbench()
    var receipt = Receipt(
      plan: try bench.shifts(["a", "b"]), result: .unknown, at: Instant(seconds: 1), author: "tester", reason: "")
    let applying = try bench.journal.begin(&receipt)
    let step = receipt.plan.steps[0]
    receipt.versions[0] = try await bench.plane.apply(step).version
    receipt.plan.steps[0].state = .applied
    try bench.journal.append(JournalEntry(event: .step, receipt: receipt))
    let open = try #require(try bench.journal.receipts().first)
    await #expect {
      try await bench.executor.undo(open, reason: "")
    } throws: { error in
      (error as? MeshError)?.code == .refused && "\(error)".contains("being applied")
    }
    #expect(bench.first("a") == 60)
    #expect(try bench.journal.receipts().map(\.result) == [.unknown])
    applying.end()
    #expect(try await bench.executor.undo(open, reason: "").result == .applied)
    #expect(bench.first("a") == 80)
  }

  @Test func oneThatIsBeingTakenBackIsNotTakenBackTwice() async throws {
    let bench = Workbench()
    let receipt = try await bench.executor.apply(try bench.shifts(["a"]), reason: "")
    var other = Receipt(
      plan: try await bench.executor.undoPlan(receipt), result: .unknown, at: Instant(seconds: 2), author: "tester",
      reason: "")
    let applying = try bench.journal.begin(&other)
    await #expect {
      try await bench.executor.undo(receipt, reason: "")
    } throws: { error in
      (error as? MeshError)?.code == .refused && "\(error)".contains("being taken back")
    }
    #expect(bench.first("a") == 60)
    applying.end()
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.first("a") == 80)
  }

  @Test func onlyWhileItIsBeingAppliedIsItLocked() async throws {
    let bench = Workbench()
    let journal = bench.journal
    let seen = Mutex<[Bool]>([])
    let plan = bench.plan(try bench.shifts(["a"]).steps, id: "../p1/\u{E9}")
    let receipt = try await bench.executor.apply(plan, reason: "") { _ in
      seen.withLock { $0.append(journal.isApplying("../p1/\u{E9}")) }
    }
    #expect(seen.withLock { $0 } == [true, true])
    #expect(!journal.isApplying(receipt.plan.id))
    let files = try FileManager.default.contentsOfDirectory(atPath: journal.directory.path)
    #expect(files.sorted() == ["journal.jsonl", "journal.lock"])
  }

  @Test func plansOfWhateverNameAreAppliedAtOnceEachUnderItsOwn() throws {
    let bench = Workbench()
    let long = String(repeating: "x", count: 120)
    let signs = try ["OPS-1", "CHG-1", "CHG/1", long + "a", long + "b", "p\u{E9}_1"].map { id in
      var receipt = Receipt(
        plan: bench.plan([], id: id), result: .unknown, at: Instant(seconds: 1), author: "tester", reason: "")
      let sign = try bench.journal.begin(&receipt)
      return (id: receipt.plan.id, sign: sign)
    }
    let kept = String(repeating: "x", count: 80)
    #expect(signs.map(\.id) == ["OPS-1", "CHG-1", "CHG-1-2", kept, "\(kept)-2", "p--_1"])
    for (place, (id, sign)) in signs.enumerated() {
      #expect(signs.map { bench.journal.isApplying($0.id) } == signs.indices.map { $0 >= place }, "\(id)")
      sign.end()
    }
  }

  @Test func aNameThatIsHeldIsNotWaitedFor() throws {
    let bench = Workbench()
    var (first, second) = (
      Receipt(plan: bench.plan([]), result: .unknown, at: Instant(seconds: 1), author: "", reason: ""),
      Receipt(plan: bench.plan([]), result: .unknown, at: Instant(seconds: 1), author: "", reason: "")
    )
    let signs = [try bench.journal.begin(&first)]
    try FileManager.default.removeItem(atPath: bench.journal.path)
    let other = try bench.journal.begin(&second)
    #expect(second.plan.id != first.plan.id)
    for sign in signs + [other] { sign.end() }
  }

  @Test func oneThatNeverArrivedIsClosed() async throws {
    let bench = Workbench()
    let receipt = try await Self.crashed(bench, ["a"], written: 0, noted: 0)
    #expect(await code { try await bench.executor.undo(receipt, reason: "") } == .refused)
    #expect(try bench.journal.receipts().first?.result == .failed)
    #expect(try bench.journal.receipts().first?.at == receipt.at, "it was tried then")
    #expect(bench.plane.state.withLock { $0.writes } == 0)
  }

  @Test func oneThatCannotBeToldIsLeftAlone() async throws {
    let bench = Workbench()
    let receipt = try await Self.crashed(bench, ["a"], written: 1, noted: 0)
    bench.plane.edit(Workbench.ref("a")) { $0["spec"]?["http"] = [] }
    #expect(await code { try await bench.executor.undo(receipt, reason: "") } == .unknownOutcome)
    #expect(try bench.journal.receipts().first?.result == .unknown)
  }
}
