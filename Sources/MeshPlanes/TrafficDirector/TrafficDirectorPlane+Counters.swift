public import MeshModel

/// A backend service as proxies' own counters name it.
public struct TrafficDirectorCluster: Sendable, Hashable {
  /// The names that its counters may be filed under.
  public var names: [String]
  /// The backend service.
  public var service: String
  /// The workload, where it sends to one alone.
  public var workload: String?
  /// Whether it carries plain TCP.
  public var isTCP: Bool
}

extension TrafficDirectorPlane {
  /// The backend services as Envoy names them.
  ///
  /// Traffic Director calls a cluster `cloud-internal-istio:cloud_mp_<project number>_<backend service's id>` and has its
  /// counters filed under `/projects/<project number>/global/backendServices/<name>` (`alt_stat_name`); read off the
  /// configuration dumps of its Envoys.
  public func clusters() async throws(MeshError) -> [TrafficDirectorCluster] {
    let reading = try await catalog.recent()
    let projects = [await catalog.projectNumber(), project].compactMap(\.self)
    return (reading.objects[.backendService] ?? []).compactMap { native in
      guard let name = TrafficDirectorName(of: native.json) else { return nil }
      let groups = Set((reading.groups[name.id] ?? []).map(\.id))
      let id = native.json["id"]?.string ?? ""
      let transport = native.json["protocol"]?.string ?? ""
      return TrafficDirectorCluster(
        names: projects.flatMap { project in
          ["/projects/\(project)/global/backendServices/\(name.id)", "cloud-internal-istio:cloud_mp_\(project)_\(id)"]
        },
        service: name.id, workload: groups.count == 1 ? groups.first : nil, isTCP: ["TCP", "SSL"].contains(transport))
    }
  }
}
