import MeshModel

/// The neutral things that resources of App Mesh stand for.
///
/// Edges run node → backend service → provider → routes' targets → nodes; so that a service's nodes can be found by
/// labels, a node carries a label of its own and one of each router that leads to it.
struct AppMeshReader {
  let plane: PlaneName
  let objects: [AppMeshKind: [NativeObject]]

  /// The label that a node carries for itself, and one it carries for each router that leads to it.
  static func label(node: String) -> String { "virtual-node/\(node)" }
  static func label(router: String) -> String { "virtual-router/\(router)" }

  /// The things by neutral kind, for each kind that was read.
  func entities() -> [(ObjectKind, [Entity])] {
    let hosts = hostsOfRouters()
    let labels = labelsOfNodes()
    return AppMeshKind.allCases.flatMap { kind -> [(ObjectKind, [Entity])] in
      guard let natives = objects[kind] else { return [] }
      let entities = natives.flatMap { native in
        Self.entities(
          native.json, plane: plane, hosts: { hosts[$0] ?? [] }, labels: { labels[$0] ?? [:] }, ports: ports)
      }
      // What is gone is told by kind, so that each kind of thing a node gives is told of, and told when it is empty.
      var kinds = [kind.neutral]
      if kind == .virtualNode {
        kinds += [
          AppMeshNodeReader.listenerKind, AppMeshNodeReader.clientPolicyKind, AppMeshNodeReader.backendsKind,
        ]
      }
      return kinds.map { kind in (kind, entities.filter { $0.ref.kind == kind }) }
    }
  }

  /// The things that one resource stands for; what hangs on others is given by the functions.
  static func entities(
    _ json: JSONValue, plane: PlaneName, hosts: (AppMeshName) -> [String] = { _ in [] },
    labels: (AppMeshName) -> [String: String] = { _ in [:] },
    ports: (AppMeshName) -> [ServicePort] = { _ in [] }
  ) -> [Entity] {
    guard let name = AppMeshName(of: json) else { return [] }
    switch name.kind {
    case .mesh:
      return [.namespace(Namespace(ref: name.ref(plane: plane), labels: [:]))]
    case .virtualService:
      return [.service(service(json, name, plane, ports))]
    case .virtualRouter:
      return []
    case .route:
      let router = AppMeshName(kind: .virtualRouter, mesh: name.mesh, name: name.parent)
      return [.route(AppMeshRouteReader(json: json, name: name, plane: plane).route(hosts: hosts(router)))]
    case .gatewayRoute:
      return [.route(AppMeshRouteReader(json: json, name: name, plane: plane).gatewayRoute())]
    case .virtualNode:
      return AppMeshNodeReader(json: json, name: name, plane: plane).entities(labels: labels(name))
    case .virtualGateway:
      return [.gateway(AppMeshNodeReader(json: json, name: name, plane: plane).gateway())]
    }
  }

  private static func service(
    _ json: JSONValue, _ name: AppMeshName, _ plane: PlaneName, _ ports: (AppMeshName) -> [ServicePort]
  ) -> Service {
    let provider = json["spec"]?["provider"]
    var selector: [String: String] = [:]
    var found: [ServicePort] = []
    if let node = provider?["virtualNode"]?["virtualNodeName"]?.string {
      selector = [label(node: node): "target"]
      found = ports(AppMeshName(kind: .virtualNode, mesh: name.mesh, name: node))
    } else if let router = provider?["virtualRouter"]?["virtualRouterName"]?.string {
      selector = [label(router: router): "target"]
      found = ports(AppMeshName(kind: .virtualRouter, mesh: name.mesh, name: router))
    }
    let role: Role =
      switch found.first?.appProtocol {
      case "grpc": .grpc
      case "tcp": .tcp
      default: .http
      }
    return Service(
      ref: name.ref(plane: plane, as: "service"), hosts: [name.name], ports: found, selector: selector, role: role)
  }

  /// The listeners of a router or node as ports.
  private func ports(_ name: AppMeshName) -> [ServicePort] {
    let native = objects[name.kind]?.first { AppMeshName(of: $0.json) == name }
    return (native?.json["spec"]?["listeners"]?.array ?? []).compactMap { listener in
      guard let port = listener["portMapping"]?["port"]?.int else { return nil }
      return ServicePort(
        name: "", port: port, targetPort: nil, appProtocol: listener["portMapping"]?["protocol"]?.string ?? "")
    }
  }

  /// The virtual services that each router provides.
  private func hostsOfRouters() -> [AppMeshName: [String]] {
    var hosts: [AppMeshName: [String]] = [:]
    for service in objects[.virtualService] ?? [] {
      guard let name = AppMeshName(of: service.json),
        let router = service.json["spec"]?["provider"]?["virtualRouter"]?["virtualRouterName"]?.string
      else { continue }
      hosts[AppMeshName(kind: .virtualRouter, mesh: name.mesh, name: router), default: []].append(name.name)
    }
    return hosts
  }

  /// The labels of each node: of the routers whose routes lead to it.
  private func labelsOfNodes() -> [AppMeshName: [String: String]] {
    var labels: [AppMeshName: [String: String]] = [:]
    for route in objects[.route] ?? [] {
      guard let name = AppMeshName(of: route.json) else { continue }
      for target in AppMeshRouteReader(json: route.json, name: name, plane: plane).targets() {
        let node = AppMeshName(kind: .virtualNode, mesh: name.mesh, name: target)
        labels[node, default: [:]][Self.label(router: name.parent)] = "target"
      }
    }
    return labels
  }
}
