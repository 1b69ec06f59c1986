import MeshModel

/// One registered instance of a service, with its node and its checks, as `/v1/health/service` answers it.
struct ConsulInstance: Sendable, Hashable {
  var node: String
  var id: String
  var service: String
  /// `connect-proxy`, `mesh-gateway`, `ingress-gateway`, `terminating-gateway`, `api-gateway`; empty for a service proper.
  var kind: String
  var address: String
  var port: Int
  var meta: [String: String]
  /// The service that a sidecar stands before.
  var destination: String
  /// The instance that a sidecar stands before, on the same node.
  var destinationID: String
  /// The services that a sidecar may call, as registered with it; those of peers with the peer's name.
  var upstreams: [String]
  /// Whether a sidecar takes all calls of its service, so that what it may call is not registered with it.
  var isTransparent: Bool
  /// Whether the service itself speaks the mesh's protocol.
  var isNative: Bool
  /// Whether traffic is sent to it: no check of the instance or its node is critical.
  var isPassing: Bool

  init?(_ json: JSONValue) {
    guard let service = json["Service"], let name = service["Service"]?.string, !name.isEmpty else { return nil }
    self.service = name
    node = json["Node"]?["Node"]?.string ?? ""
    id = service["ID"]?.string ?? name
    kind = service["Kind"]?.string ?? ""
    let own = service["Address"]?.string ?? ""
    address = own.isEmpty ? json["Node"]?["Address"]?.string ?? "" : own
    port = service["Port"]?.int ?? 0
    meta = (service["Meta"]?.object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
    let proxy = service["Proxy"]
    destination = proxy?["DestinationServiceName"]?.string ?? ""
    destinationID = proxy?["DestinationServiceID"]?.string ?? ""
    upstreams = (proxy?["Upstreams"]?.array ?? []).compactMap { upstream in
      upstream["DestinationName"]?.string.map { ConsulPeering.named($0, peer: upstream["DestinationPeer"]?.string) }
    }
    isTransparent = proxy?["Mode"]?.string == "transparent"
    isNative = service["Connect"]?["Native"]?.bool ?? false
    isPassing = !(json["Checks"]?.array ?? []).contains { $0["Status"]?.string == "critical" }
  }

  /// What tells it from every other instance.
  var key: String { "\(node)/\(id)" }
}
