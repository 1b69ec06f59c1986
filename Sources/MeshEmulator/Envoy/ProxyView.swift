import MeshModel

/// The configuration of one Envoy as the control plane made it: what its `/config_dump` shows.
///
/// The shapes are those of `recordings/envoy` (Envoy 1.40 programmed by istiod 1.14).
struct ProxyView {
  let proxy: Instance
  let push: ConfigPush
  let registry: Registry
  let mesh: Scenario.Mesh
  /// When the proxy took the push, in seconds since 1970.
  let updated: Double

  init(proxy: Instance, push: ConfigPush, registry: Registry, mesh: Scenario.Mesh, updated: Double) {
    self.proxy = proxy
    self.push = push
    self.registry = registry
    self.mesh = mesh
    self.updated = updated
  }

  /// The version as Envoy shows it, the time of the push and its number.
  var version: String { "\(Timestamp.text(Self.whole(push.time)))/\(push.id + 1)" }

  var lastUpdated: String { ProxyView.timestamp(updated) }

  /// A time with milliseconds.
  static func timestamp(_ time: Double) -> String {
    let seconds = whole(time)
    let milliseconds = min(999, max(0, whole((time - Double(seconds)) * 1_000)))
    let digits = String(milliseconds)
    return Timestamp.text(seconds).dropLast() + "." + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
  }

  static func whole(_ value: Double) -> Int { Int(exactly: value.rounded(.down)) ?? 0 }

  var nodeID: String {
    "\(proxy.proxy == .gateway ? "router" : "sidecar")~\(proxy.address)~\(proxy.proxyID)~\(proxy.namespace).svc.cluster.local"
  }

  /// The node as the bootstrap and `/server_info` show it.
  var node: JSONValue {
    [
      "id": .string(nodeID), "cluster": .string("\(proxy.labels["app"] ?? proxy.workload).\(proxy.namespace)"),
      "metadata": metadata,
    ]
  }

  var metadata: JSONValue {
    var labels = JSONObject()
    for (key, value) in proxy.labels.sorted(by: { $0.key < $1.key }) { labels[key] = .string(value) }
    return [
      "INTERCEPTION_MODE": "REDIRECT", "NAMESPACE": .string(proxy.namespace), "CLUSTER_ID": .string(mesh.cluster),
      "SERVICE_ACCOUNT": .string(proxy.serviceAccount), "NAME": .string(proxy.name),
      "ISTIO_VERSION": .string(mesh.version), "LABELS": .object(labels), "INSTANCE_IPS": .string(proxy.address),
      "PROXY_CONFIG": [:], "WORKLOAD_NAME": .string(proxy.workload),
    ]
  }

  /// A resource of the proxy, made when it is asked for: in a large mesh it has twenty thousand, and mostly one is.
  struct Resource {
    var name: String
    var item: () -> JSONValue
  }

  /// The services the proxy knows, in order of host.
  var services: [RegistryService] { order.services(of: registry) }

  private let order = Order()

  /// The order of services, worked out once.
  private final class Order {
    private var known: [RegistryService]?

    func services(of registry: Registry) -> [RegistryService] {
      let services = known ?? registry.services.values.sorted { $0.host < $1.host }
      known = services
      return services
    }
  }

  /// The destination rule the proxy goes by for a service.
  func rule(_ service: RegistryService) -> DestinationRule? {
    push.configuration.destinationRule(
      for: service.host, client: proxy.namespace, service: service.namespace, root: mesh.rootNamespace,
      labels: proxy.labels)
  }

  static func isHTTP(_ port: RegistryService.Port) -> Bool { ["HTTP", "HTTP2", "GRPC"].contains(port.protocol) }

  static func typed(_ name: String, _ value: JSONValue = [:]) -> JSONValue {
    .object(
      JSONObject(
        [.init(name: "@type", value: .string("type.googleapis.com/\(name)"))] + (value.object?.members ?? [])))
  }

  /// A duration as proto3 JSON spells it.
  static func duration(_ milliseconds: Double) -> JSONValue {
    let seconds = milliseconds / 1_000
    if let whole = Int(exactly: seconds) { return .string("\(whole)s") }
    let digits = String((seconds * 1_000).rounded() / 1_000)
    let parts = digits.split(separator: ".")
    let fraction = parts.count > 1 ? String(parts[1]) : "0"
    return .string("\(parts.first ?? "0").\(fraction)\(String(repeating: "0", count: max(0, 3 - fraction.count)))s")
  }
}
