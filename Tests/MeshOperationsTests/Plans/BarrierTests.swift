import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

@Suite struct BarrierTests {
  static func pod(_ name: String) -> ObjectRef { ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: name) }

  /// A plan of one step on a plane whose proxies change with the time that waiting takes.
  static func apply(
    wait: Double?, proxies: @escaping @Sendable (_ seconds: Double, _ isWritten: Bool) -> [ProxyState]
  ) async throws -> (Receipt, Workbench, [Executor.Progress]) {
    let bench = Workbench()
    let plan = try bench.shifts(["a"])
    let time = Mutex(0.0)
    let plane = bench.plane
    @Sendable func look() {
      plane.state.withLock { $0.programmed.proxies = proxies(time.withLock { $0 }, $0.writes > 0) }
    }
    plane.state.withLock { $0.programmed.gaps = ["istiod does not answer"] }
    look()
    let executor = Executor(
      control: plane, journal: bench.journal, author: "tester", clock: { Instant(seconds: time.withLock { $0 }) },
      pause: { seconds in
        time.withLock { $0 += seconds }
        look()
      })
    let seen = Mutex<[Executor.Progress]>([])
    let receipt = try await executor.apply(plan, reason: "", wait: wait) { progress in
      if case .written = progress { look() }
      seen.withLock { $0.append(progress) }
    }
    return (receipt, bench, seen.withLock { $0 })
  }

  static func state(_ name: String, sent: UInt64, _ sync: ProxyState.SyncState = .synced, rejection: String? = nil)
    -> ProxyState
  {
    ProxyState(ref: pod(name), sync: [.rds: sync], rejection: rejection, sent: sent)
  }

  @Test func itWaitsForThoseThatWereSentSomethingAndForNoOther() async throws {
    let (receipt, _, progress) = try await Self.apply(wait: 30) { seconds, isWritten in
      [
        Self.state("idle", sent: 1, .stale),
        Self.state("quick", sent: isWritten ? 2 : 1),
        Self.state("slow", sent: isWritten ? 2 : 1, isWritten && seconds < 3 ? .stale : .synced),
      ]
    }
    #expect(receipt.result == .applied)
    #expect(receipt.acknowledgement == Acknowledgement(proxies: 2, acknowledged: 2))
    #expect(progress.contains(.waiting(step: 0, acknowledged: 1, proxies: 2)))
    #expect(progress.last == .waiting(step: 0, acknowledged: 2, proxies: 2))
  }

  @Test func aPushThatComesAfterAMomentIsNotMissed() async throws {
    let (receipt, _, _) = try await Self.apply(wait: 30) { seconds, isWritten in
      [Self.state("web", sent: seconds >= 2 ? 2 : 1, seconds >= 2 && seconds < 4 ? .stale : .synced)]
    }
    #expect(receipt.acknowledgement == Acknowledgement(proxies: 1, acknowledged: 1))
  }

  @Test func whereNoProxyIsSentAnythingTheWaitEnds() async throws {
    let (receipt, _, _) = try await Self.apply(wait: 60) { _, _ in [Self.state("web", sent: 1)] }
    #expect(receipt.result == .applied)
    #expect(receipt.acknowledgement == Acknowledgement(proxies: 0, acknowledged: 0))
  }

  @Test func aLateProxyIsNamedAndThePlanStays() async throws {
    let (receipt, bench, _) = try await Self.apply(wait: 5) { _, isWritten in
      [
        Self.state("web", sent: isWritten ? 2 : 1),
        Self.state("late", sent: isWritten ? 2 : 1, isWritten ? .stale : .synced),
      ]
    }
    #expect(receipt.result == .applied)
    #expect(receipt.acknowledgement == Acknowledgement(proxies: 2, acknowledged: 1, late: [Self.pod("late")]))
    #expect(bench.first("a") == 60)
    let kept = try #require(try bench.journal.receipts().first)
    #expect(kept.acknowledgement == receipt.acknowledgement, "the journal and the contract keep it")
  }

  @Test func aRejectionTakesThePlanBackWithTheProxysWords() async throws {
    let (receipt, bench, progress) = try await Self.apply(wait: 30) { seconds, isWritten in
      let rejects = isWritten && seconds >= 1
      return [
        Self.state("web", sent: isWritten ? 2 : 1),
        Self.state(
          "bad", sent: isWritten ? 2 : 1, rejects ? .rejected("weights overflow") : .synced,
          rejection: rejects ? "weights overflow" : nil),
      ]
    }
    #expect(receipt.result == .rolledBack)
    #expect(receipt.failure == .refused)
    #expect(receipt.error?.contains("proxy shop/bad rejects the configuration: weights overflow") == true)
    #expect(receipt.plan.steps.map(\.state) == [.rolledBack])
    #expect(progress.last == .rollingBack(step: 0))
    #expect(bench.first("a") == 80)
  }

  @Test func aRejectionOfTakingBackLeavesThePlanApplied() async throws {
    let bench = Workbench()
    let plane = bench.plane
    let receipt = try await bench.executor.apply(bench.shifts(["a"]), reason: "")
    plane.state.withLock { $0.programmed.proxies = [Self.state("web", sent: 1)] }
    let undone = try await bench.executor.undo(receipt, reason: "", wait: 30) { progress in
      guard case .written = progress else { return }
      plane.state.withLock {
        $0.programmed.proxies = [Self.state("web", sent: 2, .rejected("no cluster"), rejection: "no cluster")]
      }
    }
    #expect(undone.result == .rolledBack)
    #expect(undone.error?.contains("proxy shop/web rejects the configuration: no cluster") == true)
    #expect(bench.first("a") == 60)
    let kept = try #require(try bench.journal.receipts().first { $0.plan.id == receipt.plan.id })
    #expect(kept.result == .applied)
    #expect(try await bench.executor.undo(kept, reason: "").result == .applied, "it can be tried again")
    #expect(bench.first("a") == 80)
  }

  @Test func aProxyThatRejectedTheSameBeforeIsNotThisPlansFault() async throws {
    let (receipt, _, _) = try await Self.apply(wait: 30) { _, isWritten in
      [
        Self.state("web", sent: isWritten ? 2 : 1),
        Self.state("bad", sent: isWritten ? 2 : 1, .rejected("old trouble"), rejection: "old trouble"),
      ]
    }
    #expect(receipt.result == .applied)
    #expect(receipt.acknowledgement == Acknowledgement(proxies: 1, acknowledged: 1))
  }

  @Test func whereNobodyTellsItSaysSo() async throws {
    let (receipt, _, _) = try await Self.apply(wait: 30) { _, _ in [] }
    #expect(receipt.result == .applied)
    #expect(receipt.acknowledgement?.unknown == "istiod does not answer")
    #expect(receipt.acknowledgement?.isComplete == false)
  }

  @Test func withoutAWaitNobodyIsAsked() async throws {
    let (receipt, _, progress) = try await Self.apply(wait: nil) { _, _ in [] }
    #expect(receipt.acknowledgement == nil)
    #expect(progress == [.writing(step: 0), .written(step: 0)])
  }
}
