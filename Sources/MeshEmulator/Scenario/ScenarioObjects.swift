import MeshModel

/// The Kubernetes objects of a scenario, made one at a time so that a large estate is never held twice.
struct ScenarioObjects {
  let scenario: Scenario
  let names: StableNames
  /// When the mesh was built, in seconds since 1970.
  let created: Int
  let emit: (JSONValue) throws -> Void
  private var nextPodIP = 10
  private var nextServiceIP = 10
  private var order = 0

  init(_ scenario: Scenario, seed: UInt64, created: Int, emit: @escaping (JSONValue) throws -> Void) {
    self.scenario = scenario
    names = StableNames(seed: seed)
    self.created = created
    self.emit = emit
  }

  /// Emits every object: nodes and namespaces first, then workloads, then Istio's objects.
  mutating func emitAll() throws {
    let root = scenario.mesh.rootNamespace
    for index in 0..<3 { try emit(node(index)) }
    var namespaces = scenario.namespaces
    for name in ["default", "kube-system", root] where !namespaces.contains(where: { $0.name == name }) {
      namespaces.append(.init(name: name, labels: [:]))
    }
    for namespace in namespaces { try emit(self.namespace(namespace)) }
    try emitControlPlane()
    for app in scenario.apps { try emitApp(app) }
    for object in scenario.objects { try emit(stamped(object)) }
    if let generation = scenario.generation { try emitGenerated(generation) }
  }

  /// An object with the identity a server would have given it.
  mutating func stamped(_ object: JSONValue) -> JSONValue {
    var object = object
    var metadata = object["metadata"] ?? [:]
    let key = "\(object["kind"]?.string ?? "")/\(metadata["namespace"]?.string ?? "")/\(metadata["name"]?.string ?? "")"
    order += 1
    metadata["uid"] = metadata["uid"] ?? .string(names.uuid(key))
    metadata["creationTimestamp"] = metadata["creationTimestamp"] ?? .string(Timestamp.text(created + order / 8))
    object["metadata"] = metadata
    return object
  }

  mutating func podIP() -> String {
    nextPodIP += 1
    return "10.\(1 + nextPodIP / 62_500).\(nextPodIP / 250 % 250).\(1 + nextPodIP % 250)"
  }

  /// The address of a machine: in a network of its own.
  mutating func machineIP() -> String {
    nextPodIP += 1
    return "10.200.\(nextPodIP / 250 % 250).\(1 + nextPodIP % 250)"
  }

  mutating func serviceIP() -> String {
    nextServiceIP += 1
    return "10.\(96 + nextServiceIP / 62_500).\(nextServiceIP / 250 % 250).\(1 + nextServiceIP % 250)"
  }

  private mutating func node(_ index: Int) -> JSONValue {
    stamped([
      "apiVersion": "v1", "kind": "Node",
      "metadata": [
        "name": .string("node-\(["a", "b", "c"][index])"),
        "labels": [
          "kubernetes.io/os": "linux", "topology.kubernetes.io/region": "region-1",
          "topology.kubernetes.io/zone": .string("zone-\(index + 1)"),
        ],
      ],
      "spec": [:],
      "status": [
        "conditions": [["type": "Ready", "status": "True", "reason": "KubeletReady"]],
        "nodeInfo": ["kubeletVersion": "v1.36.0", "operatingSystem": "linux", "architecture": "amd64"],
      ],
    ])
  }

  private mutating func namespace(_ namespace: Scenario.Namespace) -> JSONValue {
    var labels = JSONObject([.init(name: "kubernetes.io/metadata.name", value: .string(namespace.name))])
    for (key, value) in namespace.labels.sorted(by: { $0.key < $1.key }) { labels[key] = .string(value) }
    return stamped([
      "apiVersion": "v1", "kind": "Namespace",
      "metadata": ["name": .string(namespace.name), "labels": .object(labels)],
      "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
    ])
  }

