import MeshModel

extension ConsulPlane {
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
    let peerings = try? await client.get("/v1/peerings", what: "list peers").json.array
    for peer in peerings ?? [] {
      guard let name = peer["Name"]?.string else { continue }
      let state = peer["State"]?.string?.lowercased() ?? "of unknown state"
      let status = peer["StreamStatus"]
      let imported = status?["ImportedServices"]?.array?.count ?? peer["ImportedServiceCount"]?.int ?? 0
      let exported = status?["ExportedServices"]?.array?.count ?? peer["ExportedServiceCount"]?.int ?? 0
      parts.append("peer \(name) \(state) (\(imported) services imported, \(exported) exported)")
      if state != "active", state != "pending" { troubles.append(name) }
    }
    guard !parts.isEmpty else { return nil }
    return PlaneCheck(
      name: "places", result: troubles.isEmpty ? .ok : .warning, detail: parts.joined(separator: "; "),
      remedy: troubles.isEmpty ? nil : "look at the peer: consul peering read -name \(troubles[0])")
  }
}
