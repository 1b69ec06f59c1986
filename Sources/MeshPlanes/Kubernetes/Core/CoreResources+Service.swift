import MeshModel

extension CoreResources {
  /// A Service.
  static func service(
    _ plane: PlaneName, _ reader: inout JSONReader, _ pool: inout TextPool
  ) throws(JSONError) -> [Entity] {
    var meta = MetadataFields()
    var ports: [ServicePort] = []
    var selector: [String: String] = [:]
    var (type, address, externalName) = ("", "", "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metadata": meta = try MetadataFields(from: &reader)
      case "spec":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "ports": ports = try reader.list { reader throws(JSONError) in try port(&reader, &pool) }
          case "selector": selector = try reader.stringMap()
          case "type": type = try reader.optionalString() ?? ""
          case "clusterIP": address = try reader.optionalString() ?? ""
          case "externalName": externalName = try reader.optionalString() ?? ""
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    guard !meta.name.isEmpty else { throw reader.missing("metadata.name") }
    let isExternal = type == "ExternalName"
    var hosts = ["\(meta.name).\(meta.namespace).svc.cluster.local"]
    if isExternal, !externalName.isEmpty { hosts.append(externalName) }
    let exportTo = (meta.annotations["networking.istio.io/exportTo"] ?? "").split(separator: ",")
      .map { String($0.drop { $0 == " " }) }
    // Linkerd's service mirror (linkerd2, `pkg/k8s/labels.go`).
    let remote = meta.labels["mirror.linkerd.io/cluster-name"].flatMap { cluster in
      meta.annotations["mirror.linkerd.io/remote-svc-fq-name"].map { RemoteService(host: $0, cluster: cluster) }
    }
    let isServerless = meta.labels["serving.knative.dev/service"] != nil
    return [
      .service(
        Service(
          ref: ObjectRef(plane: plane, namespace: pool.text(meta.namespace), kind: "service", name: meta.name),
          hosts: hosts, ports: ports, selector: pool.labels(selector, of: "\(meta.namespace)/\(meta.name)"),
          runtime: isExternal ? .external : isServerless ? .serverless : .container, role: role(of: ports),
          isHeadless: address == "None", isExternal: isExternal, exportTo: exportTo,
          remote: remote))
    ]
  }

  private static func port(_ reader: inout JSONReader, _ pool: inout TextPool) throws(JSONError) -> ServicePort {
    var port = ServicePort(name: "", port: 0, targetPort: nil, appProtocol: "")
    var (target, transport, application) = ("", "TCP", "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": port.name = try reader.optionalString() ?? ""
      case "port": port.port = try reader.int()
      case "targetPort": target = try reader.readNull() ? "" : reader.intOrString()
      case "protocol": transport = try reader.optionalString() ?? "TCP"
      case "appProtocol": application = try reader.optionalString() ?? ""
      default: try reader.skip()
      }
    }
    port.name = pool.text(port.name)
    // Without a target port the instances listen on the same one; a named one is known from the pods alone.
    port.targetPort = target.isEmpty ? port.port : Int(target)
    port.appProtocol = pool.text(
      ApplicationProtocol.declared(portName: port.name, appProtocol: application, transport: transport))
    return port
  }

  /// What kind of server a service is. Ports that say nothing, and are known for nothing, are taken for HTTP's.
  static func role(of ports: [ServicePort]) -> Role {
    let role = ApplicationProtocol.role(of: ports)
    guard role == .tcp else { return role }
    let isTCP = !ports.isEmpty && ports.allSatisfy { ["tcp", "tls", "udp", "sctp"].contains($0.appProtocol) }
    return isTCP ? .tcp : .http
  }
}
