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
        report.routes += EnvoyEntities.programmed(
          table, proxy: ref, group: reading.group, runtime: reading.runtime)
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
