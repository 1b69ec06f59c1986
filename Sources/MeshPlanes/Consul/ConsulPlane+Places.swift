import MeshModel

extension ConsulPlane {
  /// The peerings; none where the servers know no peering (before 1.13) or have it switched off.
  func peerings() async throws(MeshError) -> [ConsulPeering] {
    do throws(MeshError) {
      let answer = try await client.get("/v1/peerings", what: "list peers")
      return (answer.json.array ?? []).compactMap(ConsulPeering.init)
    } catch  where error.code == .notFound || error.code == .refused {
      return []
    }
  }

  /// The datacenters, admin partitions and peers beside the one that is read, where there are any.
  ///
  /// Source: Consul HTTP API, `/catalog/datacenters`, `/partitions` (Enterprise), `/peerings`.
  func placesCheck() async -> PlaneCheck? {
    var parts: [String] = []
    var troubles: [String] = []
    let datacenters = try? await client.get("/v1/catalog/datacenters", what: "list datacenters").json.array
    let names = (datacenters ?? []).compactMap(\.string)
    if names.count > 1 {
      parts.append("datacenters \(names.joined(separator: ", ")) (\(client.datacenter ?? names[0]) is read)")
    }
    let partitions = try? await client.get("/v1/partitions", what: "list partitions").json.array
    let spaces = (partitions ?? []).compactMap { $0["Name"]?.string }
    if spaces.count > 1 {
      parts.append("partitions \(spaces.joined(separator: ", ")) (\(client.partition ?? "default") is read)")
    }
    for peer in (try? await peerings()) ?? [] {
      parts.append(
        "peer \(peer.name) \(peer.state) (\(peer.counts.imported.counted("service")) imported,"
          + " \(peer.counts.exported) exported)")
      if !peer.isWell { troubles.append(peer.name) }
    }
    guard !parts.isEmpty else { return nil }
    return PlaneCheck(
      name: "places", result: troubles.isEmpty ? .ok : .warning, detail: parts.joined(separator: "; "),
      remedy: troubles.isEmpty ? nil : "look at the peer: consul peering read -name \(troubles[0])")
  }
}
