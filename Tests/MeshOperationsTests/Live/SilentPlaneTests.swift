import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

/// A plane that answers nothing beside one that does.
@Suite struct SilentPlaneTests {
  /// How a plane answers a reading.
  enum Manner: Sendable {
    case answers
    /// Answers once another one has said something.
    case answersAfter(AsyncStream<Void>)
    /// Says one thing at once, which is told on, and the rest after these seconds.
    case isSlow(Double, tells: AsyncStream<Void>.Continuation? = nil)
    /// Says nothing until it is no longer asked.
    case isSilent
  }

  /// A plane that tells one namespace in its manner.
  struct TellingPlane: QuietPlane {
    var name: PlaneName
    var manner: Manner
    var plane: Plane { Plane(name: name, kind: .kubernetes, address: "memory") }

    func read(
      _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
    ) async throws(MeshError) {
      let ref = ObjectRef(plane: name, namespace: "", kind: "namespace", name: "shop")
      switch manner {
      case .answers: break
      case .answersAfter(let words): for await _ in words {}
      case .isSlow(let seconds, let listener):
        await receive([.feed(MeshSnapshot.FeedKey(plane: name, kind: "namespace"), .loading(0))])
        listener?.finish()
        try? await Task.sleep(for: .seconds(seconds))
      case .isSilent:
        try? await Task.sleep(for: .seconds(3600))
        throw MeshError(.cancelled, "stopped", plane: name)
      }
      await receive([.upsert(.namespace(Namespace(ref: ref, labels: [:])))])
    }
    func changes() -> AsyncStream<[MeshChange]> { AsyncStream { $0.finish() } }
  }

  private static func mesh(_ east: Manner, _ west: Manner, patience: Double) -> LiveMesh {
    LiveMesh(
      [("east", east), ("west", west)].map { name, manner in
        PlaneConnection(name: name, control: TellingPlane(name: name, manner: manner))
      }, patience: patience)
  }

  @Test(.timeLimit(.minutes(10))) func aSilentPlaneIsGivenUpAndNamedAndTheOtherIsThere() async throws {
    let mesh = Self.mesh(.answers, .isSilent, patience: 0.2)
    await mesh.load(nil)
    let view = await mesh.current()
    #expect(view.snapshot.namespaces.keys.map(\.plane) == ["east"])
    let west = try #require(view.planes.first { $0.plane.name == "west" })
    #expect(west.state == .down)
    #expect(west.error?.contains("said nothing") == true)
    #expect(view.planes.first { $0.plane.name == "east" }?.state == .live)
  }

  @Test(.timeLimit(.minutes(10))) func aSlowPlaneThatSaysAnythingIsWaitedFor() async {
    let (words, listener) = AsyncStream.makeStream(of: Void.self)
    let mesh = Self.mesh(.answersAfter(words), .isSlow(0.6, tells: listener), patience: 0.1)
    await mesh.load(nil)
    #expect(await mesh.current().snapshot.namespaces.count == 2)
    #expect(await mesh.current().planes.allSatisfy { $0.state == .live })
  }

  @Test(.timeLimit(.minutes(10))) func onePlaneAloneIsWaitedForAsLongAsItTakes() async {
    let mesh = LiveMesh(
      [PlaneConnection(name: "east", control: TellingPlane(name: "east", manner: .isSlow(0.4)))], patience: 0.05)
    await mesh.load(nil)
    #expect(await mesh.current().snapshot.namespaces.count == 1)
  }

  @Test func nobodyIsGivenUpWhileTheOperatorIsAskedForCredentials() async throws {
    let isAsked = Mutex(true)
    let patience = Patience(seconds: 0.5, isAsking: { isAsked.withLock { $0 } })
    await patience.ends("east")
    try await Task.sleep(for: .seconds(0.6))
    #expect(await !patience.isLost(with: "west"), "the operator is being asked")
    isAsked.withLock { $0 = false }
    #expect(await !patience.isLost(with: "west"), "the wait begins anew")
    try await Task.sleep(for: .seconds(0.6))
    #expect(await patience.isLost(with: "west"))
  }

  @Test(.timeLimit(.minutes(10))) func aPlaneThatWasDownIsAskedAgain() async {
    let mesh = Self.mesh(.answers, .isSilent, patience: 0.1)
    await mesh.load(nil)
    await mesh.reconsider()
    #expect(await mesh.current().planes.map(\.state).contains(.down) == false)
  }

  @Test func theAgeOfWhatIsStaleCountsFromItsFirstFault() {
    var view = MeshView(at: Instant(seconds: 100))
    let key = MeshSnapshot.FeedKey(plane: "west", kind: "service")
    view.snapshot.apply(.feed(key, .live(Instant(seconds: 1))))
    #expect(view.staleSince("west") == nil)
    for second in [10.0, 20, 30] {
      view.snapshot.apply(.feed(key, .stale("no answer", Instant(seconds: second))))
    }
    #expect(view.staleSince("west") == Instant(seconds: 10))
    view.snapshot.apply(.feed(key, .live(Instant(seconds: 40))))
    #expect(view.staleSince("west") == nil)
    view.snapshot.apply(.feed(key, .stale("again", Instant(seconds: 50))))
    #expect(view.staleSince("west") == Instant(seconds: 50))
  }
}
