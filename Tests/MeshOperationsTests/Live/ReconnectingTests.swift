import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

/// A plane whose following begins anew.
@Suite struct ReconnectingTests {
  /// A plane that tells what the test says, to whoever follows it last.
  final class FollowedPlane: QuietPlane {
    private let followers = Mutex<[AsyncStream<[MeshChange]>.Continuation]>([])
    var followings: Int { followers.withLock { $0.count } }
    var plane: Plane { Plane(name: "east", kind: .kubernetes, address: "memory") }

    func tell(_ changes: [MeshChange], to following: Int) {
      _ = followers.withLock { $0[following].yield(changes) }
    }

    func changes() -> AsyncStream<[MeshChange]> {
      let (stream, continuation) = AsyncStream.makeStream(of: [MeshChange].self)
      followers.withLock { $0.append(continuation) }
      return stream
    }

    func read(
      _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
    ) async throws(MeshError) {}
  }

  private static let key = MeshSnapshot.FeedKey(plane: "east", kind: "namespace")

  private static func there(_ name: String) -> MeshChange {
    let ref = ObjectRef(plane: "east", namespace: "", kind: "namespace", name: name)
    return .upsert(.namespace(Namespace(ref: ref, labels: [:])))
  }

  private static func until(_ condition: () async -> Bool) async throws {
    while !(await condition()) { try await Task.sleep(for: .milliseconds(5)) }
  }

  private static func names(_ mesh: LiveMesh) async -> [String] {
    await mesh.current().snapshot.namespaces.keys.map(\.name).sorted()
  }

  private static func followed(_ plane: FollowedPlane, _ changes: [MeshChange]) async throws -> LiveMesh {
    let mesh = LiveMesh([PlaneConnection(name: "east", control: plane)])
    await mesh.start()
    try await until { plane.followings == 1 }
    plane.tell(changes, to: 0)
    let wanted = changes.count { if case .upsert = $0 { true } else { false } }
    try await until { await names(mesh).count == wanted }
    return mesh
  }

  @Test(.timeLimit(.minutes(10))) func whatIsKnownStaysUntilAListNoLongerHoldsIt() async throws {
    let plane = FollowedPlane()
    let mesh = try await Self.followed(plane, [Self.there("pay"), Self.there("shop"), .feed(Self.key, .live(.now))])
    await mesh.reconnect("east")
    try await Self.until { plane.followings == 2 }
    plane.tell([.feed(Self.key, .loading(0)), Self.there("new")], to: 1)
    try await Self.until { await Self.names(mesh).contains("new") }
    #expect(await Self.names(mesh) == ["new", "pay", "shop"])
    plane.tell([Self.there("shop")], to: 1)
    plane.tell([.feed(Self.key, .live(.now))], to: 1)
    try await Self.until { await Self.names(mesh) == ["new", "shop"] }
    await mesh.stop()
  }

  @Test(.timeLimit(.minutes(10))) func theFormerFollowingIsOver() async throws {
    let plane = FollowedPlane()
    let mesh = try await Self.followed(plane, [Self.there("shop")])
    await mesh.reconnect("east")
    try await Self.until { plane.followings == 2 }
    plane.tell([Self.there("ghost")], to: 0)
    plane.tell([Self.there("pay")], to: 1)
    try await Self.until { await Self.names(mesh).contains("pay") }
    #expect(await Self.names(mesh) == ["pay", "shop"])
    await mesh.stop()
  }

  @Test(.timeLimit(.minutes(10))) func whatIsStaleKeepsItsAgeWhileItIsListedAgain() async throws {
    let plane = FollowedPlane()
    let since = Instant(seconds: 10)
    let mesh = try await Self.followed(plane, [Self.there("shop"), .feed(Self.key, .stale("no answer", since))])
    await mesh.reconnect("east")
    try await Self.until { plane.followings == 2 }
    plane.tell([.feed(Self.key, .loading(0)), Self.there("new")], to: 1)
    try await Self.until { await Self.names(mesh).contains("new") }
    #expect(await mesh.current().staleSince("east") == since)
    plane.tell([.feed(Self.key, .live(.now))], to: 1)
    try await Self.until { await mesh.current().staleSince("east") == nil }
    await mesh.stop()
  }

  @Test(.timeLimit(.minutes(10))) func aPlaneSaysThatOneNamespaceAloneIsRead() async throws {
    let plane = FollowedPlane()
    let mesh = try await Self.followed(plane, [Self.there("shop"), .feed(Self.key, .live(.now, within: "shop"))])
    try await Self.until { await mesh.current().planes.first?.error?.contains("only namespace shop is read") == true }
    #expect(await mesh.current().planes.first?.state == .live)
    plane.tell([.feed(Self.key, .live(.now))], to: 0)
    try await Self.until { await mesh.current().planes.first?.error == nil }
    await mesh.stop()
  }

  @Test func whatIsNotFollowedIsNotBegun() async {
    let plane = FollowedPlane()
    let mesh = LiveMesh([PlaneConnection(name: "east", control: plane)])
    await mesh.reconnect("east")
    #expect(await mesh.tasks.isEmpty)
  }

  @Test func whatIsRefusedStaysAndWhatHasNoFeedWaitsForAll() {
    let services = MeshSnapshot.FeedKey(plane: "east", kind: "service")
    let pods = MeshSnapshot.FeedKey(plane: "east", kind: "pod")
    let refs = ["service", "pod", "workload"].map { ObjectRef(plane: "east", namespace: "shop", kind: $0, name: "a") }
    var renewal = Renewal(feeds: [services, pods], awaited: [services, pods], unseen: Set(refs))
    #expect(renewal.hear(.stale("no answer", .now), of: services).isEmpty)
    #expect(renewal.hear(.refused("no right"), of: services).isEmpty)
    #expect(Set(renewal.hear(.live(.now), of: pods)) == [refs[1], refs[2]])
    #expect(renewal.hear(.live(.now), of: pods).isEmpty)
    #expect(renewal.hear(.live(.now), of: services) == [refs[0]])
  }
}
