import Synchronization
import Testing

@testable import MeshTransport

/// One piece of work that several wait for.
@Suite(.timeLimit(.minutes(10))) struct SharedWorkTests {
  /// Work that goes on until it is told to end or is cancelled, and counts how often it began.
  final class Work: Sendable {
    let begun = Atomic(0)
    let cancelled = Atomic(0)
    let ends = Atomic(false)

    func run() async -> Int {
      let number = begun.add(1, ordering: .relaxed).newValue
      while !ends.load(ordering: .acquiring) {
        if Task.isCancelled {
          cancelled.add(1, ordering: .relaxed)
          return -number
        }
        try? await Task.sleep(for: .milliseconds(1))
      }
      return number
    }

    func until(_ condition: @Sendable (Work) -> Bool) async throws {
      while !condition(self) { try await Task.sleep(for: .milliseconds(1)) }
    }
  }

  @Test func severalShareOnePieceAndTheNextIsNew() async throws {
    let (shared, work) = (SharedWork<Int>(), Work())
    let callers = (0..<8).map { _ in Task { await shared.value { await work.run() } } }
    try await work.until { $0.begun.load(ordering: .relaxed) == 1 }
    work.ends.store(true, ordering: .releasing)
    for caller in callers { #expect((await caller.value ?? 0) > 0) }
    let before = work.begun.load(ordering: .relaxed)
    #expect(await shared.value { await work.run() } == before + 1)
  }

  @Test func whoIsCancelledLeavesAtOnceAndTheOthersGetTheResult() async throws {
    let (shared, work) = (SharedWork<Int>(), Work())
    let patient = Task { await shared.value { await work.run() } }
    try await work.until { $0.begun.load(ordering: .relaxed) == 1 }
    let impatient = Task { await shared.value { await work.run() } }
    impatient.cancel()
    #expect(await impatient.value == nil)
    #expect(work.cancelled.load(ordering: .relaxed) == 0)
    work.ends.store(true, ordering: .releasing)
    #expect(await patient.value == 1)
  }

  @Test func withTheLastOfThemTheWorkIsCancelled() async throws {
    let (shared, work) = (SharedWork<Int>(), Work())
    let callers = (0..<3).map { _ in Task { await shared.value { await work.run() } } }
    try await work.until { $0.begun.load(ordering: .relaxed) == 1 }
    for caller in callers { caller.cancel() }
    for caller in callers { #expect(await caller.value == nil) }
    try await work.until { $0.cancelled.load(ordering: .relaxed) > 0 }
    work.ends.store(true, ordering: .releasing)
    let next = await shared.value { await work.run() }
    #expect((next ?? 0) > 1, "what was given up answers nobody who came later")
  }

  @Test func whoComesCancelledGetsNothing() async throws {
    let (shared, work) = (SharedWork<Int>(), Work())
    let caller = Task {
      while !Task.isCancelled { await Task.yield() }
      return await shared.value { await work.run() }
    }
    caller.cancel()
    #expect(await caller.value == nil)
  }
}
