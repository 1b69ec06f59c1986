import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

@Suite struct ExecutorTests {
  @Test func theJournalSpeaksBeforeTheRequestLeaves() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a", "b"])
    let seen = Mutex<[[JournalEntry.Event]]>([])
    let journal = bench.journal
    bench.plane.state.withLock { state in
      state.beforeWrite = {
        let events = (try? journal.entries().entries.map(\.event)) ?? []
        seen.withLock { $0.append(events) }
      }
    }
    let receipt = try await bench.executor.apply(plan, reason: "why")
    #expect(receipt.result == .applied)
    #expect(receipt.versions.keys.sorted() == [0, 1])
    #expect(seen.withLock { $0 } == [[.begun], [.begun, .step]])
    #expect(try bench.journal.entries().entries.map(\.event) == [.begun, .step, .step, .ended])
    #expect(bench.first("a") == 60)
  }

  static let codes: [MeshError.Code] = [
    .forbidden, .refused, .unreachable, .malformed, .notFound, .unauthenticated, .usage, .local,
  ]

  @Test(arguments: 1...4, codes) func aFailureAtAnyStepTakesTheEarlierOnesBack(count: Int, failure: MeshError.Code)
    async throws
  {
    for failing in 0..<count {
      let bench = Workbench()
      let names = Array(["a", "b", "c", "d"].prefix(count))
      let plan = try bench.shifts(names)
      bench.plane.state.withLock { $0.faults[failing] = [.fail(failure)] }
      let receipt = try await bench.executor.apply(plan, reason: "")
      #expect(receipt.result == (failing == 0 ? .failed : .rolledBack))
      #expect(receipt.failure == failure)
      for (index, name) in names.enumerated() {
        #expect(bench.plane.now(Workbench.ref(name)) == Workbench.spec, "\(name) is not as it was")
        let state = receipt.plan.steps[index].state
        #expect(state == (index < failing ? .rolledBack : index == failing ? .failed : .pending))
      }
      let last = try #require(try bench.journal.receipts().first)
      #expect(last.result == receipt.result)
      #expect(last.error?.contains("told to fail") == true)
    }
  }

  @Test func whatCannotBeTakenBackIsReportedAsPartial() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a", "b"])
    bench.plane.state.withLock { $0.faults = [1: [.fail(.refused)], 2: [.fail(.forbidden)]] }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.result == .partial)
    #expect(receipt.plan.steps.map(\.state) == [.applied, .failed])
    #expect(receipt.error?.contains("step 1 could not be taken back") == true)
    #expect(bench.first("a") == 60)
    // What stuck can be taken back later.
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.first("a") == 80)
  }

  @Test func aStepThatTookEffectInPartLeavesTheEarlierOnes() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a", "b"])
    bench.plane.state.withLock { $0.faults = [1: [.fail(.partial)]] }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.plan.steps.map(\.state) == [.applied, .unknown])
    #expect(receipt.result == .partial)
    #expect(bench.first("a") == 60, "what the second step did may rest on it")
  }

  @Test func aLostAnswerIsCuredByReadingBack() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock { $0.faults[0] = [.loseAnswer] }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.result == .applied)
    #expect(bench.plane.state.withLock { $0.writes } == 1, "it arrived and must not be sent again")
    #expect(bench.first("a") == 60)
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.plane.now(Workbench.ref("a")) == Workbench.spec)
  }

  @Test func aLostRequestIsSentOnceMore() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock { $0.faults[0] = [.loseRequest] }
    #expect(try await bench.executor.apply(plan, reason: "").result == .applied)
    #expect(bench.plane.state.withLock { $0.writes } == 2)
    #expect(bench.first("a") == 60)
  }

  @Test func aRequestThatArrivesAfterItWasSentAgainIsNoConflict() async throws {
    let bench = Workbench()
    let old = bench.plane.put(Workbench.ref("old"), spec: Workbench.spec)
    let made = Step.creating(
      ["kind": "thing", "spec": Workbench.spec], as: Workbench.ref("new"), in: "/apis/x/v1/namespaces/shop/things")
    let steps = try bench.shifts(["a"]).steps + [made, Step.deleting(old)]
    // Each is sent twice, and stored before the second is looked at.
    bench.plane.state.withLock { $0.faults = [0: [.storeLate], 2: [.storeLate], 4: [.storeLate]] }
    let receipt = try await bench.executor.apply(bench.plan(steps), reason: "")
    #expect(receipt.result == .applied, "\(receipt.error ?? "")")
    #expect(bench.plane.state.withLock { $0.writes } == 6)
    #expect(bench.first("a") == 60)
    #expect(bench.plane.now(Workbench.ref("new")) == Workbench.spec)
    #expect(bench.plane.now(Workbench.ref("old")) == nil)
    #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
    #expect(bench.first("a") == 80)
  }

  @Test func aLostRequestThatAForeignEditOvertookIsRebased() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock {
      $0.faults[0] = [.foreign { $0["spec"]?["other"] = "theirs" }, .loseRequest]
    }
    #expect(try await bench.executor.apply(plan, reason: "").result == .applied)
    #expect(bench.first("a") == 60)
    #expect(bench.plane.now(Workbench.ref("a"))?["other"] == "theirs")
  }

  @Test func anOutcomeThatCannotBeReadIsUnknown() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock { state in
      state.faults[0] = [.foreign { $0["spec"]?["http"] = [] }, .loseRequest]
    }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.result == .unknown)
    #expect(receipt.plan.steps.map(\.state) == [.unknown])
    #expect(receipt.failure?.exitCode == 7)
  }

  @Test func aLostCreateAndALostDeleteAreToldApart() async throws {
    for isStored in [true, false] {
      let bench = Workbench()
      let made = Step.creating(
        ["kind": "thing", "spec": Workbench.spec], as: Workbench.ref("new"), in: "/apis/x/v1/namespaces/shop/things")
      let gone = Step.deleting(bench.plane.put(Workbench.ref("old"), spec: Workbench.spec))
      bench.plane.state.withLock {
        $0.faults = [
          0: [isStored ? .loseAnswer : .loseRequest], (isStored ? 1 : 2): [isStored ? .loseAnswer : .loseRequest],
        ]
      }
      let receipt = try await bench.executor.apply(bench.plan([made, gone]), reason: "")
      #expect(receipt.result == .applied, "\(receipt.error ?? "")")
      #expect(bench.plane.state.withLock { $0.writes } == (isStored ? 2 : 4))
      #expect(bench.plane.now(Workbench.ref("new")) == Workbench.spec)
      #expect(bench.plane.now(Workbench.ref("old")) == nil)
      #expect(try await bench.executor.undo(receipt, reason: "").result == .applied)
      #expect(bench.plane.now(Workbench.ref("new")) == nil)
      #expect(bench.plane.now(Workbench.ref("old")) == Workbench.spec)
    }
  }

  @Test func aForeignEditOfSomethingElseIsKeptAndTheEditRebased() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock { $0.faults[0] = [.foreign { $0["spec"]?["other"] = "theirs" }] }
    #expect(try await bench.executor.apply(plan, reason: "").result == .applied)
    #expect(bench.first("a") == 60)
    #expect(bench.plane.now(Workbench.ref("a"))?["other"] == "theirs")
  }

  @Test func aForeignEditOfTheSameFieldIsAConflict() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    let theirs = try JSONPatch([.replace("/spec/http/0/route/0/weight", 75)]).applied(to: ["spec": Workbench.spec])[
      "spec"]
    bench.plane.state.withLock { $0.faults[0] = [.foreign { $0["spec"] = theirs }] }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.result == .failed)
    #expect(receipt.failure == .conflict)
    #expect(bench.plane.now(Workbench.ref("a")) == theirs)
  }

  /// The weights of both rules are equal, so that values alone would not tell that the rule at index 0 is another one.
  @Test func rulesReorderedInBetweenAreAConflictNeverTheWrongRule() async throws {
    let rules = try #require(Workbench.spec["http"]?.array)
    let inserted: JSONValue = ["name": "new", "route": rules[0]["route"] ?? .null]
    for order in [[rules[1], rules[0]], [inserted] + rules] {
      let bench = Workbench()
      let plan = try bench.shifts(["a"])
      bench.plane.state.withLock { $0.faults[0] = [.foreign { $0["spec"]?["http"] = .array(order) }] }
      let receipt = try await bench.executor.apply(plan, reason: "")
      #expect(receipt.failure == .conflict)
      #expect(bench.plane.now(Workbench.ref("a"))?["http"] == .array(order))
    }
  }

  @Test func aConflictForEverEndsAfterThreeTries() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock { state in
      state.always = .foreign { object in
        let other = object["spec"]?["other"]?.string ?? ""
        object["spec"]?["other"] = .string(other + "!")
      }
    }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.failure == .conflict)
    #expect(bench.plane.state.withLock { $0.writes } == 3)
    #expect(bench.first("a") == 80)
  }

  @Test func aConflictWithoutAChangeIsNotTriedAgain() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.state.withLock { $0.always = .fail(.conflict) }
    #expect(try await bench.executor.apply(plan, reason: "").failure == .conflict)
    #expect(bench.plane.state.withLock { $0.writes } == 1)
  }

  @Test func anObjectMadeAnewIsAConflict() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    bench.plane.put(Workbench.ref("a"), spec: Workbench.spec)
    #expect(try await bench.executor.apply(plan, reason: "").failure == .conflict)
    #expect(bench.first("a") == 80)
  }

  @Test func nothingIsSentWhereTheServerSaidNo() async throws {
    let bench = Workbench()
    var plan = try bench.shifts(["a"])
    plan.verdicts = [DryRunVerdict(step: 0, accepted: false, message: "no")]
    #expect(await code { try await bench.executor.apply(plan, reason: "") } == .refused)
    #expect(bench.plane.state.withLock { $0.writes } == 0)
    #expect(try bench.journal.receipts().isEmpty)
  }

  @Test func nothingIsSentWhereTheJournalCannotBeWritten() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    let journal = Journal(directory: StateDirectory(path: "/proc/nowhere/state"))
    let executor = Executor(control: bench.plane, journal: journal, author: "tester")
    #expect(await code { try await executor.apply(plan, reason: "") } == .local)
    #expect(bench.plane.state.withLock { $0.writes } == 0)
  }

  @Test func whatThePlaneNeverWritesIsNotEvenNoted() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a", "b"])
    bench.plane.state.withLock { $0.refused = Workbench.ref("b") }
    #expect(await code { try await bench.executor.apply(plan, reason: "") } == .refused)
    #expect(bench.plane.state.withLock { $0.writes } == 0)
    #expect(try bench.journal.receipts().isEmpty)
  }

  @Test func aPlanAppliedTwiceHidesNoRecord() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    #expect(try await bench.executor.apply(plan, reason: "").result == .applied)
    let second = try await bench.executor.apply(plan, reason: "")
    #expect(second.failure == .conflict)
    #expect(second.plan.id == "p1-2")
    #expect(try bench.journal.receipts().map(\.result) == [.failed, .applied])
  }

  @Test func onePlanAppliedAtOnceFromManyPlacesHidesNoRecord() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    let executor = bench.executor
    let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
      for _ in 0..<8 { group.addTask { @concurrent in try await executor.apply(plan, reason: "") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(receipts.map(\.plan.id)).count == 8)
    #expect(receipts.count { $0.result == .applied } == 1)
    #expect(try bench.journal.receipts().count == 8)
  }

  @Test func statesInAPlanFileAreNotBelieved() async throws {
    let bench = Workbench()
    var plan = try bench.shifts(["a", "b"])
    plan.steps[1].state = .applied
    bench.plane.state.withLock { $0.faults[0] = [.fail(.refused)] }
    let receipt = try await bench.executor.apply(plan, reason: "")
    #expect(receipt.result == .failed)
    #expect(receipt.plan.steps.map(\.state) == [.failed, .pending])
  }

  @Test func aBarrierHoldsTheNextStepUntilProxiesAcknowledged() async throws {
    let bench = Workbench()
    let plan = try bench.shifts(["a", "b"], barrier: .acknowledged(within: 30))
    let proxy = ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "web")
    bench.plane.state.withLock {
      $0.programmed = ProgrammedReport(proxies: [ProxyState(ref: proxy, sync: [.rds: .stale])], at: Instant(seconds: 0))
    }
    let plane = bench.plane
    let executor = Executor(
      control: plane, journal: bench.journal, author: "tester", clock: { Instant(seconds: 1000) },
      pause: { _ in
        plane.state.withLock {
          if $0.writes == 1 { $0.programmed.proxies[0].sync[.rds] = .synced }
        }
      })
    let waits = Mutex(0)
    let receipt = try await executor.apply(plan, reason: "") { progress in
      if case .waiting = progress { waits.withLock { $0 += 1 } }
    }
    #expect(receipt.result == .applied)
    #expect(waits.withLock { $0 } == 2)
  }

  @Test func aRejectingProxyAndALateOneTakeThePlanBack() async throws {
    let proxy = ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "web")
    for (state, expected) in [
      (ProxyState(ref: proxy, sync: [.rds: .rejected("bad")], rejection: "bad"), MeshError.Code.refused),
      (ProxyState(ref: proxy, sync: [.rds: .stale]), .unreachable),
    ] {
      let bench = Workbench()
      let plan = try bench.shifts(["a", "b"], barrier: .acknowledged(within: 5))
      bench.plane.state.withLock { $0.programmed = ProgrammedReport(proxies: [state], at: Instant(seconds: 0)) }
      let time = Mutex(0.0)
      let executor = Executor(
        control: bench.plane, journal: bench.journal, author: "tester",
        clock: { Instant(seconds: time.withLock { $0 }) }, pause: { seconds in time.withLock { $0 += seconds } })
      let receipt = try await executor.apply(plan, reason: "")
      #expect(receipt.result == .rolledBack)
      #expect(receipt.failure == expected)
      #expect(bench.first("a") == 80)
      #expect(bench.first("b") == 80)
    }
  }
}
