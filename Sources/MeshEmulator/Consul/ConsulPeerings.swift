import MeshModel

/// The peerings of a Consul: other clusters, what they export to this one, and what it exports to them.
///
/// What a peer exports runs in the estate beside the cluster's own services, and is in no catalog but the peer's.
/// Source: hashicorp/consul, `api/peering.go`, `api/imported_services.go`, and
/// `api/config_entry_exports.go`, `ResolvedExportedService`.
struct ConsulPeerings {
  private static let kind = "peering"
  private let estate: Estate

  init(_ estate: Estate) { self.estate = estate }

  /// Whether a document is a peering as `/v1/peering/NAME` answers it.
  static func isPeering(_ document: JSONValue) -> Bool { document["Kind"] == nil && document["StreamStatus"] != nil }

  /// Keeps a peering as it was established.
  func store(_ document: JSONValue) {
    estate.edit(Self.kind, document["Name"]?.string ?? "") { _ in .write(document) }
  }

  /// The peerings by name; what is exported to each is what the exported-services entries say.
  func list(_ entries: ConsulEntries, now: Int) -> [JSONValue] {
    estate.documents(Self.kind).map { document in
      var peering = document.json
      let name = peering["Name"]?.string ?? ""
      let beat = JSONValue.string(Timestamp.text(now))
      peering["StreamStatus"]?["ExportedServices"] = .array(Self.exported(to: name, entries).map(JSONValue.string))
      for member in ["LastHeartbeat", "LastReceive", "LastSend"] { peering["StreamStatus"]?[member] = beat }
      peering["CreateIndex"] = .int(document.created)
      peering["ModifyIndex"] = .int(document.version)
      return peering
    }
  }

  /// The peer that exports each service imported.
  var importers: [String: String] {
    var result: [String: String] = [:]
    for document in estate.documents(Self.kind) {
      for service in document.json["StreamStatus"]?["ImportedServices"]?.array ?? [] {
        result[service.string ?? ""] = document.name
      }
    }
    return result
  }

  /// The datacenter of a peer, as it told.
  func datacenter(of peer: String) -> String {
    estate.document(Self.kind, peer)?.json["Remote"]?["Datacenter"]?.string ?? ""
  }

  /// The consumers of each exported service.
  static func consumers(_ entries: ConsulEntries) -> [(service: String, peers: [String])] {
    (entries["exported-services", "default"]?["Services"]?.array ?? []).map { service in
      (service["Name"]?.string ?? "", (service["Consumers"]?.array ?? []).compactMap { $0["Peer"]?.string })
    }
  }

  private static func exported(to peer: String, _ entries: ConsulEntries) -> [String] {
    consumers(entries).filter { $0.peers.contains(peer) }.map(\.service).sorted()
  }
}

extension ConsulServer {
  /// One peering, or all.
  func peerings(_ name: String?, _ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    try await blocking(request, index: { max(config.index, catalogIndex) }) { () throws(ConsulFailure) in
      let all = ConsulPeerings(estate).list(config.entries, now: ProxyView.whole(estate.clock()))
      guard let name else { return .array(all) }
      guard let one = all.first(where: { $0["Name"]?.string == name }) else {
        throw ConsulFailure(404, "Peering not found for \"\(name)\"")
      }
      return one
    }
  }

  /// The services imported from peers, or exported to them.
  func shared(_ way: String, _ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    try await blocking(request, index: { max(config.index, catalogIndex) }) { () throws(ConsulFailure) in
      guard way == "exported-services" else {
        return .array(
          ConsulPeerings(estate).importers.sorted { $0.key < $1.key }.map {
            ["Service": .string($0.key), "SourcePeer": .string($0.value)]
          })
      }
      return .array(
        ConsulPeerings.consumers(config.entries).map { service, peers in
          ["Service": .string(service), "Consumers": ["Peers": .array(peers.map(JSONValue.string))]]
        })
    }
  }
}
