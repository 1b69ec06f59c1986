import MeshModel

/// A MOSN beside an instance, as SOFAMesh has it in place of Envoy: its own administration, through the API server.
///
/// Pilot names what it programs a MOSN with as it does for Envoy, so that clusters and domains read alike.
/// Source: MOSN, `pkg/admin/server/apis.go` and `pkg/config/v2`.
struct MosnSidecar {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The port of the administration in MOSN's own examples.
  static let port = 34_901

  /// Whether sidecars may be MOSNs: SOFAMesh is of the time before PeerAuthentication.
  static func isPossible(using access: any KubernetesAccess) async -> Bool {
    guard await access.apiVersion(of: IstioKind.peerAuthentication.rawValue) == nil else { return false }
    return await access.apiVersion(of: IstioKind.policy.rawValue) != nil
  }

  /// The effective configuration of a sidecar, without private keys; `nil` where it is no MOSN that answers.
  func configuration(of proxy: ObjectRef) async -> JSONValue? {
    guard await Self.isPossible(using: access) else { return nil }
    let admin = IstioProxyAdmin(dialect: dialect, access: access)
    guard let bytes = try? await admin.get(proxy, "/api/v1/config_dump", port: Self.port),
      let json = try? JSONValue(parsing: bytes), json["routers"] != nil || json["cluster"] != nil
    else { return nil }
    return MosnSecrets.masked(json)
  }

  /// The routes of a configuration, those of the virtual hosts wanted.
  static func routes(
    _ dump: JSONValue, proxy: ObjectRef, where isWanted: ([String]) -> Bool = { _ in true }
  ) -> [ProgrammedRoute] {
    var routes: [ProgrammedRoute] = []
    for table in MosnConfiguration.tables(dump) {
      for host in table.hosts where isWanted(host.domains) {
        for entry in host.entries {
          let clusters = entry.weights.clusters.compactMap { EnvoyClusterName.parse($0.cluster, weight: $0.weight) }
          guard !clusters.isEmpty else { continue }
          routes.append(
            ProgrammedRoute(
              proxy: proxy, domains: host.domains, name: entry.name, origin: "", clusters: clusters,
              port: Int(table.name)))
        }
      }
    }
    return routes
  }

  /// What a configuration takes and sends: its ingress listeners, and its clusters of the hosts wanted.
  static func contexts(_ dump: JSONValue, proxy: ObjectRef, _ question: ProxyTLSQuestion) -> ProxyTLS {
    var contexts = ProxyTLS(proxy: proxy)
    if question.isServer {
      for member in dump["listener"]?.object?.members ?? [] where member.value["type"]?.string == "ingress" {
        let address = member.value["address"]?.string ?? ""
        guard let port = address.lastIndex(of: ":").flatMap({ Int(address[address.index(after: $0)...]) }) else {
          continue
        }
        let modes = (member.value["filter_chains"]?.array ?? []).map { chain in
          chain["tls_context"].map(MosnConfiguration.serverMode) ?? .disable
        }
        contexts.inbound.append(
          InboundTLS(
            port: port, takesMeshTLS: modes.contains { $0 != .disable },
            takesPlaintext: modes.contains { $0 != .strict }))
      }
    }
    for cluster in MosnConfiguration.clusters(dump).values {
      guard let name = EnvoyClusterName.parse(cluster.name, weight: 0), question.hosts.contains(name.host) else {
        continue
      }
      let sends: OutboundTLS.Sends =
        switch cluster.tls {
        case .mutual, .istioMutual: .mesh
        case .simple: .own
        case .disable: .plaintext
        }
      contexts.outbound.append(OutboundTLS(host: name.host, port: name.port, subset: name.subset, sends: sends))
    }
    return contexts
  }
}
