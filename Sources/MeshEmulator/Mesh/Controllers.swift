import MeshModel

/// The controllers of the configuration APIs beside Istio's: they report in the status what they made of an object.
struct Controllers: Sendable {
  let store: ObjectStore

  /// The kinds that have a controller here.
  private static let gateways = ["gateways", "listenersets"].map {
    ResourceID($0, group: "gateway.networking.k8s.io")
  }
  private static let backendTLS = ResourceID("backendtlspolicies", group: "gateway.networking.k8s.io")
  /// What its controller accepts, in words of the Gateway API: whose status is a list of conditions alone.
  private static let accepted =
    [ResourceID("gatewayclasses", group: "gateway.networking.k8s.io")]
    + ["httplocalratelimitpolicies", "egressnetworks"].map { ResourceID($0, group: "policy.linkerd.io") }
  private static let machines = ResourceID("externalworkloads", group: "workload.linkerd.io")
  private static let knativeServices = ResourceID("services", group: "serving.knative.dev")
  private static let knativeRoutes = ResourceID("routes", group: "serving.knative.dev")
  private static let routes =
    ["httproutes", "grpcroutes", "tlsroutes", "tcproutes"].map { ResourceID($0, group: "gateway.networking.k8s.io") }
    + [ResourceID("httproutes", group: "policy.linkerd.io")]

  /// Whether any kind that has a controller is served.
  var hasWork: Bool {
    (Self.routes + Self.gateways + Self.accepted + [Self.knativeServices, Self.backendTLS, Self.machines])
      .contains { store.types[$0] != nil }
  }

  /// Brings the status of every object up to its present generation.
  func reconcile() {
    for kind in Self.routes where store.types[kind] != nil {
      for object in store.list(kind) { report(object) { routeStatus($0, object) } }
    }
    for kind in Self.gateways where store.types[kind] != nil {
      for object in store.list(kind) { report(object) { gatewayStatus($0, object) } }
    }
    if store.types[Self.backendTLS] != nil {
      for object in store.list(Self.backendTLS) { report(object) { backendTLSStatus($0, object) } }
    }
    for kind in Self.accepted where store.types[kind] != nil {
      for object in store.list(kind) {
        report(object) { ["conditions": [condition("Accepted", true, "Accepted", "", $0)]] }
      }
    }
    if store.types[Self.machines] != nil {
      for object in store.list(Self.machines) {
        report(object) { json in
          var status = json["status"] ?? [:]
          if status["conditions"] == nil { status["conditions"] = [condition("Ready", true, "Probed", "", json)] }
          return status
        }
      }
    }
    if store.types[Self.knativeServices] != nil {
      for object in store.list(Self.knativeServices) { report(object) { knativeStatus($0, name: object.name) } }
      for object in store.list(Self.knativeRoutes) { report(object) { knativeRouteStatus($0, object) } }
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
    let isOfLinkerd = object.resource.group == "policy.linkerd.io"
    // Where Linkerd is installed its policy controller reports on every route of a Service too.
    let hasLinkerd = store.types[ResourceID("servers", group: "policy.linkerd.io")] != nil
    var missing: [String] = []
    for rule in json["spec"]?["rules"]?.array ?? [] {
      for backend in rule["backendRefs"]?.array ?? [] {
        guard backend["kind"]?.string ?? "Service" == "Service" else { continue }
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
        (json["spec"]?["parentRefs"]?.array ?? []).flatMap { parent -> [JSONValue] in
          let kind = parent["kind"]?.string ?? "Gateway"
          let isForLinkerd = isOfLinkerd || kind == "EgressNetwork"
          var controllers = isForLinkerd ? [] : ["istio.io/gateway-controller"]
          if isForLinkerd || (hasLinkerd && kind == "Service") { controllers.append("linkerd.io/policy-controller") }
          return controllers.map { controller in
            [
              "parentRef": parent, "controllerName": .string(controller),
              "conditions": [condition("Accepted", true, "Accepted", "", json), resolved],
            ]
          }
        })
    ]
  }

  /// For each gateway of its namespace: whether the Services it is for are there.
  private func backendTLSStatus(_ json: JSONValue, _ object: StoredObject) -> JSONValue {
    let missing = json["spec"].elements("targetRefs").compactMap { $0["name"]?.string }
      .filter { store.get(ResourceID("services"), namespace: object.namespace, name: $0) == nil }
    let accepted =
      missing.isEmpty
      ? condition("Accepted", true, "Accepted", "", json)
      : condition("Accepted", false, "TargetNotFound", "no Service \(missing.joined(separator: ", "))", json)
    return [
      "ancestors": .array(
        store.list(Self.gateways[0], namespace: object.namespace).map { gateway in
          [
            "ancestorRef": [
              "group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": .string(gateway.namespace),
              "name": .string(gateway.name),
            ],
            "controllerName": "istio.io/gateway-controller",
            "conditions": [accepted, condition("ResolvedRefs", true, "ResolvedRefs", "", json)],
          ]
        })
    ]
  }

  /// A Gateway, or listeners added to one, which are accepted where it is there.
  private func gatewayStatus(_ json: JSONValue, _ object: StoredObject) -> JSONValue {
    let parent = json["spec"]?["parentRef"]
    let isThere =
      parent == nil
      || store.get(
        Self.gateways[0], namespace: parent?["namespace"]?.string ?? object.namespace,
        name: parent?["name"]?.string ?? "") != nil
    return [
      "conditions": [
        condition("Accepted", isThere, isThere ? "Accepted" : "ParentNotAccepted", "", json),
        condition("Programmed", isThere, isThere ? "Programmed" : "Pending", "", json),
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
}
