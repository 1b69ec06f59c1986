import MeshModel

/// The parts of a Pod that neutral views need.
struct PodFields {
  private var meta = MetadataFields()
  private var account = ""
  private var address = ""
  private var phase = ""
  private var isReady = false
  private var ports: [Int] = []
  private var portNames: [String: Int] = [:]
  private var hasIstioProxy = false
  private var hasLinkerdProxy = false
  private var applications = 0

  init(from reader: inout JSONReader) throws(JSONError) {
    var pod = PodFields()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metadata": pod.meta = try MetadataFields(from: &reader)
      case "spec":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "serviceAccountName": pod.account = try reader.optionalString() ?? ""
          case "containers":
            try reader.array { reader throws(JSONError) in try pod.readContainer(&reader, isInit: false) }
          case "initContainers":
            try reader.array { reader throws(JSONError) in try pod.readContainer(&reader, isInit: true) }
          default: try reader.skip()
          }
        }
      case "status":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "podIP": pod.address = try reader.optionalString() ?? ""
          case "phase": pod.phase = try reader.optionalString() ?? ""
          case "conditions":
            try reader.array { reader throws(JSONError) in
              var (type, status) = ("", "")
              try reader.object { key, reader throws(JSONError) in
                switch key {
                case "type": type = try reader.string()
                case "status": status = try reader.string()
                default: try reader.skip()
                }
              }
              if type == "Ready" { pod.isReady = status == "True" }
            }
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    guard !pod.meta.name.isEmpty else { throw reader.missing("metadata.name") }
    self = pod
  }

  private init() {}

  private mutating func readContainer(_ reader: inout JSONReader, isInit: Bool) throws(JSONError) {
    var name = ""
    var found: [Int] = []
    var named: [String: Int] = [:]
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": name = try reader.string()
      case "ports":
        try reader.array { reader throws(JSONError) in
          var (name, port): (String, Int?) = ("", nil)
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "name": name = try reader.optionalString() ?? ""
            case "containerPort": port = try reader.int()
            default: try reader.skip()
            }
          }
          guard let port else { return }
          found.append(port)
          if !name.isEmpty { named[name] = port }
        }
      default: try reader.skip()
      }
    }
    // An init container of the proxy's name is a native sidecar: it goes on running.
    switch name {
    case "istio-proxy": hasIstioProxy = true
    case "linkerd-proxy": hasLinkerdProxy = true
    default:
      if !isInit {
        applications += 1
        ports += found
        portNames.merge(named) { first, _ in first }
      }
    }
  }

  /// The endpoint, and the workload where no other object tells of it. A pod that ran to its end is no instance.
  func entities(plane: PlaneName, pool: inout TextPool) -> [Entity] {
    guard phase != "Succeeded", phase != "Failed" else { return [] }
    let namespace = pool.text(meta.namespace)
    let owner = workloadOwner
    let workload = ObjectRef(plane: plane, namespace: namespace, kind: "workload", name: pool.text(owner.name))
    let labels = pool.labels(meta.labels, of: "\(namespace)/\(owner.name)")
    let proxy = proxyMode
    let runtime = Self.runtime(of: labels)
    let account = pool.text(account.isEmpty ? "default" : account)
    let annotations = meta.meshAnnotations.map { pool.labels($0, of: "\(namespace)/\(owner.name)#") }
    let endpoint = Endpoint(
      ref: ObjectRef(plane: plane, namespace: namespace, kind: "pod", name: meta.name), workload: workload,
      labels: labels, address: address, ports: pool.ports(ports), isReady: isReady && !meta.isBeingDeleted,
      proxy: proxy,
      acceptsMeshTLS: proxy == .ambient || labels["security.istio.io/tlsMode"] == "istio", runtime: runtime,
      serviceAccount: account, annotations: annotations,
      // Linkerd's Servers may name a port.
      portNames: hasLinkerdProxy && !portNames.isEmpty ? portNames : nil)
    guard !["deployment", "statefulset", "daemonset"].contains(owner.kind) else { return [.endpoint(endpoint)] }
    return [
      .endpoint(endpoint),
      .workload(
        Workload(
          ref: workload, labels: labels, serviceAccount: account, runtime: runtime, desired: nil,
          nativeKind: owner.kind, annotations: annotations)),
    ]
  }

  /// What the pod belongs to, named as Istio's telemetry names workloads.
  private var workloadOwner: (kind: ObjectKind, name: String) {
    guard let owner = meta.owner else {
      return ("pod", meta.labels["service.istio.io/workload-name"] ?? meta.name)
    }
    switch owner.kind {
    case "ReplicaSet":
      if let hash = meta.labels["pod-template-hash"], owner.name.hasSuffix("-\(hash)") {
        return ("deployment", String(owner.name.dropLast(hash.utf8.count + 1)))
      }
      return ("replicaset", owner.name)
    case "ReplicationController":
      return ("deploymentconfig", meta.labels["deploymentconfig"] ?? owner.name)
    case "Job":
      // A CronJob's jobs are its name and the minute they are due.
      let parts = owner.name.split(separator: "-")
      let isDigits = parts.last?.utf8.allSatisfy { (0x30...0x39).contains($0) } ?? false
      if parts.count > 1, isDigits, parts.last?.utf8.count ?? 0 >= 8 {
        return ("cronjob", parts.dropLast().joined(separator: "-"))
      }
      return ("job", owner.name)
    default: return (owner.kind.lowercased(), owner.name)
    }
  }

  private var proxyMode: ProxyMode {
    if hasIstioProxy {
      let isGateway =
        meta.annotations["inject.istio.io/templates"] == "gateway"
        || meta.labels["gateway.networking.k8s.io/gateway-name"] != nil
        || meta.labels["istio.io/gateway-name"] != nil
        || ["ingressgateway", "egressgateway", "eastwestgateway"].contains(meta.labels["istio"] ?? "")
        || applications == 0
      return isGateway ? .gateway : .sidecar
    }
    if hasLinkerdProxy { return .sidecar }
    let isAmbient =
      meta.annotations["ambient.istio.io/redirection"] == "enabled"
      || meta.labels["istio.io/dataplane-mode"] == "ambient"
    return isAmbient ? .ambient : .none
  }

  /// What runs instances with these labels.
  static func runtime(of labels: [String: String]) -> Runtime {
    if labels["serving.knative.dev/revision"] != nil { return .serverless }
    if labels["kubevirt.io"] != nil || labels["kubevirt.io/domain"] != nil { return .vm }
    return .container
  }
}
