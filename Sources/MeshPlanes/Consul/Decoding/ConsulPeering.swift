import MeshModel

/// A peering as its own cluster knows it: another cluster, and the services it exports to this one.
///
/// Source: hashicorp/consul, `api/peering.go`, `Peering` and `PeeringStreamStatus`; before 1.15 counts stood in place of the
/// names (`ImportedServiceCount`).
struct ConsulPeering: Sendable {
  let name: String
  /// `ACTIVE`, `PENDING`, `ESTABLISHING`, `FAILING`, `DELETING` or `TERMINATED`, in lower case.
  let state: String
  /// The names of the services imported, as the servers write them.
  let imported: [String]
  /// How many services are imported and exported.
  let counts: (imported: Int, exported: Int)

  init?(_ json: JSONValue) {
    guard let name = json["Name"]?.string, !name.isEmpty else { return nil }
    self.name = name
    state = json["State"]?.string?.lowercased() ?? "of unknown state"
    let status = json["StreamStatus"]
    imported = (status?["ImportedServices"]?.array ?? []).compactMap(\.string)
    counts = (
      status?["ImportedServices"]?.array?.count ?? json["ImportedServiceCount"]?.int ?? 0,
      status?["ExportedServices"]?.array?.count ?? json["ExportedServiceCount"]?.int ?? 0
    )
  }

  /// Whether it works, or has only not been taken up yet.
  var isWell: Bool { ["active", "pending", "establishing"].contains(state) }

  /// The services imported into a namespace. The Enterprise edition writes partition and namespace before the name.
  func services(in namespace: String?) -> [String] {
    imported.compactMap { text in
      let parts = text.split(separator: "/").map(String.init)
      guard let name = parts.last else { return nil }
      let space = parts.count > 1 ? parts[parts.count - 2] : ConsulName.defaultNamespace
      return space == namespace ?? ConsulName.defaultNamespace ? name : nil
    }
  }

  /// What a service is called here that a peer exports; the service itself where no peer is named.
  ///
  /// A service of one's own may have the same name, so that the peer is part of it.
  static func named(_ service: String, peer: String?) -> String {
    guard let peer, !peer.isEmpty else { return service }
    return "\(service)@\(peer)"
  }

  /// The label that instances of a peer's service carry.
  static let peerLabel = "consul-peer"
}

/// A service that a peer exports to this cluster, with its instances as the peer tells of them.
struct ConsulImport: Sendable {
  let peer: ConsulPeering
  let service: String
  let instances: [ConsulInstance]
  /// What it speaks, as the peer says: an importer cannot set it.
  let protocolName: String

  /// What stands for it here: a service outside with one workload, whose instances are the peer's.
  ///
  /// Its host in its own cluster is that of Consul's DNS, `NAME.service.consul`; here it is `NAME.virtual.PEER.consul`
  /// (Consul documentation, "Service virtual IP lookups").
  func entities(_ plane: PlaneName, namespace: String) -> [(ObjectKind, Entity)] {
    let name = ConsulPeering.named(service, peer: peer.name)
    func ref(_ kind: ObjectKind, _ name: String) -> ObjectRef {
      ObjectRef(plane: plane, namespace: namespace, kind: kind, name: ConsulName.encoded(name))
    }
    let labels = [ConsulReading.serviceLabel: name, ConsulPeering.peerLabel: peer.name]
    let workload = ref("workload", name)
    let ports = Set(instances.map(\.port)).filter { $0 > 0 }.sorted().map {
      ServicePort(name: protocolName, port: $0, targetPort: $0, appProtocol: protocolName)
    }
    let outside: [(ObjectKind, Entity)] = [
      (
        "service",
        .service(
          Service(
            ref: ref("service", name), hosts: [name, "\(service).virtual.\(peer.name).consul"], ports: ports,
            selector: labels, runtime: .external, role: ConsulReading.role(of: protocolName), isExternal: true,
            remote: RemoteService(host: "\(service).service.consul", cluster: peer.name)))
      ),
      (
        "workload",
        .workload(
          Workload(
            ref: workload, labels: labels, serviceAccount: "", runtime: .external, desired: nil, nativeKind: "service"))
      ),
    ]
    return outside
      + instances.map { instance in
        (
          "instance",
          .endpoint(
            Endpoint(
              ref: ref("instance", ConsulPeering.named("\(instance.node):\(instance.id)", peer: peer.name)),
              workload: workload, labels: labels, address: instance.address,
              ports: instance.port > 0 ? [instance.port] : [],
              isReady: instance.isPassing && peer.isWell, proxy: .sidecar, acceptsMeshTLS: true, runtime: .external))
        )
      }
  }
}
