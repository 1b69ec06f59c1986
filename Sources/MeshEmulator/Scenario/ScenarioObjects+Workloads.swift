import MeshModel

extension ScenarioObjects {
  /// A deployment, its replica set and its pods.
  mutating func emitWorkload(
    _ app: Scenario.App, _ version: Scenario.Version, image: String?, endpoints: inout [JSONValue]
  ) throws {
    let name = app.workloadName(version)
    let key = "\(app.namespace)/\(name)"
    var own = labels(app, version)
    let deploymentUID = names.uuid("Deployment/\(key)")
    let hash = names.suffix("hash/\(key)", length: 9)
    let selector = JSONValue.object(own)
    let image = image ?? "registry.example/\(app.name):\(version.name.isEmpty ? "v1" : version.name)"
    let container: JSONValue = ["name": .string(app.name), "image": .string(image), "resources": [:]]
    let template: JSONValue = [
      "metadata": ["labels": selector],
      "spec": [
        "containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "serviceAccountName": .string(app.name), "serviceAccount": .string(app.name),
        "securityContext": [:], "schedulerName": "default-scheduler",
      ],
    ]
    let metadata: JSONValue = [
      "name": .string(name), "namespace": .string(app.namespace), "labels": selector, "uid": .string(deploymentUID),
    ]
    let isAvailable = version.ready == version.replicas
    try emit(
      stamped([
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": [
          "replicas": .int(version.replicas), "selector": ["matchLabels": selector], "template": template,
          "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"]],
          "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        ],
        "status": [
          "observedGeneration": 1, "replicas": .int(version.replicas), "updatedReplicas": .int(version.replicas),
          "readyReplicas": .int(version.ready), "availableReplicas": .int(version.ready),
          "conditions": [
            [
              "type": "Available", "status": isAvailable ? "True" : "False",
              "reason": isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            ]
          ],
        ],
      ]))
    own["pod-template-hash"] = .string(hash)
    let replicaSetUID = names.uuid("ReplicaSet/\(key)")
    try emit(
      stamped([
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": [
          "name": .string("\(name)-\(hash)"), "namespace": .string(app.namespace), "labels": .object(own),
          "uid": .string(replicaSetUID),
          "ownerReferences": [Self.owner("Deployment", "apps/v1", name, deploymentUID)],
        ],
        "spec": ["replicas": .int(version.replicas), "selector": ["matchLabels": .object(own)]],
        "status": [
          "replicas": .int(version.replicas), "readyReplicas": .int(version.ready),
          "availableReplicas": .int(version.ready), "observedGeneration": 1,
        ],
      ]))
    let owner = Self.owner("ReplicaSet", "apps/v1", "\(name)-\(hash)", replicaSetUID)
    for index in 0..<version.replicas {
      let pod = PodSpecimen(
        name: "\(name)-\(hash)-\(names.suffix("pod/\(key)/\(index)", length: 5))", index: index,
        isReady: index < version.ready, address: podIP())
      try emit(stamped(self.pod(pod, app, version, labels: own, owner: owner, image: image)))
      endpoints.append([
        "addresses": [.string(pod.address)],
        "conditions": ["ready": .bool(pod.isReady), "serving": .bool(pod.isReady), "terminating": false],
        "nodeName": .string("node-\(["a", "b", "c"][index % 3])"),
        "targetRef": ["kind": "Pod", "namespace": .string(app.namespace), "name": .string(pod.name)],
      ])
    }
  }

  /// What tells one pod of a workload from another.
  struct PodSpecimen {
    var name: String
    var index: Int
    var isReady: Bool
    var address: String
  }

  private func pod(
    _ pod: PodSpecimen, _ app: Scenario.App, _ version: Scenario.Version, labels: JSONObject, owner: JSONValue,
    image: String
  ) -> JSONValue {
    var labels = labels
    var annotations = JSONObject()
    var containers: [(name: String, image: String)] = []
    if app.proxy != .gateway { containers.append((app.name, image)) }
    if app.proxy == .sidecar || app.proxy == .gateway {
      let isSOFA = scenario.mesh.isSOFA
      containers.append(("istio-proxy", "registry.example/\(isSOFA ? "mosn" : "proxyv2"):\(scenario.mesh.version)"))
      annotations["sidecar.istio.io/status"] =
        isSOFA ? #"{"containers":["istio-proxy"]}"# : #"{"containers":["istio-proxy"],"revision":"default"}"#
      if !isSOFA {
        if app.proxy == .sidecar { labels["security.istio.io/tlsMode"] = "istio" }
        labels["service.istio.io/canonical-name"] = .string(app.name)
        labels["service.istio.io/canonical-revision"] = .string(version.name.isEmpty ? "latest" : version.name)
      }
    }
    if app.proxy == .linkerd {
      containers.append(("linkerd-proxy", "registry.example/linkerd/proxy:\(LinkerdProxy.version)"))
      labels["linkerd.io/control-plane-ns"] = "linkerd"
      labels["linkerd.io/workload-ns"] = .string(app.namespace)
      labels["linkerd.io/proxy-deployment"] = .string(app.workloadName(version))
      annotations["linkerd.io/inject"] = "enabled"
      annotations["linkerd.io/proxy-version"] = .string(LinkerdProxy.version)
    }
    if app.proxy == .ambient { annotations["ambient.istio.io/redirection"] = "enabled" }
    for habit in scenario.habits
    where habit.workload == "\(app.namespace)/\(app.workloadName(version))" && habit.instance == pod.index {
      if let lag = habit.lag { annotations[ProxyAnnotation.lag] = .string("\(lag)") }
      if let text = habit.rejects { annotations[ProxyAnnotation.rejects] = .string(text) }
    }
    var metadata: JSONValue = [
      "name": .string(pod.name), "namespace": .string(app.namespace), "labels": .object(labels),
    ]
    if !annotations.isEmpty { metadata["annotations"] = .object(annotations) }
    metadata["ownerReferences"] = [owner]
    let started = JSONValue.string(Timestamp.text(created))
    let ready: JSONValue = pod.isReady ? "True" : "False"
    return [
      "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
      "spec": [
        "containers": .array(
          containers.map { container in
            var value: JSONValue = ["name": .string(container.name), "image": .string(container.image)]
            if container.name == app.name {
              value["ports"] = .array(
                app.ports.map {
                  ["name": .string(String($0.name.prefix(15))), "containerPort": .int($0.target), "protocol": "TCP"]
                })
            }
            return value
          }),
        "restartPolicy": "Always", "serviceAccountName": .string(app.name), "serviceAccount": .string(app.name),
        "nodeName": .string("node-\(["a", "b", "c"][pod.index % 3])"),
      ],
      "status": [
        "phase": "Running",
        "conditions": [
          ["type": "PodScheduled", "status": "True", "lastTransitionTime": started],
          ["type": "Initialized", "status": "True", "lastTransitionTime": started],
          ["type": "ContainersReady", "status": ready, "lastTransitionTime": started],
          ["type": "Ready", "status": ready, "lastTransitionTime": started],
        ],
        "podIP": .string(pod.address), "podIPs": [["ip": .string(pod.address)]], "startTime": started,
        "containerStatuses": .array(
          containers.map { container in
            [
              "name": .string(container.name), "state": ["running": ["startedAt": started]], "lastState": [:],
              "ready": .bool(pod.isReady), "restartCount": 0, "image": .string(container.image), "imageID": "",
            ]
          }),
        "qosClass": "BestEffort",
      ],
    ]
  }

  private static func owner(_ kind: String, _ apiVersion: String, _ name: String, _ uid: String) -> JSONValue {
    [
      "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": .string(uid),
      "controller": true, "blockOwnerDeletion": true,
    ]
  }
}

/// Linkerd's proxy in the embedded mesh.
enum LinkerdProxy {
  static let version = "edge-26.8.3"
}

/// Annotations on a pod by which its emulated proxy is told to misbehave.
enum ProxyAnnotation {
  /// The seconds the proxy takes to acknowledge a change.
  static let lag = "emulator.meshdeck.io/acknowledges-after"
  /// The text the proxy rejects every change of routes with.
  static let rejects = "emulator.meshdeck.io/rejects"
}
