import MeshModel

/// The controller of Deployments, as far as the injector of Linkerd needs one: where the template of pods changes, they are
/// made anew, with what the template and the namespace then say.
struct Rollouts {
  private static let deployments = ResourceID("deployments", group: "apps")
  private static let pods = ResourceID("pods")

  let store: ObjectStore
  private var seen: [String: (version: Int, template: JSONValue)] = [:]

  /// Notes the templates as they are.
  init(store: ObjectStore) {
    self.store = store
    if hasWork { reconcile() }
  }

  /// Whether Linkerd is installed.
  var hasWork: Bool { store.types[ResourceID("servers", group: "policy.linkerd.io")] != nil }

  /// Makes the pods of changed templates anew.
  mutating func reconcile() {
    for object in store.list(Self.deployments) {
      let key = "\(object.namespace)/\(object.name)"
      let last = seen[key]
      guard last?.version != object.resourceVersion else { continue }
      let template = object.json["spec"]?["template"] ?? [:]
      seen[key] = (object.resourceVersion, template)
      guard let last, last.template != template else { continue }
      let selector = object.json["spec"]?["selector"]?["matchLabels"]?.stringMap ?? [:]
      for pod in store.list(Self.pods, namespace: object.namespace)
      where !selector.isEmpty && selector.allSatisfy({ pod.label($0.key) == $0.value }) {
        replace(pod, template, before: last.template)
      }
    }
  }

  private func replace(_ pod: StoredObject, _ template: JSONValue, before: JSONValue) {
    var json = pod.json(apiVersion: "v1", kind: "Pod")
    var annotations = json["metadata"]?["annotations"]?.object ?? JSONObject()
    for name in before["metadata"]?["annotations"]?.object?.names ?? [] { annotations[name] = nil }
    let isOfLinkerd = annotations["linkerd.io/proxy-version"] != nil
    let inherited = store.get(ResourceID("namespaces"), name: pod.namespace)?.json["metadata"]?["annotations"]
    for member in inherited?.object?.members ?? [] where isOfLinkerd && member.name.hasPrefix("config.linkerd.io/") {
      annotations[member.name] = member.value
    }
    for member in template["metadata"]?["annotations"]?.object?.members ?? [] {
      annotations[member.name] = member.value
    }
    for name in ["uid", "creationTimestamp", "resourceVersion", "generation"] { json["metadata"]?[name] = nil }
    let base = pod.name.lastIndex(of: "-").map { String(pod.name[..<$0]) } ?? pod.name
    json["metadata"]?["name"] = .string("\(base)-\(ObjectIdentity.nameSuffix())")
    json["metadata"]?["annotations"] = annotations.isEmpty ? nil : .object(annotations)
    // Whoever deleted it meanwhile needs no other.
    guard (try? store.delete(Self.pods, namespace: pod.namespace, name: pod.name)) != nil else { return }
    _ = try? store.create(json)
  }
}
