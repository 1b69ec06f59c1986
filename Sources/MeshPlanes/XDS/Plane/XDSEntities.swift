import MeshModel

/// The neutral views of what a control plane sends, and of the clients it tells of.
struct XDSEntities {
  let plane: PlaneName
  let settings: XDSSettings
  let state: XDSFeed.State
  let clients: [ClientStatus]

  /// The kinds of things there are, for their feeds.
  var kinds: [ObjectKind] {
    settings.content == .istio
      ? IstioResources.objectKinds + [EnvoyEntities.Kind.proxy, "workload"] : EnvoyEntities.Kind.all
  }

  /// All entities, and why something sent is not among them.
  func all() -> (entities: [Entity], gaps: [String]) {
    switch settings.content {
    case .envoy:
      let reading = XDSReading.reading(state.resources, settings: settings, at: state.at ?? Instant(seconds: 0))
      let fleet = EnvoyFleet.State(readings: [reading], at: state.at, size: 1)
      return (
        EnvoyEntities(plane: plane, fleet: fleet, isControlPlane: true).all() + proxies(own: reading),
        state.resources.faults.map { "\($0.key): \($0.value)" }.sorted()
      )
    case .istio:
      let (objects, unknown) = IstioResources.objects(state.resources)
      var entities = proxies(own: nil)
      var gaps = unknown.map { "not shown: \($0)" } + state.resources.faults.map { "\($0.key): \($0.value)" }
      for (_, json) in objects {
        do throws(MeshError) {
          entities += try IstioDialect().entities(from: json, plane: plane)
        } catch {
          gaps.append("\(json["metadata"]?["name"]?.string ?? ""): \(error.message)")
        }
      }
      return (entities, gaps.sorted())
    }
  }

  /// The clients as instances, each group as a workload unless it is that of the routes.
  private func proxies(own: EnvoyReading?) -> [Entity] {
    var entities: [Entity] = []
    for (group, members) in Dictionary(grouping: clients, by: \.group) {
      let name = EnvoyReader.name(group)
      let isOwn = own?.group == group
      let workload = ObjectRef(
        plane: plane, namespace: name, kind: "workload",
        name: EnvoyEntities.workload(ofGroup: name, clusters: isOwn ? Array((own?.clusters ?? [:]).keys) : []))
      let labels = ["envoy.group": workload.name]
      if !isOwn {
        entities.append(
          .workload(
            Workload(ref: workload, labels: labels, desired: members.count, nativeKind: EnvoyEntities.Kind.proxy)))
      }
      for client in members {
        entities.append(
          .endpoint(
            Endpoint(
              ref: client.ref(plane), workload: workload, labels: labels, address: "", ports: [], isReady: true,
              proxy: .gateway, acceptsMeshTLS: false)))
      }
    }
    return entities
  }
}

extension ClientStatus {
  /// The identity of the client as a proxy.
  func ref(_ plane: PlaneName) -> ObjectRef {
    ObjectRef(
      plane: plane, namespace: EnvoyReader.name(group), kind: EnvoyEntities.Kind.proxy, name: EnvoyReader.name(id))
  }
}
