import MeshModel
import Testing

@Suite("Mesh snapshot")
struct MeshSnapshotTests {
  static let workload = ObjectRef(plane: "p", namespace: "shop", kind: "deployment", name: "web")

  static func pod(_ name: String, ready: Bool = true, proxy: ProxyMode = .sidecar, of workload: ObjectRef = workload)
    -> Endpoint
  {
    Endpoint(
      ref: ObjectRef(plane: workload.plane, namespace: "shop", kind: "pod", name: name), workload: workload,
      isReady: ready, proxy: proxy, acceptsMeshTLS: proxy == .sidecar)
  }

  static func service(_ name: String, plane: PlaneName = "p") -> Service {
    Service(ref: ObjectRef(plane: plane, namespace: "shop", kind: "service", name: name), hosts: [name], ports: [])
  }

  @Test("readiness follows endpoints as they come, change, move and go")
  func readiness() {
    var snapshot = MeshSnapshot()
    snapshot.apply(.upsert(.endpoint(Self.pod("a"))))
    snapshot.apply(.upsert(.endpoint(Self.pod("b", ready: false))))
    snapshot.apply(.upsert(.endpoint(Self.pod("c", proxy: .none))))
    #expect(snapshot.readiness[Self.workload]?.ready == 2)
    #expect(snapshot.readiness[Self.workload]?.total == 3)
    #expect(snapshot.readiness[Self.workload]?.proxies == [.sidecar: 2, .none: 1])
    #expect(snapshot.readiness[Self.workload]?.proxy == .sidecar)

    // The same pod told twice is one pod; a change replaces what it counted for.
    snapshot.apply(.upsert(.endpoint(Self.pod("a"))))
    snapshot.apply(.upsert(.endpoint(Self.pod("b", ready: true, proxy: .none))))
    #expect(snapshot.readiness[Self.workload]?.ready == 3)
    #expect(snapshot.readiness[Self.workload]?.total == 3)
    #expect(snapshot.readiness[Self.workload]?.proxies == [.sidecar: 1, .none: 2])

    let other = ObjectRef(plane: "p", namespace: "shop", kind: "deployment", name: "other")
    snapshot.apply(.upsert(.endpoint(Self.pod("c", of: other))))
    #expect(snapshot.readiness[Self.workload]?.total == 2)
    #expect(snapshot.readiness[other]?.total == 1)

    for name in ["a", "b", "c", "c", "never"] { snapshot.apply(.remove(Self.pod(name).ref)) }
    #expect(snapshot.readiness.isEmpty)
    #expect(snapshot.endpoints.isEmpty)
  }

  @Test("what is told again as it is known changes nothing, and keeps its place")
  func toldAgain() throws {
    var snapshot = MeshSnapshot()
    snapshot.apply(.upsert(.endpoint(Self.pod("a"))))
    snapshot.apply(.upsert(.service(Self.service("web"))))
    let before = snapshot
    let places = (try #require(before.endpoints.kept.first), try #require(before.services.kept.first))
    snapshot.apply(.upsert(.endpoint(Self.pod("a"))))
    snapshot.apply(.upsert(.service(Self.service("web"))))
    #expect(snapshot.generation == before.generation)
    #expect(snapshot.endpoints.kept.first === places.0 && snapshot.services.kept.first === places.1)
    snapshot.apply(.upsert(.endpoint(Self.pod("a", ready: false))))
    #expect(snapshot.generation != before.generation)
    #expect(snapshot.endpoints.kept.first !== places.0 && snapshot.services.kept.first === places.1)
  }

  @Test("a reset replaces its kind on its plane and nothing else")
  func reset() {
    var snapshot = MeshSnapshot()
    for name in ["a", "b", "c"] { snapshot.apply(.upsert(.service(Self.service(name)))) }
    snapshot.apply(.upsert(.service(Self.service("a", plane: "q"))))
    snapshot.apply(.upsert(.endpoint(Self.pod("pod"))))
    var changed = Self.service("b")
    changed.hosts = ["b.new"]
    snapshot.apply(.reset(.init(plane: "p", kind: "service"), [.service(changed), .service(Self.service("d"))]))
    #expect(
      Set(snapshot.services.map { $0.key.description }) == ["p/shop/service/b", "p/shop/service/d", "q/shop/service/a"])
    #expect(snapshot.services[changed.ref]?.hosts == ["b.new"])
    #expect(snapshot.endpoints.count == 1)

    snapshot.apply(.reset(.init(plane: "p", kind: "pod"), [.endpoint(Self.pod("x")), .endpoint(Self.pod("y"))]))
    #expect(snapshot.readiness[Self.workload]?.total == 2)
    snapshot.apply(.reset(.init(plane: "p", kind: "pod"), []))
    #expect(snapshot.readiness.isEmpty)
  }

  @Test("a copy is not changed by what happens later")
  func values() {
    var snapshot = MeshSnapshot()
    snapshot.apply(.upsert(.service(Self.service("a"))))
    let before = snapshot
    snapshot.apply(.remove(Self.service("a").ref))
    snapshot.apply(.feed(.init(plane: "p", kind: "service"), .loading(3)))
    #expect(before.services.count == 1)
    #expect(before.feeds.isEmpty)
    #expect(snapshot.services.isEmpty)
    #expect(snapshot.feeds[.init(plane: "p", kind: "service")] == .loading(3))
  }
}
