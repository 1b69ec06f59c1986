import MeshModel

/// One running copy of a workload, a pod or a machine, as the simulation sees it.
struct Instance: Sendable {
  var namespace: String
  var name: String
  /// The name of the workload it belongs to.
  var workload: String
  var labels: [String: String]
  var address: String
  var isReady: Bool
  var proxy: AppProxy
  var serviceAccount: String
  /// The identity of its proxy where an object writes it out.
  var identity: String?
  /// Whether it is a machine outside Kubernetes.
  var isMachine: Bool
  /// Whether it is an address somebody wrote for a service: no proxy knows what it belongs to.
  var isWritten = false
  /// The ports of its containers that have names.
  var portNames: [String: Int] = [:]
  /// What Linkerd's proxy lets in by default, as it was when the instance was made.
  var defaultInbound: String?
  /// The seconds its proxy takes to acknowledge, where told to.
  var lag: Double?
  /// The text its proxy rejects with, where told to.
  var rejects: String?

  /// The workload's qualified name.
  var workloadID: String { "\(namespace)/\(workload)" }
  /// The name of its proxy in the control plane, `pod.namespace`.
  var proxyID: String { "\(name).\(namespace)" }
  /// Whether there is an Envoy that the control plane programs.
  var hasProxy: Bool { proxy == .sidecar || proxy == .gateway }

  /// Whether it is a waypoint of the ambient mode.
  var isWaypoint: Bool { labels["gateway.networking.k8s.io/gateway-class-name"] == "istio-waypoint" }

  func matches(_ selector: [String: String]) -> Bool {
    selector.allSatisfy { labels[$0.key] == $0.value }
  }

  /// Reads a pod, or `nil` where it has ended.
  init?(pod object: StoredObject) {
    namespace = object.namespace
    name = object.name
    labels = Dictionary(object.labels.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    var owner: String?
    var annotations: [String: String] = [:]
    var account = "default"
    var address = ""
    var phase = "Running"
    var ready = false
    var containers: [String] = []
    var portNames: [String: Int] = [:]
    do throws(JSONError) {
      try JSONReader.read(object.jsonBytes) { reader throws(JSONError) in
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "metadata":
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "annotations": annotations = try reader.stringMap()
              case "ownerReferences":
                try reader.array { reader throws(JSONError) in owner = try reader.stringMap()["name"] }
              default: try reader.skip()
              }
            }
          case "spec":
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "serviceAccountName": account = try reader.string()
              case "containers", "initContainers":
                try reader.array { reader throws(JSONError) in
                  try reader.object { key, reader throws(JSONError) in
                    switch key {
                    case "name": containers.append(try reader.string())
                    case "ports":
                      try reader.array { reader throws(JSONError) in
                        let port = try reader.value()
                        if let name = port["name"]?.string, let number = port["containerPort"]?.int {
                          portNames[name] = number
                        }
                      }
                    default: try reader.skip()
                    }
                  }
                }
              default: try reader.skip()
              }
            }
          case "status":
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "podIP": address = try reader.string()
              case "phase": phase = try reader.string()
              case "conditions":
                try reader.array { reader throws(JSONError) in
                  let condition = try reader.stringMap()
                  if condition["type"] == "Ready" { ready = condition["status"] == "True" }
                }
              default: try reader.skip()
              }
            }
          default: try reader.skip()
          }
        }
      }
    } catch {
      return nil
    }
    guard phase == "Running" || phase == "Pending" else { return nil }
    self.address = address
    isReady = ready
    serviceAccount = account
    isMachine = false
    self.portNames = portNames
    defaultInbound = annotations["config.linkerd.io/default-inbound-policy"]
    lag = annotations[ProxyAnnotation.lag].flatMap(Double.init)
    rejects = annotations[ProxyAnnotation.rejects]
    if containers.contains("linkerd-proxy") {
      proxy = .linkerd
    } else if containers.contains("istio-proxy") {
      proxy = containers.count == 1 ? .gateway : .sidecar
    } else {
      proxy = annotations["ambient.istio.io/redirection"] == "enabled" ? .ambient : .none
    }
    let hash = labels["pod-template-hash"].map { "-\($0)" } ?? ""
    workload = owner.map { $0.hasSuffix(hash) ? String($0.dropLast(hash.count)) : $0 } ?? name
  }

  /// The addresses of a slice that stand for no pod.
  static func written(in slice: StoredObject) -> [Instance] {
    (slice.json["endpoints"]?.array ?? []).compactMap { endpoint in
      guard endpoint["targetRef"] == nil, let address = endpoint["addresses"]?[0]?.string else { return nil }
      return Instance(
        address: address, isReady: endpoint["conditions"]?["ready"]?.bool ?? true,
        service: slice.label("kubernetes.io/service-name") ?? "", namespace: slice.namespace)
    }
  }

  /// The instances that a service entry without a selector names, by the names istiod gives them.
  static func named(in entry: StoredObject) -> [Instance] {
    let spec = entry.json["spec"]
    guard spec?["workloadSelector"] == nil else { return [] }
    return spec.elements("endpoints").enumerated().map { index, endpoint in
      Instance(machine: endpoint, name: "\(entry.name)-\(index)", namespace: entry.namespace)
    }
  }

  private init(address: String, isReady: Bool, service: String, namespace: String) {
    self.namespace = namespace
    self.address = address
    self.isReady = isReady
    name = address
    workload = service
    labels = [:]
    proxy = .none
    serviceAccount = ""
    isMachine = true
    isWritten = true
  }

  /// Reads an `ExternalWorkload` of Linkerd: a machine with a proxy, each a workload of its own.
  init(external object: StoredObject) {
    let json = object.json
    let spec = json["spec"]
    namespace = object.namespace
    name = object.name
    labels = json["metadata"]?["labels"]?.stringMap ?? [:]
    address = spec?["workloadIPs"]?[0]?["ip"]?.string ?? ""
    serviceAccount = ""
    identity = spec?["meshTLS"]?["identity"]?.string
    proxy = .linkerd
    let ready = json["status"]?["conditions"]?.array?.first { $0["type"]?.string == "Ready" }
    isReady = ready?["status"]?.string == "True"
    workload = object.name
    isMachine = true
    for port in spec.elements("ports") {
      if let name = port["name"]?.string, let number = port["port"]?.int { portNames[name] = number }
    }
  }

  /// Reads a `WorkloadEntry`.
  init(machine object: StoredObject) {
    let json = object.json
    self.init(machine: json["spec"] ?? [:], name: object.name, namespace: object.namespace)
    let health = json["status"]?["conditions"]?.array?.first { $0["type"]?.string == "Healthy" }
    isReady = health?["status"]?.string != "False"
    workload = labels["app"] ?? name
  }

  /// A machine as a `WorkloadEntry` describes it; it has a proxy where the label or a service account says so.
  ///
  /// Source: istiod, `getTLSModeFromWorkloadEntry`.
  private init(machine spec: JSONValue, name: String, namespace: String) {
    self.namespace = namespace
    self.name = name
    workload = name
    labels = spec["labels"]?.stringMap ?? [:]
    address = spec["address"]?.string ?? ""
    let account = spec["serviceAccount"]?.string ?? ""
    serviceAccount = account.isEmpty ? "default" : account
    let speaksTLS = labels["security.istio.io/tlsMode"].map { $0 == "istio" } ?? !account.isEmpty
    proxy = speaksTLS ? .sidecar : .none
    isReady = true
    isMachine = true
  }
}

extension StoredObject {
  /// The members of the object as one JSON text.
  var jsonBytes: [UInt8] { [UInt8(ascii: "{")] + body }
}
