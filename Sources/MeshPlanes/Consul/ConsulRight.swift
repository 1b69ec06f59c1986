import MeshModel

/// A right of Consul's ACL system, as its authorisation probe asks for it.
///
/// Source: hashicorp/consul, `CanWrite` of each configuration entry; `agent/acl_endpoint.go`, `ACLAuthorize`.
struct ConsulRight: Sendable, Hashable, CustomStringConvertible {
  var resource: String
  var access: String
  var segment: String

  init(_ resource: String, _ access: String, segment: String = "") {
    self.resource = resource
    self.access = access
    self.segment = segment
  }

  /// The right that writing an entry takes.
  init(writing entry: ConsulName) {
    switch entry.kind {
    case .serviceDefaults, .resolver, .splitter, .router: self.init("service", "write", segment: entry.name)
    case .intentions: self.init("intention", "write", segment: entry.name)
    case .proxyDefaults, .mesh, .ingressGateway, .terminatingGateway, .apiGateway, .httpRoute, .tcpRoute,
      .exportedServices, .samenessGroup, .jwtProvider:
      self.init("mesh", "write")
    }
  }

  var description: String { segment.isEmpty ? "\(resource):\(access)" : "\(resource):\(access) on \(segment)" }

  var json: JSONValue {
    var json: JSONValue = ["Resource": .string(resource), "Access": .string(access)]
    if !segment.isEmpty { json["Segment"] = .string(segment) }
    return json
  }
}

extension ConsulPlane {
  /// Which rights the token has, as the servers judge it.
  func allowed(_ rights: [ConsulRight]) async throws(MeshError) -> [ConsulRight: Bool] {
    let answer = try await client.ask(
      "/v1/internal/acl/authorize", .array(rights.map(\.json)), what: "ask for permissions")
    let verdicts = (answer.array ?? []).map { $0["Allow"]?.bool ?? false }
    guard verdicts.count == rights.count else {
      throw MeshError(
        .malformed, "the answer has \(verdicts.count) verdicts for \(rights.count) questions", plane: name)
    }
    return Dictionary(zip(rights, verdicts), uniquingKeysWith: { $1 })
  }
}
