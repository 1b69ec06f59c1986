public import MeshModel

extension XDSPlane {
  /// What the clients took, by the control plane's own account, and what those run that can be asked themselves.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    async let own = proxies?.programmed(for: routes, in: snapshot)
    var report = await byStatus(snapshot)
    guard let own = await own else { return report }
    // A proxy itself knows better than its control plane what it runs; how it took what it was sent, both know.
    let told = Dictionary(report.proxies.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    let answering = Set(own.asked)
    let merged = own.proxies.map { state -> ProxyState in
      guard let words = told[state.ref] else { return state }
      var state = state
      // A rejection's words are with whoever sent what was rejected.
      state.sync.merge(words.sync) { own, theirs in
        if case .rejected = theirs { return theirs }
        return own == .synced ? theirs : own
      }
      state.rejection = words.rejection ?? state.rejection
      return state
    }
    let known = Set(merged.map(\.ref))
    report = ProgrammedReport(
      proxies: merged + report.proxies.filter { !known.contains($0.ref) },
      routes: own.routes + report.routes.filter { !answering.contains($0.proxy) },
      asked: own.asked + report.asked.filter { !answering.contains($0) },
      gaps: own.gaps + (own.proxies.isEmpty ? report.gaps : []), at: own.at)
    return report
  }

  private func byStatus(_ snapshot: MeshSnapshot) async -> ProgrammedReport {
    var report = ProgrammedReport(at: now())
    let clients: [ClientStatus]
    // istiod has no client status; it tells the same in a form of its own.
    if let told = await istiod?.programmed(for: [], in: snapshot, using: detached), !told.proxies.isEmpty {
      return told
    }
    do throws(MeshError) { clients = try await self.clients(within: 3) } catch {
      report.gaps = [error.message]
      return report
    }
    if clients.isEmpty { report.gaps = ["the control plane tells of no client"] }
    report.proxies = clients.map { client in
      ProxyState(
        ref: client.ref(name), workload: snapshot.endpoints[client.ref(name)]?.workload, version: client.version,
        isConnected: true, sync: client.sync, rejection: client.rejection)
    }
    let group = settings.node.cluster
    // Names of routes mean something only inside a group of clients.
    for client in clients where settings.content == .envoy && (group.isEmpty || client.group == group) {
      let ref = client.ref(name)
      let configurations = client.resources.filter { $0.typeURL == XDSType.routes.url && $0.isAccepted }
        .compactMap(\.json)
      let listeners = client.resources.filter { $0.typeURL == XDSType.listeners.url && $0.isAccepted }
      let inline = listeners.compactMap(\.json).flatMap(EnvoyListenerReader.connectionManagers)
        .compactMap { $0["route_config"] }
      guard !configurations.isEmpty || !inline.isEmpty else { continue }
      report.asked.append(ref)
      for table in XDSReading.tables(configurations + inline) {
        report.routes += EnvoyEntities.programmed(
          table, proxy: ref, group: EnvoyReader.name(group), runtime: EnvoyRuntime())
      }
    }
    return report
  }
}
