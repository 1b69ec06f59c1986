import MeshModel

/// What App Mesh refuses of a specification.
///
/// Source: AWS App Mesh API reference, data types: the bounds of `WeightedTarget`, `PortMapping`, `HttpRouteMatch`,
/// `ListenerTls` and `VirtualServiceProvider`.
struct AppMeshRules {
  let type: AppMeshType
  let spec: JSONValue

  func check() throws(AppMeshFailure) {
    switch type {
    case .mesh: break
    case .route: try route()
    case .gatewayRoute: try gatewayRoute()
    case .virtualService:
      let members = spec["provider"]?.object?.names ?? []
      try hold(members.count <= 1, "provider is a union: exactly one member may be set")
    case .virtualNode, .virtualGateway:
      for listener in spec["listeners"]?.array ?? [] { try self.listener(listener) }
    case .virtualRouter:
      for listener in spec["listeners"]?.array ?? [] { try portMapping(listener["portMapping"]) }
    }
  }

  private func hold(_ isSo: Bool, _ message: String) throws(AppMeshFailure) {
    if !isSo { throw .badRequest(message) }
  }

  private static let layers = ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"]

  private func one(of members: [String]) throws(AppMeshFailure) -> (member: String, value: JSONValue) {
    let present = members.compactMap { name in spec[name].flatMap { $0.isNull ? nil : (name, $0) } }
    guard present.count == 1, let only = present.first else {
      throw .badRequest("exactly one of \(members.joined(separator: ", ")) must be set")
    }
    return only
  }

  private func route() throws(AppMeshFailure) {
    if let priority = spec["priority"], !priority.isNull {
      try hold((0...1000).contains(priority.int ?? -1), "priority must be between 0 and 1000")
    }
    let (member, value) = try one(of: Self.layers)
    let targets = value["action"]?["weightedTargets"]?.array ?? []
    try hold((1...10).contains(targets.count), "weightedTargets must have between 1 and 10 members")
    var sum = 0
    for target in targets {
      try hold(target["virtualNode"]?.string?.isEmpty == false, "virtualNode must not be empty")
      let weight = target["weight"]?.int ?? -1
      try hold((0...100).contains(weight), "weight must be between 0 and 100")
      sum += weight
    }
    try hold((1...100).contains(sum), "the sum of the weights must be between 1 and 100")
    if member.hasPrefix("http") { try match(value["match"]) }
  }

  private func gatewayRoute() throws(AppMeshFailure) {
    let (member, value) = try one(of: Array(Self.layers.dropLast()))
    let service = value["action"]?["target"]?["virtualService"]?["virtualServiceName"]?.string
    try hold(service?.isEmpty == false, "virtualServiceName must not be empty")
    if member.hasPrefix("http") { try match(value["match"]) }
  }

  private func match(_ match: JSONValue?) throws(AppMeshFailure) {
    let prefix = match?["prefix"]?.string
    try hold(prefix?.hasPrefix("/") ?? true, "prefix must start with /")
    try hold(
      prefix == nil || match?["path"] == nil || match?["path"]?.isNull == true, "prefix and path exclude each other")
  }

  private func listener(_ listener: JSONValue) throws(AppMeshFailure) {
    try portMapping(listener["portMapping"])
    guard let tls = listener["tls"], !tls.isNull else { return }
    try hold(["STRICT", "PERMISSIVE", "DISABLED"].contains(tls["mode"]?.string ?? ""), "tls.mode is not valid")
    try hold(tls["certificate"]?.object?.count == 1, "certificate is a union: exactly one member must be set")
  }

  private func portMapping(_ mapping: JSONValue?) throws(AppMeshFailure) {
    try hold((1...65_535).contains(mapping?["port"]?.int ?? 0), "port must be between 1 and 65535")
    try hold(["http", "tcp", "http2", "grpc"].contains(mapping?["protocol"]?.string ?? ""), "protocol is not valid")
  }
}
