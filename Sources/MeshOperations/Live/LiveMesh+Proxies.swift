import MeshModel
import MeshPlanes
import MeshTelemetry

/// What the proxies run and what the control planes behind them hold: read at intervals, since nobody tells when it changes.
extension LiveMesh {
  /// Reads once what the proxies run that matter for the weighted routes known; a plane that is down is not asked.
  public func readProxies() async {
    await withTaskGroup(of: Void.self) { group in
      for connection in connections where !isDown(connection.name) {
        group.addTask { await self.readProxies(connection) }
      }
    }
  }

  /// How long proxies are not asked since lists are still being read.
  private static let longestLoading = Duration.seconds(30)

  func readProxiesForEver(_ connection: PlaneConnection) async {
    let begun = ContinuousClock.now
    var pace = ProxyPace()
    while !Task.isCancelled {
      // Right after a start there is nothing to ask for, nor anybody to ask while pods are still being listed: in a large mesh
      // the next time may be minutes later. One list that takes for ever does not keep the proxies from being read.
      let isEarly =
        view.snapshot.routes.isEmpty
        || view.isLoading(connection.name) && begun.duration(to: .now) < Self.longestLoading
      guard !isEarly else {
        try? await Task.sleep(for: .seconds(0.3))
        continue
      }
      let (reading, generation) = (ContinuousClock.now, view.snapshot.generation)
      await readProxies(connection)
      let report = view.programmed[connection.name]?.value
      let rest = pace.rest(
        after: report, in: generation, took: reading.duration(to: .now),
        usual: pause(afterReading: report?.proxies.count ?? 0), least: .seconds(interval))
      for turn in 0..<rest.turns where turn == 0 || !Task.isCancelled && view.snapshot.generation == generation {
        try? await Task.sleep(for: rest.length)
      }
    }
  }

  private func readProxies(_ connection: PlaneConnection) async {
    let snapshot = view.snapshot
    let routes = snapshot.routes.kept.filter { route in
      route.value.ref.plane == connection.name && route.value.rules.contains { $0.backends.count > 1 }
    }.map(\.value)
    var report = await connection.control.programmed(for: routes, in: snapshot)
    guard !Task.isCancelled else { return }
    let earlier = view.programmed[connection.name]?.value
    report.noteTimes(since: earlier)
    if let earlier { report.share(with: earlier) }
    if report.proxies.isEmpty, report.routes.isEmpty, let gap = report.gaps.first {
      view.programmed[connection.name] = .unknown(gap)
    } else {
      view.programmed[connection.name] = .known(report, source: "control plane and proxies", at: report.at)
    }
    publish()
  }

  /// Asks the proxies of every plane once for the TLS contexts at both ends of the calls seen, those of a namespace where one
  /// is given.
  public func readProxyTLS(namespace: String? = nil) async {
    await withTaskGroup(of: Void.self) { group in
      for connection in connections where !isDown(connection.name) {
        group.addTask { await self.readProxyTLS(connection, namespace: namespace) }
      }
    }
  }

  private func readProxyTLS(_ connection: PlaneConnection, namespace: String?) async {
    let now = current()
    let questions = await Self.tlsQuestions(now, plane: connection.name, namespace: namespace)
    let told = await connection.control.programmedTLS(questions, in: now.snapshot)
    guard !Task.isCancelled else { return }
    guard let report = told else {
      view.proxyTLS[connection.name] = .unknown("this plane does not tell what TLS its proxies run")
      return
    }
    view.proxyTLS[connection.name] = .known(report, source: "config_dump of proxies", at: report.at)
    publish()
  }

  /// Worked out off the store's own turn, since it looks at every call.
  @concurrent
  private static func tlsQuestions(_ view: MeshView, plane: PlaneName, namespace: String?) async -> [ProxyTLSQuestion] {
    view.tlsQuestions(plane: plane, namespace: namespace)
  }

  /// Asks for TLS contexts every half minute at most, and never more than a twentieth of the time.
  func readProxyTLSForEver(_ connection: PlaneConnection) async {
    while !Task.isCancelled {
      let isEmpty = view.snapshot.workloads.isEmpty || view.traffic[connection.name]?.value?.edges.isEmpty != false
      let begun = ContinuousClock.now
      if !isEmpty { await readProxyTLS(connection, namespace: nil) }
      let pause = max(.seconds(30), min(begun.duration(to: .now) * 20, .seconds(60)))
      try? await Task.sleep(for: isEmpty ? .seconds(1) : pause)
    }
  }

  /// Asks the control planes behind proxies once what they hold and what troubles them.
  public func readDistribution() async {
    await withTaskGroup(of: Void.self) { group in
      for connection in connections where !isDown(connection.name) {
        group.addTask { await self.readDistribution(connection) }
      }
    }
  }

  private func readDistribution(_ connection: PlaneConnection) async {
    guard let report = await connection.control.distribution(in: view.snapshot), !Task.isCancelled else { return }
    if report.pushErrors.isEmpty, report.differences.isEmpty, let gap = report.gaps.first {
      view.distribution[connection.name] = .unknown(gap)
    } else {
      view.distribution[connection.name] = .known(report, source: "the control plane", at: report.at)
    }
    publish()
  }

  /// Asks once a minute at most, and never more than a hundredth of the time.
  func readDistributionForEver(_ connection: PlaneConnection) async {
    while !Task.isCancelled {
      let isEmpty = view.snapshot.routes.isEmpty
      let begun = ContinuousClock.now
      if !isEmpty { await readDistribution(connection) }
      try? await Task.sleep(for: isEmpty ? .seconds(2) : max(.seconds(60), begun.duration(to: .now) * 100))
    }
  }
}
