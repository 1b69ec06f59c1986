import MeshModel

/// The controllers of the configuration APIs beside Istio's: they report in the status what they made of an object.
struct Controllers: Sendable {
  let store: ObjectStore

  /// The kinds that have a controller here.
  private static let gateways = ResourceID("gateways", group: "gateway.networking.k8s.io")
  private static let knative = ResourceID("services", group: "serving.knative.dev")
  private static let routes =
    ["httproutes", "grpcroutes", "tlsroutes", "tcproutes"].map { ResourceID($0, group: "gateway.networking.k8s.io") }
    + [ResourceID("httproutes", group: "policy.linkerd.io")]

  /// Whether any kind that has a controller is served.
  var hasWork: Bool { (Self.routes + [Self.gateways, Self.knative]).contains { store.types[$0] != nil } }

  /// Brings the status of every object up to its present generation.
  func reconcile() {
    for kind in Self.routes where store.types[kind] != nil {
      for object in store.list(kind) { report(object) { routeStatus($0, object) } }
    }
    if store.types[Self.gateways] != nil {
      for object in store.list(Self.gateways) { report(object) { gatewayStatus($0) } }
    }
    if store.types[Self.knative] != nil {
      for object in store.list(Self.knative) { report(object) { knativeStatus($0, name: object.name) } }
    }
  }

  private func report(_ object: StoredObject, _ status: (JSONValue) -> JSONValue) {
    let json = object.json
    let wanted = status(json)
    guard json["status"] != wanted else { return }
    // Whoever deleted it meanwhile needs no status.
    _ = try? store.update(object.resource, namespace: object.namespace, name: object.name) { $0["status"] = wanted }
  }

  private func condition(_ type: String, _ holds: Bool, _ reason: String, _ message: String, _ json: JSONValue)
    -> JSONValue
  {
    [
      "type": .string(type), "status": holds ? "True" : "False", "reason": .string(reason),
      "message": .string(message), "observedGeneration": json["metadata"]?["generation"] ?? 1,
      "lastTransitionTime": json["metadata"]?["creationTimestamp"] ?? "1970-01-01T00:00:00Z",
    ]
  }

  private func routeStatus(_ json: JSONValue, _ object: StoredObject) -> JSONValue {
    let isLinkerd = object.resource.group == "policy.linkerd.io"
    var missing: [String] = []
    for rule in json["spec"]?["rules"]?.array ?? [] {
      for backend in rule["backendRefs"]?.array ?? [] {
        let name = backend["name"]?.string ?? ""
        let namespace = backend["namespace"]?.string ?? object.namespace
        if store.get(ResourceID("services"), namespace: namespace, name: name) == nil {
          missing.append("\(namespace)/\(name)")
        }
      }
    }
    let resolved =
      missing.isEmpty
      ? condition("ResolvedRefs", true, "ResolvedRefs", "", json)
      : condition("ResolvedRefs", false, "BackendNotFound", "no Service \(missing.joined(separator: ", "))", json)
    return [
      "parents": .array(
        (json["spec"]?["parentRefs"]?.array ?? []).map { parent in
          [
            "parentRef": parent,
            "controllerName": isLinkerd ? "linkerd.io/policy-controller" : "istio.io/gateway-controller",
            "conditions": [condition("Accepted", true, "Accepted", "", json), resolved],
          ]
        })
    ]
  }

  private func gatewayStatus(_ json: JSONValue) -> JSONValue {
    [
      "conditions": [
        condition("Accepted", true, "Accepted", "", json), condition("Programmed", true, "Programmed", "", json),
      ],
      "listeners": .array(
        (json["spec"]?["listeners"]?.array ?? []).map { listener in
          [
            "name": listener["name"] ?? "", "attachedRoutes": 1, "supportedKinds": [],
            "conditions": [
              condition("Accepted", true, "Accepted", "", json),
              condition("Programmed", true, "Programmed", "", json),
              condition("ResolvedRefs", true, "ResolvedRefs", "", json),
            ],
          ]
        }),
    ]
  }

  private func knativeStatus(_ json: JSONValue, name: String) -> JSONValue {
    let latest = json["status"]?["latestReadyRevisionName"] ?? .string("\(name)-00001")
    let traffic = json["spec"]?["traffic"]?.array ?? [["latestRevision": true, "percent": 100]]
    var status = json["status"] ?? [:]
    status["observedGeneration"] = json["metadata"]?["generation"] ?? 1
    status["latestReadyRevisionName"] = latest
    status["latestCreatedRevisionName"] = status["latestCreatedRevisionName"] ?? latest
    status["url"] = .string("http://\(name).\(json["metadata"]?["namespace"]?.string ?? "default").example.com")
    status["traffic"] = .array(
      traffic.map { target in
        var target = target
        target["revisionName"] = target["revisionName"] ?? latest
        target["latestRevision"] = target["latestRevision"] ?? false
        return target
      })
    status["conditions"] = .array(
      ["ConfigurationsReady", "Ready", "RoutesReady"].map { type in
        [
          "type": .string(type), "status": "True",
          "lastTransitionTime": json["metadata"]?["creationTimestamp"] ?? "1970-01-01T00:00:00Z",
        ]
      })
    return status
  }
}
