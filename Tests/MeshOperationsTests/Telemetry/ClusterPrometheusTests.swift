import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

/// Which service of a cluster is taken for its Prometheus.
@Suite struct ClusterPrometheusTests {
  private static func service(_ name: String, in namespace: String) -> NativeObject {
    let json: JSONValue = [
      "metadata": ["labels": ["app.kubernetes.io/name": "prometheus", "app": "prometheus"]],
      "spec": ["ports": [["port": 9090]]],
    ]
    let ref = ObjectRef(plane: "lab", namespace: namespace, kind: "service", name: name)
    return NativeObject(ref: ref, path: "/services/\(name)", json: json, version: "1")
  }

  @Test(arguments: ["istio-system", "linkerd-viz", "monitoring", "prometheus", "observability"])
  func theOneOfAUsualInstallationIs(namespace: String) {
    #expect(
      ClusterPrometheus.place(Self.service("prometheus", in: namespace))
        == "/api/v1/namespaces/\(namespace)/services/prometheus:9090/proxy")
    #expect(ClusterPrometheus.place(Self.service("grafana", in: namespace)) == nil)
  }

  @Test func aTenantsIsNotWhateverItCallsItself() {
    #expect(ClusterPrometheus.place(Self.service("prometheus", in: "shop")) == nil)
    #expect(ClusterPrometheus.place(Self.service("prometheus-operated", in: "a-tenant")) == nil)
  }

  /// A cluster with some services, of which not every namespace may be looked at.
  private struct Cluster: QuietPlane {
    var services: [NativeObject]
    var closed: String?
    var failing: String?

    var plane: Plane { Plane(name: "lab", kind: .kubernetes, address: "memory") }
    func read(
      _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
    ) async throws(MeshError) {}
    func changes() -> AsyncStream<[MeshChange]> { AsyncStream { $0.finish() } }
    func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
      guard let namespace else { throw MeshError(.refused, "ten thousand services") }
      if namespace == failing { throw MeshError(.unreachable, "no answer about \(namespace)") }
      if namespace == closed { throw MeshError(.forbidden, "not in \(namespace)") }
      return services.filter { $0.ref.namespace == namespace }
    }
  }

  @Test func itIsLookedForInItsHomesAndNotInTheWholeCluster() async throws {
    let found = Cluster(services: [
      Self.service("prometheus", in: "shop"), Self.service("grafana", in: "istio-system"),
      Self.service("prometheus-k8s", in: "monitoring"),
    ])
    let path = "/api/v1/namespaces/monitoring/services/prometheus-k8s:9090/proxy"
    #expect(try await ClusterPrometheus.place(on: found) == path)
    // One closed namespace hides no other, one that was not read may hold the one that is meant.
    #expect(try await ClusterPrometheus.place(on: Cluster(services: found.services, closed: "istio-system")) == path)
    let failing = Cluster(services: found.services, failing: "istio-system")
    await #expect(throws: MeshError.self) { try await ClusterPrometheus.place(on: failing) }
    #expect(try await ClusterPrometheus.place(on: Cluster(services: found.services, failing: "prometheus")) == path)
  }

  @Test func whereNoneIsFoundTheReasonIsTheOneThatCounts() async {
    await #expect { _ = try await ClusterPrometheus.place(on: Cluster(services: [])) } throws: {
      ($0 as? MeshError)?.code == .notFound
    }
    await #expect { _ = try await ClusterPrometheus.place(on: Cluster(services: [], closed: "monitoring")) } throws: {
      ($0 as? MeshError)?.code == .forbidden
    }
  }
}
