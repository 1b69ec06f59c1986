import MeshModel

/// A group of instances or endpoints that a backend service sends to, and what was found in it.
struct TrafficDirectorGroup: Sendable, Hashable {
  /// Its address, as the backend service writes it.
  var link: String
  /// What its network endpoint group says of itself; `nil` for a group of instances, or where it could not be read.
  var description: JSONValue?
  /// The instances as health checks or the group itself tell them.
  var instances: [Instance]
  /// Why its instances are not known; `nil` where they are.
  var gap: String?

  /// One instance or endpoint.
  struct Instance: Sendable, Hashable {
    /// The VM; empty where it is an address alone.
    var machine: String
    var address: String
    var port: Int?
    var isReady: Bool
  }

  /// The group's own name: zonal groups of one name count as one workload.
  var id: String { TrafficDirectorReference(link)?.id ?? link }

  /// What runs its instances, by the kind of the group and by who made it.
  ///
  /// Source: Compute Engine reference, `networkEndpointType`; GKE names the groups it makes for Services `k8s1-…` and
  /// writes the Service into their description.
  var runtime: Runtime {
    guard TrafficDirectorReference(link)?.collection == "networkEndpointGroups" else { return .vm }
    switch description?["networkEndpointType"]?.string {
    case "SERVERLESS": return .serverless
    case "INTERNET_FQDN_PORT", "INTERNET_IP_PORT", "PRIVATE_SERVICE_CONNECT", "NON_GCP_PRIVATE_IP_PORT":
      return .external
    default:
      let isOfGKE =
        id.hasPrefix("k8s") || description?["description"]?.string.map { $0.contains("cluster-uid") } == true
        || description?["annotations"]?["cluster-uid"] != nil
      return isOfGKE ? .container : .vm
    }
  }
}

/// Backend services as services, their groups as workloads, and the groups' instances as endpoints.
struct TrafficDirectorBackendReader {
  /// The kind of the TLS that callers of a backend service use.
  static let clientPolicyKind: ObjectKind = "clientpolicy"

  let plane: PlaneName
  /// The backend services with the groups each sends to.
  let services: [(name: TrafficDirectorName, json: JSONValue, groups: [TrafficDirectorGroup])]
  /// The host names of routes that lead to each backend service.
  let hosts: [String: [String]]
  /// Client TLS policies by name.
  let clientPolicies: [String: JSONValue]
  /// Whether an endpoint policy gives proxies something to do with calls that come in.
  let hasInbound: Bool

  /// The label a workload carries for each backend service that sends to it.
  static func label(_ service: String) -> String { "backend-service/\(service)" }

  /// The service that a backend service alone stands for.
  static func service(
    _ json: JSONValue, _ name: TrafficDirectorName, plane: PlaneName, hosts: [String] = [],
    runtime: Runtime = .container
  ) -> Service {
    let transport = json["protocol"]?.string.map { $0.lowercased() } ?? "http"
    let role: Role = transport == "grpc" ? .grpc : transport == "tcp" || transport == "ssl" ? .tcp : .http
    let port = json["port"]?.int ?? 0
    return Service(
      ref: name.ref(plane: plane, as: "service"), hosts: [name.id] + hosts,
      ports: [ServicePort(name: json["portName"]?.string ?? "", port: port, targetPort: nil, appProtocol: transport)],
      selector: [label(name.id): "target"], runtime: runtime, role: role)
  }

  func entities() -> [Entity] {
    var entities: [Entity] = []
    var workloads: [ObjectRef: Workload] = [:]
    var endpoints: [ObjectRef: Endpoint] = [:]
    for (name, json, groups) in services {
      let runtime = groups.first?.runtime ?? .container
      var service = Self.service(json, name, plane: plane, hosts: hosts[name.id] ?? [], runtime: runtime)
      if let port = groups.lazy.flatMap(\.instances).compactMap(\.port).first { service.ports[0].targetPort = port }
      entities.append(.service(service))
      entities.append(clientPolicy(json, name))
      for group in groups { add(group, of: name, &workloads, &endpoints) }
    }
    return entities + workloads.values.sorted { $0.ref < $1.ref }.map { .workload($0) }
      + endpoints.values.sorted { $0.ref < $1.ref }.map { .endpoint($0) }
  }

  private func add(
    _ group: TrafficDirectorGroup, of service: TrafficDirectorName, _ workloads: inout [ObjectRef: Workload],
    _ endpoints: inout [ObjectRef: Endpoint]
  ) {
    let ref = ObjectRef(
      plane: plane, namespace: service.location, kind: "workload", name: TrafficDirectorName.escaped(group.id))
    let collection = TrafficDirectorReference(group.link)?.collection ?? ""
    var workload =
      workloads[ref]
      ?? Workload(
        ref: ref, labels: [:], runtime: group.runtime,
        nativeKind: collection == "networkEndpointGroups" ? "networkendpointgroup" : "instancegroup")
    workload.labels[Self.label(service.id)] = "target"
    workloads[ref] = workload
    for instance in group.instances {
      let port = instance.port.map { ":\($0)" } ?? ""
      let name = instance.machine.isEmpty || group.runtime == .container ? instance.address : instance.machine
      let own = ObjectRef(
        plane: plane, namespace: service.location, kind: "endpoint",
        name: TrafficDirectorName.escaped("\(group.id)@\(name)\(port)"))
      var endpoint = Endpoint(
        ref: own, workload: ref, labels: workload.labels, address: instance.address,
        ports: instance.port.map { [$0] } ?? [], isReady: instance.isReady, proxy: hasInbound ? .sidecar : .none,
        acceptsMeshTLS: false, runtime: group.runtime)
      // Health is judged by each backend service for itself; one that sends to it is enough to take traffic.
      if let known = endpoints[own], known.isReady { endpoint.isReady = true }
      endpoints[own] = endpoint
    }
  }

  /// The TLS that callers use towards a backend service: with a certificate of their own it is mutual.
  private func clientPolicy(_ json: JSONValue, _ name: TrafficDirectorName) -> Entity {
    var settings = DestinationPolicy.TrafficSettings()
    if let link = json["securitySettings"]?["clientTlsPolicy"]?.string, !link.isEmpty {
      let policy = clientPolicies[TrafficDirectorReference(link)?.id ?? link]
      settings.tls = policy?["clientCertificate"]?.object == nil ? .simple : .mutual
    }
    return .destination(
      DestinationPolicy(
        ref: name.ref(plane: plane, as: Self.clientPolicyKind), host: name.id, settings: settings,
        apiVersion: "compute.googleapis.com/v1"))
  }
}
