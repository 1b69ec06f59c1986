import MeshModel
import MeshPlanes
import Testing

/// Addresses that are no pod's, as the embedded mesh and a real API server tell of them.
@Suite(.serialized, .timeLimit(.minutes(20))) struct EndpointContractTests {
  static func slice(_ name: String, in namespace: String, manager: String, _ endpoints: [JSONValue]) -> JSONValue {
    [
      "kind": "EndpointSlice",
      "metadata": [
        "name": .string(name), "namespace": .string(namespace),
        "labels": [
          "kubernetes.io/service-name": "meshdeck-hosts", "endpointslice.kubernetes.io/managed-by": .string(manager),
        ],
      ],
      "addressType": "IPv4", "endpoints": .array(endpoints),
      "ports": [["name": "tcp", "port": 5432, "protocol": "TCP"]],
    ]
  }

  @Test(arguments: ContractServer.all) func addressesWrittenForAServiceAreItsInstances(
    _ server: ContractServer
  ) async throws {
    guard let plane = try await server.plane() else { return }
    let namespace = try await KubernetesContractTests.namespace(plane)
    let slices = [
      Self.slice(
        "meshdeck-hosts-1", in: namespace, manager: "meshdeck-contract",
        [
          ["addresses": ["10.9.0.1"], "conditions": [:]],
          ["addresses": ["203.0.113.9"], "conditions": ["ready": false]],
          ["addresses": ["10.9.0.2"], "targetRef": ["kind": "Pod", "name": "x"]],
        ]),
      Self.slice(
        "meshdeck-hosts-2", in: namespace, manager: "endpointslice-controller.k8s.io", [["addresses": ["10.9.0.3"]]]),
    ]
    for slice in slices {
      let name = slice["metadata"]?["name"]?.string ?? ""
      let ref = ObjectRef(plane: "contract", namespace: namespace, kind: "endpointslice", name: name)
      try await KubernetesContractTests.clear(plane, ref)
      try await Self.create(slice, as: ref, through: plane)
    }
    let gathered = Gathered()
    try await plane.read(["endpoint"], namespace: namespace) { await gathered.take($0) }
    let snapshot = await gathered.snapshot
    let workload = ObjectRef(plane: "contract", namespace: namespace, kind: "endpoints", name: "meshdeck-hosts")
    let found = snapshot.endpoints.values.filter { $0.workload == workload }.sorted { $0.address < $1.address }
    #expect(found.map(\.address) == ["10.9.0.1", "203.0.113.9"])
    #expect(found.map(\.isReady) == [true, false])
    #expect(found.map(\.runtime) == [.vm, .external])
    #expect(found.allSatisfy { $0.ports == [5432] && $0.proxy == .none })
    #expect(snapshot.readiness[workload] == MeshSnapshot.Readiness(ready: 1, total: 2, proxies: [.none: 2]))
    #expect(snapshot.workloads[workload]?.nativeKind == "endpointslice")
    for slice in slices {
      let name = slice["metadata"]?["name"]?.string ?? ""
      try await KubernetesContractTests.clear(
        plane, ObjectRef(plane: "contract", namespace: namespace, kind: "endpointslice", name: name))
    }
  }

  /// Makes a slice in the version the server has: before Kubernetes 1.21 it was v1beta1.
  private static func create(_ slice: JSONValue, as ref: ObjectRef, through plane: KubernetesPlane) async throws {
    func step(_ version: String) -> Step {
      var object = slice
      object["apiVersion"] = .string("discovery.k8s.io/\(version)")
      return Step.creating(
        object, as: ref, in: "/apis/discovery.k8s.io/\(version)/namespaces/\(ref.namespace)/endpointslices")
    }
    do {
      _ = try await plane.apply(step("v1"))
    } catch {
      _ = try await plane.apply(step("v1beta1"))
    }
  }

  private actor Gathered {
    var snapshot = MeshSnapshot()

    func take(_ changes: [MeshChange]) { for change in changes { snapshot.apply(change) } }
  }
}
