public import MeshModel

extension EnvoyPlane {
  /// What every proxy of the fleet runs: its state, and the weights of all its routes with the runtime applied.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    let state = await fleet.current(within: 3)
    var report = ProgrammedReport(at: state.at ?? now())
    report.gaps = state.gaps
    for (_, failure) in state.failures.sorted(by: { $0.key < $1.key }) { report.gaps.append(failure.reason) }
    for reading in state.readings {
      let ref = ObjectRef(plane: name, namespace: reading.group, kind: EnvoyEntities.Kind.proxy, name: reading.node)
      let isAnswering = state.failures[reading.address] == nil
      report.proxies.append(proxy(reading, ref, isAnswering: isAnswering, snapshot))
      guard isAnswering else { continue }
      report.asked.append(ref)
      for table in reading.allTables {
        for host in table.hosts {
          let route = EnvoyEntities.route(table, host)
          for (index, entry) in host.entries.enumerated() where !entry.weights.clusters.isEmpty {
            let weights = entry.weights.effective(reading.runtime.values)
            report.routes.append(
              ProgrammedRoute(
                proxy: ref, domains: host.domains, name: entry.name,
                origin: EnvoyRules.origin(group: reading.group, route: route.name, rule: index),
                clusters: zip(entry.weights.clusters, weights).map { target, weight in
                  ProgrammedRoute.Cluster(host: target.cluster, subset: nil, port: nil, weight: weight)
                }))
          }
        }
      }
    }
    return report
  }

  private func proxy(
    _ reading: EnvoyReading, _ ref: ObjectRef, isAnswering: Bool, _ snapshot: MeshSnapshot
  ) -> ProxyState {
    var sync: [ProxyState.ConfigType: ProxyState.SyncState] = [:]
    if reading.origin.controlPlane != nil {
      for type in ProxyState.ConfigType.allCases where type != .eds { sync[type] = .synced }
    }
    for (type, words) in reading.rejections { sync[type] = .rejected(words) }
    return ProxyState(
      ref: ref, workload: snapshot.endpoints[ref]?.workload, version: reading.version,
      isConnected: isAnswering && reading.isConnected != false, sync: sync,
      rejection: ProxyState.ConfigType.allCases.compactMap { reading.rejections[$0] }.first,
      certificateDaysLeft: reading.certificateDaysLeft)
  }
}
