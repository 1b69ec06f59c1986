import MeshModel
import Testing

@testable import MeshPlanes

/// istiod's word of all proxies, read again and again.
@Suite struct SyncTableTests {
  private static let snapshot = MeshSnapshot()

  private static let workload = ObjectRef(plane: "lab", namespace: "shop", kind: "workload", name: "reviews")

  private static func snapshot(with pod: String) -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    snapshot.apply(
      .upsert(
        .endpoint(
          Endpoint(
            ref: ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: pod), workload: workload, isReady: true,
            proxy: .sidecar, acceptsMeshTLS: true, runtime: .container))))
    return snapshot
  }

  private static func entry(_ name: String, _ version: String = "a", acknowledged: String = "a") -> String {
    #"{"proxy":"\#(name).shop","cluster_sent":"\#(version)","cluster_acked":"\#(acknowledged)"}"#
  }

  private static func read(
    _ entries: [String], _ memo: SyncMemo, in snapshot: MeshSnapshot = snapshot, pieces: Int = 64
  ) throws -> [ProxyState] {
    var table = SyncTable(plane: "lab", snapshot: snapshot, memo: memo)
    table.begin("istiod")
    let bytes = Array("[\(entries.joined(separator: ","))]".utf8)
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      table.feed(Array(bytes[start..<min(start + pieces, bytes.count)]))
    }
    return try table.finish()
  }

  private static func place(_ states: [ProxyState]) -> UnsafePointer<ProxyState>? {
    states.withUnsafeBufferPointer(\.baseAddress)
  }

  @Test func anAnswerThatIsAsBeforeIsKeptOnce() throws {
    let memo = SyncMemo()
    let entries = (0..<40).map { Self.entry("pod-\($0)") }
    let known = Self.snapshot(with: "pod-7")
    let first = try Self.read(entries, memo, in: known)
    let second = try Self.read(entries, memo, in: known)
    #expect(first.count == 40)
    #expect(second == first)
    #expect(Self.place(second) == Self.place(first), "the array itself is the one before")
  }

  @Test("whatever changed, it is read as if for the first time", arguments: 0..<40)
  func whateverChanged(_ seed: UInt64) throws {
    var random = Seeded(state: seed &+ 1)
    let memo = SyncMemo()
    var entries = (0..<30).map { Self.entry("pod-\($0)") }
    for step in 0..<6 {
      switch random.next() % 6 {
      case 0: entries.insert(Self.entry("new-\(step)"), at: Int(random.next() % UInt64(entries.count + 1)))
      case 1: entries.removeSubrange(0..<min(12, entries.count / 2))
      case 2: entries.remove(at: Int(random.next() % UInt64(entries.count)))
      case 3: entries[Int(random.next() % UInt64(entries.count))] = Self.entry("pod-x", "b", acknowledged: "a")
      case 4: entries.shuffle(using: &random)
      default: entries.insert(#"{"proxy":"nameless"}"#, at: entries.count / 2)
      }
      let read = try Self.read(entries, memo, pieces: 1 + Int(random.next() % 200))
      #expect(read == (try Self.read(entries, SyncMemo())), "step \(step)")
    }
  }

  @Test func aWorkloadThatCameToBeKnownIsFound() throws {
    let memo = SyncMemo()
    let entries = [Self.entry("reviews-1"), Self.entry("reviews-2")]
    #expect(try Self.read(entries, memo).allSatisfy { $0.workload == nil })
    let known = Self.snapshot(with: "reviews-2")
    #expect(try Self.read(entries, memo, in: known).map(\.workload) == [nil, Self.workload])
    #expect(try Self.read(entries, memo).map(\.workload) == [nil, nil], "and is forgotten with the pod")
  }

  @Test func eachReplicaHasItsOwn() throws {
    let memo = SyncMemo()
    for (replica, name) in [("istiod-1", "a"), ("istiod-2", "b"), ("istiod-1", "a")] {
      var table = SyncTable(plane: "lab", snapshot: Self.snapshot, memo: memo)
      table.begin(replica)
      table.feed(Array("[\(Self.entry(name))]".utf8))
      #expect(try table.finish().map(\.ref.name) == [name])
    }
    #expect(memo.answer(of: "istiod-1")?.states.parts.map(\.ref.name) == ["a"])
    #expect(memo.answer(of: "istiod-2")?.states.parts.map(\.ref.name) == ["b"])
  }

  /// A generator that gives the same numbers for a seed (SplitMix64).
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }
}
