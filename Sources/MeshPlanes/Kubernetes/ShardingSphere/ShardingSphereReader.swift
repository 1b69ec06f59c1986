import MeshModel

/// A reader of ComputeNodes, the proxies of a database mesh, and of StorageNodes, the databases behind them.
enum ShardingSphereReader {
  /// The service that a ComputeNode's proxies are, and how callers reach it where it says so.
  ///
  /// Its operator makes a Deployment and a Service of the same name; the instances are those the selector finds.
  static func computeNode(_ parts: ObjectParts, ref: ObjectRef) -> [Entity] {
    let server = parts.spec["bootstrap"]?["serverConfig"]
    let transport =
      (server?["props"]?["proxy-frontend-database-protocol-type"]?.string
      ?? parts.spec["storageNodeConnector"]?["type"]?.string ?? "mysql").lowercased()
    let ports = (parts.spec["portBindings"]?.array ?? []).map { item in
      ServicePort(
        name: item["name"]?.string ?? "", port: item["servicePort"]?.int ?? item["containerPort"]?.int ?? 0,
        targetPort: item["containerPort"]?.int, appProtocol: transport)
    }
    let host = "\(ref.name).\(ref.namespace).svc.cluster.local"
    let labels = (parts.spec["selector"]?["matchLabels"]?.object?.members ?? []).reduce(into: [String: String]()) {
      $0[$1.name] = $1.value.string
    }
    var entities: [Entity] = [
      .service(Service(ref: ref, hosts: [host], ports: ports, selector: labels, role: .database))
    ]
    if let isOn = flag(server?["props"]?["proxy-frontend-ssl-enabled"]) {
      entities.append(
        .destination(
          DestinationPolicy(
            ref: ref, host: host,
            settings: DestinationPolicy.TrafficSettings(
              tls: isOn ? .simple : .disable,
              verification: "proxy-frontend-ssl-enabled, which takes effect when its proxies start"),
            createdAt: parts.meta.createdAt, version: parts.meta.version, apiVersion: parts.apiVersion,
            status: [status(parts)])))
    }
    return entities
  }

  /// The database that a StorageNode stands for, with an instance for each endpoint its provider names.
  static func storageNode(_ parts: ObjectParts, ref: ObjectRef) -> [Entity] {
    let cluster = parts.status["cluster"]
    let primary = address(cluster?["primaryEndpoint"])
    let instances = parts.status["instances"]?.array ?? []
    var endpoints = instances.compactMap { item in
      address(item["primaryEndpoint"]).map { ($0, isServing(item["status"]?.string)) }
    }
    if endpoints.isEmpty {
      let all = [cluster?["primaryEndpoint"]] + (cluster?["readerEndpoints"]?.array ?? []).map(Optional.some)
      endpoints = all.compactMap { address($0) }.map { ($0, isServing(cluster?["status"]?.string)) }
    }
    let hosts = [primary?.address].compactMap(\.self) + endpoints.map(\.0.address)
    let unique = hosts.enumerated().filter { hosts.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    let port = (primary ?? endpoints.first?.0)?.port
    var entities: [Entity] = [
      .service(
        Service(
          ref: ref, hosts: unique.isEmpty ? [ref.name] : unique,
          ports: port.map { [ServicePort(name: "", port: $0, targetPort: $0, appProtocol: "tcp")] } ?? [],
          runtime: .external, role: .database, isExternal: true)),
      .workload(
        Workload(
          ref: ref, labels: parts.meta.labels, runtime: .external, desired: parts.spec["replicas"]?.int,
          nativeKind: ref.kind, role: .database)),
    ]
    for (place, isReady) in endpoints {
      var own = ref
      own.name += ":\(place.address):\(place.port)"
      entities.append(
        .endpoint(
          Endpoint(
            ref: own, workload: ref, address: place.address, ports: [place.port], isReady: isReady, proxy: .none,
            acceptsMeshTLS: false, runtime: .external)))
    }
    return entities
  }

  /// What the operator reports, its phase among the conditions.
  private static func status(_ parts: ObjectParts) -> StatusReport {
    StatusReport(
      controller: "ShardingSphere", conditions: parts.conditions(parts.status),
      isCurrent: parts.isCurrent(parts.status))
  }

  private static func address(_ json: JSONValue?) -> (address: String, port: Int)? {
    guard let address = json?["address"]?.string, !address.isEmpty, let port = json?["port"]?.int else { return nil }
    return (address, port)
  }

  /// Whether a provider's word for the state means that it takes queries; the words are those of AWS and of its operator.
  private static func isServing(_ word: String?) -> Bool {
    ["available", "ready", "running"].contains(word?.lowercased() ?? "")
  }

  /// A setting that may be written as a truth value or as a text.
  private static func flag(_ json: JSONValue?) -> Bool? {
    json?.bool ?? json?.string.flatMap { ["true": true, "false": false][$0.lowercased()] }
  }
}
