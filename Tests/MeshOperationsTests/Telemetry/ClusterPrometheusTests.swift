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
}
