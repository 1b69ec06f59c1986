import MeshModel

/// An EgressNetwork: addresses outside the cluster, and whether calls to them that no route names are let out.
///
/// Source: Linkerd, "EgressNetwork"; linkerd2, `policy-controller/k8s/index/src/outbound/index/egress_network.rs`.
struct EgressNetwork: Sendable {
  var namespace: String
  var name: String
  var created: String
  var networks: [NetworkRange]
  var letsOut: Bool

  /// The namespace whose networks are for all callers (Linkerd's chart, `egress.globalEgressNetworkNamespace`).
  static let global = "linkerd-egress"

  init(_ object: StoredObject) {
    let json = object.json
    namespace = object.namespace
    name = object.name
    created = json["metadata"]?["creationTimestamp"]?.string ?? ""
    networks =
      json["spec"]?["networks"].map { LinkerdDemand.networks($0) }
      ?? [NetworkRange(cidr: "0.0.0.0/0", except: LinkerdConfiguration.clusterNetworks)]
    letsOut = json["spec"]?["trafficPolicy"]?.string == "Allow"
  }

  /// The length of the longest prefix that holds an address; `nil` where none does.
  func prefix(of address: String) -> Int? {
    networks.filter { $0.contains(address) == true }
      .map { $0.cidr.split(separator: "/").dropFirst().first.flatMap { Int($0) } ?? 32 }.max()
  }
}

extension LinkerdConfiguration {
  /// The network that a call to an address outside the cluster belongs to: of those of the caller's namespace, or where it
  /// has none of the mesh's, the one of the longest prefix, then the oldest.
  func egressNetwork(for address: String, from caller: String) -> EgressNetwork? {
    let own = egressNetworks.values.filter { $0.namespace == caller }
    let candidates = own.isEmpty ? egressNetworks.values.filter { $0.namespace == EgressNetwork.global } : own
    return candidates.compactMap { network in network.prefix(of: address).map { (network, $0) } }
      .min { ($1.1, $0.0.created, $0.0.name) < ($0.1, $1.0.created, $1.0.name) }?.0
  }
}
