import MeshModel

/// The controller that makes an EndpointSlice of the Endpoints that somebody wrote for a Service without selector.
///
/// Source: Kubernetes, "EndpointSlice mirroring": one slice a subset, with the labels of the Endpoints.
struct EndpointMirror {
  private static let endpoints = ResourceID("endpoints")
  private static let slices = ResourceID("endpointslices", group: "discovery.k8s.io")
  private static let services = ResourceID("services")

  let store: ObjectStore
  /// The slices made so far.
  private var made: Set<Slice> = []

  private struct Slice: Hashable {
    var namespace: String
    var name: String
  }

  init(store: ObjectStore) { self.store = store }

  /// Makes the slices those that the Endpoints ask for.
  mutating func reconcile() {
    guard store.count(Self.endpoints) > 0 || !made.isEmpty else { return }
    var wanted: Set<Slice> = []
    for object in store.list(Self.endpoints) {
      guard object.label("endpointslice.kubernetes.io/skip-mirror") != "true",
        let service = store.get(Self.services, namespace: object.namespace, name: object.name),
        service.json["spec"]?["selector"]?.object?.isEmpty ?? true
      else { continue }
      for (number, subset) in (object.json["subsets"]?.array ?? []).enumerated() {
        let slice = Slice(namespace: object.namespace, name: "\(object.name)-mirrored\(number + 1)")
        // Whoever wrote an object of that name meanwhile keeps it.
        guard (try? store.put(Self.slice(subset, of: object, name: slice.name))) != nil else { continue }
        wanted.insert(slice)
      }
    }
    for slice in made.subtracting(wanted) {
      try? store.delete(Self.slices, namespace: slice.namespace, name: slice.name)
    }
    made = wanted
  }

  private static func slice(_ subset: JSONValue, of object: StoredObject, name: String) -> JSONValue {
    var labels = JSONObject(object.labels.map { .init(name: $0.key, value: .string($0.value)) })
    labels["kubernetes.io/service-name"] = .string(object.name)
    labels["endpointslice.kubernetes.io/managed-by"] = "endpointslicemirroring-controller.k8s.io"
    func addresses(_ member: String, isReady: Bool) -> [JSONValue] {
      (subset[member]?.array ?? []).map { address in
        var endpoint: JSONValue = ["addresses": [address["ip"] ?? ""], "conditions": ["ready": .bool(isReady)]]
        if let target = address["targetRef"] { endpoint["targetRef"] = target }
        return endpoint
      }
    }
    return [
      "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
      "metadata": ["name": .string(name), "namespace": .string(object.namespace), "labels": .object(labels)],
      "addressType": "IPv4",
      "endpoints": .array(
        addresses("addresses", isReady: true) + addresses("notReadyAddresses", isReady: false)),
      "ports": subset["ports"] ?? [],
    ]
  }
}