  /// istiod and its mesh configuration.
  private mutating func emitControlPlane() throws {
    let mesh = scenario.mesh
    var istiod = Scenario.App(namespace: mesh.rootNamespace, name: mesh.isSOFA ? "istio-pilot" : "istiod")
    istiod.proxy = .none
    istiod.ports = [
      .init(name: "grpc-xds", number: 15_010, target: 15_010), .init(name: "https-dns", number: 15_012, target: 15_012),
      .init(name: "https-webhook", number: 443, target: 15_017),
      .init(name: "http-monitoring", number: 15_014, target: 15_014),
    ]
    istiod.labels = mesh.isSOFA ? ["istio": "pilot"] : ["istio": "pilot", "istio.io/rev": "default"]
    istiod.versions = [Scenario.Version(name: "")]
    try emitApp(istiod, image: "registry.example/pilot:\(mesh.version)")
    let identity = mesh.meshID.isEmpty ? "" : "\n  meshId: \(mesh.meshID)"
    // Neither automatic TLS nor revisions were there before Istio 1.4 and 1.6.
    let automatic = mesh.isSOFA ? "" : "\nenableAutoMtls: \(mesh.autoMTLS)"
    let labels: JSONValue = mesh.isSOFA ? [:] : ["istio.io/rev": "default"]
    let text = """
      defaultConfig:
        discoveryAddress: \(istiod.name).\(mesh.rootNamespace).svc:15012\(identity)\(automatic)
      rootNamespace: \(mesh.rootNamespace)
      trustDomain: \(mesh.trustDomain)

      """
    try emit(
      stamped([
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": [
          "name": "istio", "namespace": .string(mesh.rootNamespace), "labels": labels,
        ],
        "data": ["mesh": .string(text), "meshNetworks": "networks: {}"],
      ]))
  }

  /// The objects of one app: service account, service, workloads with their pods, endpoints.
  mutating func emitApp(_ app: Scenario.App, image: String? = nil) throws {
    guard app.runtime != .external else { return }
    let namespace = JSONValue.string(app.namespace)
    try emit(
      stamped([
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": ["name": .string(app.name), "namespace": namespace],
      ]))
    if app.runtime == .vm { return try app.proxy == .linkerd ? emitExternalWorkloads(app) : emitMachines(app) }
    if !app.addresses.isEmpty { return try emitWritten(app) }
    let address = serviceIP()
    let ports = app.ports.map { port -> JSONValue in
      [
        "name": .string(port.name), "protocol": "TCP", "port": .int(port.number), "targetPort": .int(port.target),
      ]
    }
    try emit(
      stamped([
        "apiVersion": "v1", "kind": "Service",
        "metadata": ["name": .string(app.name), "namespace": namespace, "labels": ["app": .string(app.name)]],
        "spec": [
          "ports": .array(ports), "selector": ["app": .string(app.name)], "clusterIP": .string(address),
          "clusterIPs": [.string(address)], "type": app.proxy == .gateway ? "LoadBalancer" : "ClusterIP",
          "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
          "internalTrafficPolicy": "Cluster",
        ],
        "status": ["loadBalancer": [:]],
      ]))
    var endpoints: [JSONValue] = []
    for version in app.versions { try emitWorkload(app, version, image: image, endpoints: &endpoints) }
    try emit(
      stamped([
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": [
          "name": .string("\(app.name)-\(names.suffix("slice/\(app.namespace)/\(app.name)", length: 5))"),
          "namespace": namespace,
          "labels": [
            "kubernetes.io/service-name": .string(app.name),
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
          ],
        ],
        "addressType": "IPv4", "endpoints": .array(endpoints),
        "ports": .array(
          app.ports.map {
            ["name": .string($0.name), "protocol": "TCP", "port": .int($0.target)]
          }),
      ]))
  }

  /// The Service of instances that are no pods; without a selector where their addresses are written by hand.
  mutating func emitService(_ app: Scenario.App, selector: JSONValue?) throws {
    let address = JSONValue.string(serviceIP())
    var service: JSONValue = [
      "apiVersion": "v1", "kind": "Service",
      "metadata": [
        "name": .string(app.name), "namespace": .string(app.namespace), "labels": ["app": .string(app.name)],
      ],
      "spec": ["clusterIP": address, "clusterIPs": [address], "type": "ClusterIP"],
      "status": ["loadBalancer": [:]],
    ]
    service["spec"]?["ports"] = .array(
      app.ports.map {
        ["name": .string($0.name), "protocol": "TCP", "port": .int($0.number), "targetPort": .int($0.target)]
      })
    service["spec"]?["selector"] = selector
    try emit(stamped(service))
  }

  /// A service without a selector and the slice of the addresses that are written for it.
  private mutating func emitWritten(_ app: Scenario.App) throws {
    let namespace = JSONValue.string(app.namespace)
    try emitService(app, selector: nil)
    try emit(
      stamped([
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": [
          "name": .string("\(app.name)-hosts"), "namespace": namespace,
          "labels": [
            "kubernetes.io/service-name": .string(app.name),
            "endpointslice.kubernetes.io/managed-by": "cluster-admins",
          ],
        ],
        "addressType": "IPv4",
        "endpoints": .array(
          app.addresses.map { ["addresses": [.string($0.address)], "conditions": ["ready": .bool($0.isReady)]] }),
        "ports": .array(
          app.ports.map { ["name": .string($0.name), "protocol": "TCP", "port": .int($0.target)] }),
      ]))
  }

  func labels(_ app: Scenario.App, _ version: Scenario.Version) -> JSONObject {
    var labels = JSONObject([.init(name: "app", value: .string(app.name))])
    for (key, value) in app.labels.sorted(by: { $0.key < $1.key }) { labels[key] = .string(value) }
    if app.runtime == .serverless {
      labels["serving.knative.dev/service"] = .string(app.name)
      labels["serving.knative.dev/revision"] = .string(app.workloadName(version))
    }
    if !version.name.isEmpty { labels["version"] = .string(version.name) }
    return labels
  }
}
