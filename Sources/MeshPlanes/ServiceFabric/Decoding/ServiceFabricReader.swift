import MeshModel

/// The neutral things that resources of Service Fabric stand for.
///
/// A gateway leads to services of applications by the names of their endpoints; an application is a namespace here, a
/// service a service and the workload that runs it, a replica an instance. Networks group services and are labels.
struct ServiceFabricReader {
  let plane: PlaneName
  let reading: ServiceFabricCatalog.Reading

  static let replicaKind: ObjectKind = "replica"
  static let routeKind: ObjectKind = "gatewayroute"

  /// The things by neutral kind, for each kind that was read.
  func entities() -> [(ObjectKind, [Entity])] {
    var result: [(ObjectKind, [Entity])] = []
    for kind in ServiceFabricKind.allCases {
      guard let natives = reading.objects[kind] else { continue }
      let entities = natives.flatMap { native -> [Entity] in
        guard let name = ServiceFabricName(native.ref) else { return [] }
        return Self.entities(native.json, name, plane: plane, port: port) + replicas(of: name)
      }
      // What is gone is told by kind, so that each kind of thing a resource gives is told of, and told when it is empty.
      result += kind.neutral.map { kind in (kind, entities.filter { $0.ref.kind == kind }) }
    }
    return result
  }

  /// The things that one resource stands for; the number of an endpoint's port is given by the function.
  static func entities(
    _ json: JSONValue, _ name: ServiceFabricName, plane: PlaneName,
    port: @escaping (ServiceFabricDestination) -> Int? = { _ in nil }
  ) -> [Entity] {
    switch name.kind {
    case .network: return []
    case .application: return [.namespace(Namespace(ref: name.ref(plane: plane, as: "application"), labels: [:]))]
    case .service: return service(json, name, plane)
    case .gateway:
      let reader = ServiceFabricGatewayReader(json: json, name: name, plane: plane, port: port)
      return [.gateway(reader.gateway()), .route(reader.route())]
    }
  }

  private static func service(_ json: JSONValue, _ name: ServiceFabricName, _ plane: PlaneName) -> [Entity] {
    let properties = json["properties"]
    var labels = ["service": name.name]
    for network in properties?["networkRefs"]?.array ?? [] {
      if let text = network["name"]?.string { labels["network/\(resourceName(text))"] = "member" }
    }
    let host = properties?["dnsName"]?.string ?? "\(name.name).\(name.application)"
    return [
      .service(
        Service(
          ref: name.ref(plane: plane, as: "service"), hosts: [host], ports: ports(properties),
          selector: ["service": name.name], role: .tcp)),
      .workload(
        Workload(
          ref: name.ref(plane: plane, as: "workload"), labels: labels, desired: properties?["replicaCount"]?.int,
          nativeKind: ServiceFabricKind.service.rawValue)),
    ]
  }

  /// The endpoints of a service's code packages; what they speak is not said there.
  private static func ports(_ properties: JSONValue?) -> [ServicePort] {
    (properties?["codePackages"]?.array ?? []).flatMap { package in
      (package["endpoints"]?.array ?? []).compactMap { endpoint in
        guard let port = endpoint["port"]?.int else { return nil }
        return ServicePort(name: endpoint["name"]?.string ?? "", port: port, targetPort: nil, appProtocol: "")
      }
    }
  }

  private func replicas(of name: ServiceFabricName) -> [Entity] {
    guard name.kind == .service, let replicas = reading.replicas[name] else { return [] }
    let service = reading.objects[.service]?.first { ServiceFabricName($0.ref) == name }?.json["properties"]
    return replicas.enumerated().map { index, replica in
      // A replica's members stand beside its name; what Azure wraps in `properties` is taken from there.
      let body = replica["properties"] ?? replica
      var ref = name.ref(plane: plane, as: Self.replicaKind)
      let own = replica["replicaName"]?.string ?? body["replicaName"]?.string ?? String(index)
      ref.name += ":" + ObjectRef.escaped(own)
      return .endpoint(
        Endpoint(
          ref: ref, workload: name.ref(plane: plane, as: "workload"), labels: ["service": name.name],
          ports: Self.ports(body).map(\.port), isReady: Self.isReady(body, of: service), proxy: .none,
          acceptsMeshTLS: false))
    }
  }

  /// Whether a replica takes traffic: its containers run, where they tell; else its service is ready and not in error.
  private static func isReady(_ replica: JSONValue, of service: JSONValue?) -> Bool {
    let states = (replica["codePackages"]?.array ?? []).compactMap {
      $0["instanceView"]?["currentState"]?["state"]?.string
    }
    if !states.isEmpty { return states.allSatisfy { $0.lowercased() == "running" || $0.lowercased() == "started" } }
    return service?["status"]?.string == "Ready" && service?["healthState"]?.string != "Error"
  }

  /// The number of an endpoint's port, where the service was read.
  private func port(_ destination: ServiceFabricDestination) -> Int? {
    let name = ServiceFabricName(.service, destination.service, application: destination.application)
    let native = reading.objects[.service]?.first { ServiceFabricName($0.ref) == name }
    return Self.ports(native?.json["properties"]).first { $0.name == destination.endpoint }?.port
  }

  /// The name at the end of a reference, which is a whole path at Azure.
  static func resourceName(_ text: String) -> String { text.split(separator: "/").last.map(String.init) ?? text }
}

extension ServiceFabricKind {
  /// The kinds its things have in the neutral model.
  var neutral: [ObjectKind] {
    switch self {
    case .network: ["network"]
    case .application: ["application"]
    case .service: ["service", "workload", ServiceFabricReader.replicaKind]
    case .gateway: ["gateway", ServiceFabricReader.routeKind]
    }
  }
}
