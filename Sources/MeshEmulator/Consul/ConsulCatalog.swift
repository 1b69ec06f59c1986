import MeshModel

/// The catalog: what runs, as agents on machines have registered it. Each instance stands on a machine of its own, with
/// its sidecar beside it.
struct ConsulCatalog: Sendable {
  /// The instances registered here, or those that a peer tells of.
  let services: [Instance]

  /// An instance of a service, and the Envoy that stands before it.
  struct Instance: Sendable {
    var service: String
    var number: Int
    var version: String
    var address: String
    var port: Int
    var isReady: Bool
    var hasSidecar: Bool
    /// Whether it is an entrance: an Envoy alone.
    var isGateway: Bool
    /// The services that its sidecar may call, with the peer of those that are imported.
    var upstreams: [Upstream]
    /// The peer that tells of it; empty for one's own.
    var peer: String
    /// Where it runs.
    var datacenter: String
    /// What it speaks.
    var spoken: String

    var node: String { "vm-\(service)-\(version.isEmpty ? "" : "\(version)-")\(number)" }
    var id: String { "\(service)-\(version.isEmpty ? "" : "\(version)-")\(number)" }
  }

  /// A service that is called, and the peer it is imported from; empty for one's own.
  struct Upstream: Sendable, Hashable {
    var service: String
    var peer: String
  }

