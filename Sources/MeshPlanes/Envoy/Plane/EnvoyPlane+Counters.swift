public import MeshModel

/// Where the counters of one proxy are, and what they are called by.
public struct EnvoyCounterPlace: Sendable, Hashable {
  /// The address of its administration interface.
  public var admin: String
  /// The namespace that its group of proxies is.
  public var namespace: String
  /// The workload that its group of proxies is.
  public var workload: String
  /// The workloads that its clusters are, by the name their counters are filed under.
  public var clusters: [String: String]
  /// The clusters, by the same name, that carry plain TCP.
  public var tcp: Set<String>
}

extension EnvoyPlane {
  /// Where the counters of the proxies that answer are; fails where none does.
  public func counterPlaces() async throws(MeshError) -> [EnvoyCounterPlace] {
    let state = await fleet.current(within: 3)
    var names: [String: [String]] = [:]
    for reading in state.readings { names[reading.group, default: []] += reading.clusters.keys }
    let places = state.readings.filter { state.failures[$0.address] == nil }.map { reading in
      let carried = Set(reading.listeners.flatMap(\.tcp).flatMap(\.weights.clusters).map(\.cluster))
      return EnvoyCounterPlace(
        admin: reading.address, namespace: reading.group,
        workload: EnvoyEntities.workload(ofGroup: reading.group, clusters: names[reading.group] ?? []),
        clusters: Dictionary(
          reading.clusters.values.map { ($0.statName, EnvoyReader.name($0.name)) },
          uniquingKeysWith: { first, _ in first }),
        tcp: Set(reading.clusters.values.filter { carried.contains($0.name) }.map(\.statName)))
    }
    guard !places.isEmpty else {
      let reason = state.failures.values.map(\.reason).min() ?? state.gaps.first ?? "the places name none"
      throw MeshError(.unreachable, "no proxy answers: \(reason)", plane: name)
    }
    return places
  }
}
