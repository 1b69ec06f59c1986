import MeshModel

extension ScenarioObjects {
  /// The entries of machines outside Kubernetes; their group and service entry are among the native objects.
  mutating func emitMachines(_ app: Scenario.App) throws {
    for version in app.versions {
      for index in 0..<version.replicas {
        var labels = labels(app, version)
        if app.proxy == .sidecar { labels["security.istio.io/tlsMode"] = "istio" }
        try emit(
          stamped([
            "apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry",
            "metadata": [
              "name": .string(app.machineName(index)), "namespace": .string(app.namespace),
              "labels": .object(labels), "annotations": ["istio.io/autoRegistrationGroup": .string(app.name)],
            ],
            "spec": [
              "address": .string(machineIP()), "labels": .object(labels),
              "locality": "dc1/rack2", "network": "vm-network", "serviceAccount": .string(app.name),
            ],
            "status": [
              "conditions": [["type": "Healthy", "status": index < version.ready ? "True" : "False"]]
            ],
          ]))
      }
    }
  }

  /// A service whose instances are machines with Linkerd's proxy: its ExternalWorkloads, and the slice that Linkerd's
  /// controller makes of them.
  ///
  /// Source: Linkerd, "ExternalWorkload"; linkerd2, `controller/api/destination/external-workload/endpoints_reconciler.go`.
  mutating func emitExternalWorkloads(_ app: Scenario.App) throws {
    let namespace = JSONValue.string(app.namespace)
    try emitService(app, selector: ["app": .string(app.name)])
    var endpoints: [JSONValue] = []
    for version in app.versions {
      for index in 0..<version.replicas {
        let (name, ip, isReady) = (app.machineName(index), machineIP(), index < version.ready)
        try emit(
          stamped([
            "apiVersion": "workload.linkerd.io/v1beta1", "kind": "ExternalWorkload",
            "metadata": [
              "name": .string(name), "namespace": namespace, "labels": .object(labels(app, version)),
            ],
            "spec": [
              "meshTLS": [
                "identity": .string("spiffe://root.linkerd.\(scenario.mesh.trustDomain)/\(name)"),
                "serverName": .string("\(name).\(scenario.mesh.trustDomain)"),
              ],
              "workloadIPs": [["ip": .string(ip)]],
              "ports": .array(app.ports.map { ["name": .string($0.name), "port": .int($0.target)] }),
            ],
            "status": ["conditions": [["type": "Ready", "status": isReady ? "True" : "False"]]],
          ]))
        endpoints.append([
          "addresses": [.string(ip)],
          "conditions": ["ready": .bool(isReady), "serving": .bool(isReady), "terminating": false],
          "targetRef": ["kind": "ExternalWorkload", "namespace": namespace, "name": .string(name)],
        ])
      }
    }
    try emit(
      stamped([
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": [
          "name": .string(
            "linkerd-external-\(app.name)-\(names.suffix("slice/\(app.namespace)/\(app.name)", length: 5))"),
          "namespace": namespace,
          "labels": [
            "kubernetes.io/service-name": .string(app.name),
            "endpointslice.kubernetes.io/managed-by": "linkerd-external-workloads-controller",
          ],
        ],
        "addressType": "IPv4", "endpoints": .array(endpoints),
        "ports": .array(
          app.ports.map { ["name": .string($0.name), "protocol": "TCP", "port": .int($0.target)] }),
      ]))
  }
}
