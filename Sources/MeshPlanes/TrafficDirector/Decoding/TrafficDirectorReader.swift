import MeshModel

/// The neutral things that resources of Traffic Director stand for.
///
/// Edges run route → backend service → groups → instances; so that a service's workloads can be found by labels, a group
/// carries one of each backend service that sends to it.
struct TrafficDirectorReader {
  let plane: PlaneName
  let project: String
  let objects: [TrafficDirectorKind: [NativeObject]]
  /// The groups of each backend service; those of services that were not read are not there.
  let groups: [String: [TrafficDirectorGroup]]

  /// The things by neutral kind, for each kind that was read.
  func entities() -> [(ObjectKind, [Entity])] {
    TrafficDirectorKind.allCases.flatMap { kind -> [(ObjectKind, [Entity])] in
      guard let natives = objects[kind] else { return [] }
      let entities =
        kind == .backendService
        ? backends(natives) : natives.flatMap { Self.entities($0.json, plane: plane, project: project) }
      // What is gone is told by kind, so that each kind of thing is told of, and told when it is empty.
      return kind.neutral.map { neutral in (neutral, entities.filter { $0.ref.kind == neutral }) }
    }
  }

  /// The things that one resource stands for by itself.
  static func entities(_ json: JSONValue, plane: PlaneName, project: String) -> [Entity] {
    guard let name = TrafficDirectorName(of: json) else { return [] }
    switch name.kind {
    case .mesh: return [.namespace(Namespace(ref: name.ref(plane: plane), labels: labels(json)))]
    case .gateway: return [.gateway(gateway(json, name, plane))]
    case .httpRoute, .grpcRoute, .tcpRoute, .tlsRoute:
      guard let layer = name.kind.layer else { return [] }
      return [
        .route(
          TrafficDirectorRouteReader(json: json, name: name, layer: layer, plane: plane, project: project).route())
      ]
    case .serverTLSPolicy: return [TrafficDirectorSecurityReader.serverPolicy(json, name, plane: plane)]
    case .endpointPolicy:
      return [.accessPolicy(TrafficDirectorSecurityReader.endpointPolicy(json, name, plane: plane))]
    case .authorizationPolicy: return [TrafficDirectorSecurityReader.authorizationPolicy(json, name, plane: plane)]
    case .backendService: return [.service(TrafficDirectorBackendReader.service(json, name, plane: plane))]
    // What callers prove is told with the backend service that names the policy.
    case .clientTLSPolicy: return []
    }
  }

  private func backends(_ natives: [NativeObject]) -> [Entity] {
    let services = natives.compactMap { native -> (TrafficDirectorName, JSONValue, [TrafficDirectorGroup])? in
      guard let name = TrafficDirectorName(of: native.json) else { return nil }
      return (name, native.json, groups[name.id] ?? [])
    }
    let policies = (objects[.clientTLSPolicy] ?? []).compactMap { native in
      TrafficDirectorName(of: native.json).map { ($0.id, native.json) }
    }
    return TrafficDirectorBackendReader(
      plane: plane, services: services, hosts: hostsOfServices(),
      clientPolicies: Dictionary(policies, uniquingKeysWith: { $1 }),
      hasInbound: objects[.endpointPolicy]?.isEmpty == false
    ).entities()
  }

  /// The host names of the routes that lead to each backend service.
  private func hostsOfServices() -> [String: [String]] {
    var hosts: [String: [String]] = [:]
    for kind in TrafficDirectorKind.allCases where kind.layer != nil {
      for native in objects[kind] ?? [] {
        for case .route(let route) in Self.entities(native.json, plane: plane, project: project) {
          for backend in route.rules.flatMap(\.backends) {
            for host in route.hosts where hosts[backend.host]?.contains(host) != true {
              hosts[backend.host, default: []].append(host)
            }
          }
        }
      }
    }
    return hosts
  }

  private static func gateway(_ json: JSONValue, _ name: TrafficDirectorName, _ plane: PlaneName) -> Gateway {
    let link = json["serverTlsPolicy"]?.string ?? ""
    let tls = link.isEmpty ? nil : TrafficDirectorReference(link)?.id
    let listeners = (json["ports"]?.array ?? []).enumerated().compactMap { index, port in
      port.int.map {
        Gateway.Listener(
          port: $0, transport: tls == nil ? "HTTP" : "HTTPS", hosts: ["*"], tls: tls,
          pointer: JSONPointer(["ports", String(index)]))
      }
    }
    return Gateway(ref: name.ref(plane: plane), selector: [:], listeners: listeners)
  }

  private static func labels(_ json: JSONValue) -> [String: String] {
    Dictionary((json["labels"]?.object?.members ?? []).map { ($0.name, $0.value.string ?? "") }) { $1 }
  }
}
