import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// The instances behind virtual nodes, from Cloud Map where one may ask it.
@Suite(.timeLimit(.minutes(10))) struct AppMeshInstancesTests {
  static func node(_ attributes: [(String, String)]) -> JSONValue {
    [
      "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]],
      "serviceDiscovery": [
        "awsCloudMap": [
          "namespaceName": "shop.local", "serviceName": "reviews",
          "attributes": .array(attributes.map { ["key": .string($0.0), "value": .string($0.1)] }),
        ]
      ],
    ]
  }

  static func instance(_ id: String, _ version: String, _ health: String = "HEALTHY") -> JSONValue {
    [
      "InstanceId": .string(id), "HealthStatus": .string(health),
      "Attributes": [
        "AWS_INSTANCE_IPV4": "10.0.1.7", "AWS_INSTANCE_PORT": "8080", "ECS_CLUSTER_NAME": "shop",
        "version": .string(version),
      ],
    ]
  }

  static func mesh() -> FakeAppMesh {
    let mesh = FakeAppMesh()
    mesh.store("shop/virtualNodes/reviews-v1", node([("version", "v1")]))
    mesh.store("shop/virtualNodes/reviews-v2", node([("version", "v2")]))
    mesh.store("shop/virtualNodes/web", ["serviceDiscovery": ["dns": ["hostname": "web.local"]]])
    mesh.change {
      $0.instances["reviews"] = [instance("a/1", "v1"), instance("b", "v1", "UNHEALTHY"), instance("c", "v2")]
    }
    return mesh
  }

  static func snapshot(_ plane: AppMeshPlane) async throws -> MeshSnapshot {
    let changes = Mutex<[MeshChange]>([])
    try await plane.read(nil, namespace: nil) { part in changes.withLock { $0 += part } }
    var snapshot = MeshSnapshot()
    for change in changes.withLock({ $0 }) { snapshot.apply(change) }
    return snapshot
  }

  static func workload(_ name: String) -> ObjectRef {
    ObjectRef(plane: "aws", namespace: "shop", kind: "workload", name: name)
  }

  @Test func eachNodeHasTheInstancesWithItsAttributes() async throws {
    let mesh = Self.mesh()
    let plane = try mesh.plane()
    let snapshot = try await Self.snapshot(plane)
    #expect(snapshot.readiness[Self.workload("reviews-v1")]?.total == 2)
    #expect(snapshot.readiness[Self.workload("reviews-v1")]?.ready == 1)
    #expect(snapshot.readiness[Self.workload("reviews-v2")]?.ready == 1)
    #expect(snapshot.readiness[Self.workload("web")] == nil)
    #expect(snapshot.endpoints.keys.map(\.name).sorted() == ["reviews-v1:a%2F1", "reviews-v1:b", "reviews-v2:c"])
    #expect(snapshot.endpoints.values.allSatisfy { $0.ports == [8080] && $0.address == "10.0.1.7" })
    let asked = zip(mesh.requests, mesh.signings).filter { $0.0.headers["X-Amz-Target"] != nil }
    #expect(asked.count == 2 && asked.allSatisfy { $0.1?.service == "servicediscovery" })
    // What was found a moment ago is not asked for again.
    _ = try await Self.snapshot(plane)
    #expect(mesh.requests.count { $0.headers["X-Amz-Target"] != nil } == 2)
  }

  @Test func whereOneMayNotAskTheReasonStandsThereAndNothingElseIsHidden() async throws {
    let mesh = Self.mesh()
    mesh.change {
      $0.discovery = FakeAppMesh.refusal(
        403, "AccessDeniedException", "not authorized to perform: servicediscovery:DiscoverInstances")
    }
    let plane = try mesh.plane()
    let snapshot = try await Self.snapshot(plane)
    #expect(snapshot.workloads.count == 3 && snapshot.endpoints.isEmpty)
    guard case .refused(let reason)? = snapshot.feeds[.init(plane: "aws", kind: "instance")] else {
      Issue.record("instances count as known")
      return
    }
    #expect(reason.contains("servicediscovery:DiscoverInstances"))
    #expect(mesh.requests.count { $0.headers["X-Amz-Target"] != nil } == 1)
    let check = await plane.check().first { $0.name == "instances" }
    #expect(check?.result == .warning && check?.detail.contains("not counted") == true)
    #expect(check?.remedy == "ask for servicediscovery:DiscoverInstances")
  }

  @Test func aServiceThatIsNotRegisteredIsOneNodesMatter() async throws {
    let mesh = Self.mesh()
    var node = Self.node([])
    node["serviceDiscovery"]?["awsCloudMap"]?["serviceName"] = "carts"
    mesh.store("shop/virtualNodes/carts", node)
    let snapshot = try await Self.snapshot(try mesh.plane())
    #expect(snapshot.readiness[Self.workload("reviews-v1")]?.total == 2)
    guard case .absent(let reason)? = snapshot.feeds[.init(plane: "aws", kind: "instance")] else {
      Issue.record("a service that is not registered goes unsaid")
      return
    }
    #expect(reason.contains("carts"))
  }

  @Test func whatTheCheckTellsOfInstances() async throws {
    let check = try await Self.mesh().plane().check().first { $0.name == "instances" }
    #expect(check?.detail == "Cloud Map tells 3 instances of 2 nodes; those of 1 node found otherwise nobody tells")
  }
}