  /// The catalog of a peer; one's own where it is empty.
  init(_ estate: Estate, peer: String = "") {
    let peerings = ConsulPeerings(estate)
    let importers = peerings.importers
    let datacenter = peer.isEmpty ? ConsulServer.datacenter : peerings.datacenter(of: peer)
    let registry = estate.state.registry
    let apps = Dictionary(
      estate.scenario.apps.map { ("\($0.namespace)/\($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
    var counts: [String: Int] = [:]
    services = registry.sortedInstances.compactMap { instance -> Instance? in
      guard let name = instance.labels["app"], let app = apps["\(instance.namespace)/\(name)"],
        importers[name] ?? "" == peer
      else { return nil }
      let number = counts[instance.workload, default: 0] + 1
      counts[instance.workload] = number
      return Instance(
        service: name, number: number, version: instance.labels["version"] ?? "", address: instance.address,
        port: app.ports.first?.number ?? 0, isReady: instance.isReady, hasSidecar: instance.proxy == .sidecar,
        isGateway: instance.proxy == .gateway,
        upstreams: Set(app.calls.map(\.to)).sorted().map { Upstream(service: $0, peer: importers[$0] ?? "") },
        peer: peer, datacenter: datacenter, spoken: [.http, .grpc].contains(app.role) ? app.role.rawValue : "tcp")
    }
  }

  /// The names of everything registered, with tags.
  var names: JSONValue {
    var result: JSONValue = ["consul": []]
    for name in Set(services.map(\.service)).sorted() {
      result[name] = []
      if services.contains(where: { $0.service == name && $0.hasSidecar }) { result[name + Self.sidecar] = [] }
    }
    return result
  }

  static let sidecar = "-sidecar-proxy"

  /// The instances of a registered name that a filter selects.
  func instances(of name: String, filter: ConsulFilter) -> [(instance: Instance, isSidecar: Bool)] {
    services.flatMap { instance -> [(Instance, Bool)] in
      var found: [(Instance, Bool)] = []
      if instance.service == name { found.append((instance, false)) }
      if instance.hasSidecar, instance.service + Self.sidecar == name { found.append((instance, true)) }
      return found
    }.filter { filter.matches(Self.meta($0.0)) }
  }

  /// The sidecars that stand before a service.
  func sidecars(of name: String) -> [(instance: Instance, isSidecar: Bool)] {
    services.filter { $0.service == name && $0.hasSidecar }.map { ($0, true) }
  }

  private static func meta(_ instance: Instance) -> [String: String] {
    instance.version.isEmpty ? [:] : ["version": instance.version]
  }

  private static func metaJSON(_ instance: Instance) -> JSONValue {
    .object(JSONObject(meta(instance).map { .init(name: $0.key, value: .string($0.value)) }))
  }

  /// The service of a `health` answer.
  static func service(_ instance: Instance, isSidecar: Bool, index: Int) -> JSONValue {
    var json: JSONValue = [
      "ID": .string(instance.id + (isSidecar ? sidecar : "")),
      "Service": .string(instance.service + (isSidecar ? sidecar : "")), "Tags": [],
      "Address": .string(instance.address),
      "Meta": metaJSON(instance), "Port": .int(isSidecar ? 20_000 : instance.port),
      "Weights": ["Passing": 1, "Warning": 1], "EnableTagOverride": false, "Proxy": [:], "Connect": [:],
      "CreateIndex": .int(index), "ModifyIndex": .int(index),
    ]
    if instance.isGateway { json["Kind"] = "api-gateway" }
    if !instance.peer.isEmpty { json["PeerName"] = .string(instance.peer) }
    guard isSidecar else { return json }
    if !instance.peer.isEmpty {
      // What the exporting cluster says with its proxies, so that they can be spoken to.
      json["Connect"] = [
        "PeerMeta": [
          "SNI": [.string("\(instance.service).default.\(instance.peer).external.\(ConsulServer.peerTrustDomain)")],
          "SpiffeID": [
            .string(
              "spiffe://\(ConsulServer.peerTrustDomain)/ns/default/dc/\(instance.datacenter)/svc/\(instance.service)")
          ], "Protocol": .string(instance.spoken),
        ]
      ]
    }
    json["Kind"] = "connect-proxy"
    json["Proxy"] = [
      "DestinationServiceName": .string(instance.service), "DestinationServiceID": .string(instance.id),
      "LocalServiceAddress": "127.0.0.1", "LocalServicePort": .int(instance.port), "Mode": "", "MeshGateway": [:],
      "Expose": [:],
      "Upstreams": .array(
        instance.upstreams.enumerated().map { place, upstream in
          var json: JSONValue = [
            "DestinationType": "service", "DestinationName": .string(upstream.service), "Datacenter": "",
            "LocalBindPort": .int(9_191 + place), "MeshGateway": [:],
          ]
          if !upstream.peer.isEmpty { json["DestinationPeer"] = .string(upstream.peer) }
          return json
        }),
    ]
    return json
  }

  /// The node of an answer.
  static func node(_ instance: Instance, index: Int) -> JSONValue {
    var json: JSONValue = [
      "ID": "", "Node": .string(instance.node), "Address": .string(instance.address),
      "Datacenter": .string(instance.datacenter), "TaggedAddresses": [:], "Meta": [:], "CreateIndex": .int(index),
      "ModifyIndex": .int(index),
    ]
    if !instance.peer.isEmpty { json["PeerName"] = .string(instance.peer) }
    return json
  }

  /// The checks of an instance: that of its node and its own.
  static func checks(_ instance: Instance, isSidecar: Bool, index: Int) -> [JSONValue] {
    func check(_ id: String, _ name: String, _ service: String, _ isPassing: Bool) -> JSONValue {
      [
        "Node": .string(instance.node), "CheckID": .string(id), "Name": .string(name),
        "Status": isPassing ? "passing" : "critical", "Notes": "",
        "Output": isPassing ? "" : "dial tcp: connect: connection refused",
        "ServiceID": .string(service.isEmpty ? "" : instance.id + (isSidecar ? sidecar : "")),
        "ServiceName": .string(service), "ServiceTags": [], "Type": service.isEmpty ? "" : "tcp", "Definition": [:],
        "CreateIndex": .int(index), "ModifyIndex": .int(index),
      ]
    }
    let service = instance.service + (isSidecar ? sidecar : "")
    return [
      check("serfHealth", "Serf Health Status", "", true),
      check("service:\(instance.id)", "Service '\(service)' check", service, isSidecar || instance.isReady),
    ]
  }
}
