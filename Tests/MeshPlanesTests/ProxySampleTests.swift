import MeshModel
import Testing

@testable import MeshPlanes

/// Which proxies are asked for the routes of a mesh.
@Suite struct ProxySampleTests {
  private static func ref(_ kind: ObjectKind, _ name: String, in namespace: String = "shop") -> ObjectRef {
    ObjectRef(plane: "lab", namespace: namespace, kind: kind, name: name)
  }

  /// Workloads `a`…, each of some pods, in two namespaces, and a gateway.
  private static func snapshot(workloads: Int, replicas: Int) -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    func add(_ name: String, in namespace: String, of workload: String, _ proxy: ProxyMode) {
      snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: ref("pod", name, in: namespace), workload: ref("workload", workload, in: namespace), labels: [:],
              ports: [8080], isReady: true, proxy: proxy, acceptsMeshTLS: true, serviceAccount: "x"))))
    }
    for workload in 0..<workloads {
      for replica in 0..<replicas {
        add("a\(workload)-\(replica)", in: "shop", of: "a\(workload)", .sidecar)
        add("b\(workload)-\(replica)", in: "away", of: "b\(workload)", .sidecar)
      }
    }
    add("gateway-0", in: "edge", of: "gateway", .gateway)
    add("plain-0", in: "shop", of: "plain", .none)
    return snapshot
  }

  private static func route(attachedTo: [String] = ["mesh"], exportTo: [String] = []) -> Route {
    Route(
      ref: ref("virtualservice", "reviews"), dialect: .istio, apiVersion: "networking.istio.io/v1", hosts: ["reviews"],
      attachedTo: attachedTo, exportTo: exportTo, rules: [])
  }

  private static func names(
    _ route: Route, _ snapshot: MeshSnapshot, known: [ProxyState] = [], limit: Int
  ) -> [String] {
    ProxySample(snapshot: snapshot, plane: "lab").proxies(for: [route], known: known, limit: limit).map(\.name)
  }

  @Test func oneOfEachWorkloadOfTheRoutesNamespaceComesFirst() {
    let snapshot = Self.snapshot(workloads: 3, replicas: 4)
    #expect(Self.names(Self.route(), snapshot, limit: 2) == ["a0-0", "a1-0"])
    #expect(Self.names(Self.route(), snapshot, limit: 5) == ["a0-0", "a1-0", "a2-0", "b0-0", "b1-0"])
  }

  @Test func replicasFillUpWhereWorkloadsAreFew() {
    let snapshot = Self.snapshot(workloads: 1, replicas: 3)
    #expect(
      Self.names(Self.route(exportTo: ["."]), snapshot, limit: 8) == ["a0-0", "a0-1", "a0-2"],
      "the route is of this namespace alone, and what has no proxy cannot be asked")
  }

  @Test func gatewaysAreAskedForWhatIsAttachedToThem() {
    let snapshot = Self.snapshot(workloads: 3, replicas: 2)
    #expect(Self.names(Self.route(attachedTo: ["shop/entrance"]), snapshot, limit: 2) == ["gateway-0", "a0-0"])
    #expect(!Self.names(Self.route(), snapshot, limit: 4).contains("gateway-0"))
  }

  @Test func whatIsNotInStepIsAskedBeforeAll() {
    let snapshot = Self.snapshot(workloads: 3, replicas: 2)
    let known = snapshot.endpoints.keys.sorted().map { ref in
      ProxyState(ref: ref, sync: [.rds: ref.name == "b2-1" ? .stale : .synced])
    }
    #expect(Self.names(Self.route(), snapshot, known: known, limit: 3) == ["b2-1", "a0-0", "a1-0"])
  }
}
