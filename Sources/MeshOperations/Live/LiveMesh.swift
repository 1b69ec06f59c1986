public import MeshModel
public import MeshPlanes
public import MeshTelemetry

/// A plane with its source of measurements.
public struct PlaneConnection: Sendable {
  /// The control plane.
  public var control: any ControlPlane
  /// The plane's name.
  public var name: PlaneName
  /// The source of measurements; `nil` where there is none.
  public var telemetry: (any TelemetrySource)?
  /// Why there is no source of measurements.
  public var telemetryGap: String

  /// Creates a connection.
  public init(
    name: PlaneName, control: any ControlPlane, telemetry: (any TelemetrySource)? = nil,
    telemetryGap: String = "no telemetry source"
  ) {
    self.name = name
    self.control = control
    self.telemetry = telemetry
    self.telemetryGap = telemetryGap
  }

  /// The plane with what it can do; what it does not measure itself is told by the source it was given.
  public var plane: Plane {
    get async {
      var plane = await control.plane
      if telemetry != nil { plane.capabilities.answers[.observed] = .yes }
      return plane
    }
  }
}

/// The live store over all planes: configuration followed as it changes, traffic and proxies read at intervals.
///
/// A plane that is slow or down never holds up another: each has tasks of its own, and what was known stays, with its age.
public actor LiveMesh {
  /// The planes.
  public nonisolated let connections: [PlaneConnection]
  private var view: MeshView
  private var subscribers: [Int: AsyncStream<MeshView>.Continuation] = [:]
  private var nextSubscriber = 0
  private var isDirty = false
  private var isPublishing = false
  private var tasks: [Task<Void, Never>] = []
  private let window: Double
  private let interval: Double
  private let patience: Double
  /// The error of the plane that failed last in ``load(_:namespace:)``.
  public private(set) var failure: MeshError?

  /// Creates a store; `window` is that of traffic in seconds, `interval` that between two measurements, `patience` how long
  /// a plane that says nothing keeps ``load(_:namespace:)`` waiting after another has told everything.
  public init(_ connections: [PlaneConnection], window: Double = 60, interval: Double = 5, patience: Double = 5) {
    self.connections = connections
    self.patience = patience
    self.window = window
    self.interval = interval
    view = MeshView(at: .now)
    for connection in connections {
      view.traffic[connection.name] = .unknown(
        connection.telemetry == nil ? connection.telemetryGap : "not measured yet")
      view.rules[connection.name] = Dictionary(
        uniqueKeysWithValues: Dialect.allCases.compactMap { dialect in
          connection.control.rules(for: dialect).map { (dialect, $0) }
        })
    }
  }

  deinit { for task in tasks { task.cancel() } }

  /// Begins to follow every plane.
  public func start() {
    guard tasks.isEmpty else { return }
    for connection in connections {
      tasks.append(Task { [weak self] in await self?.follow(connection) })
      tasks.append(Task { [weak self] in await self?.measureForEver(connection) })
      tasks.append(Task { [weak self] in await self?.readProxiesForEver(connection) })
      tasks.append(Task { [weak self] in await self?.readProxyTLSForEver(connection) })
      tasks.append(Task { [weak self] in await self?.readDistributionForEver(connection) })
    }
  }

  /// Stops following; what is known stays.
  public func stop() {
    for task in tasks { task.cancel() }
    tasks = []
    for subscriber in subscribers.values { subscriber.finish() }
    subscribers = [:]
  }

  /// Everything known now.
  public func current() -> MeshView {
    var view = view
    view.at = .now
    return view
  }

  /// The views as they change, coalesced: a slow reader gets the newest, never a backlog.
  public func views() -> AsyncStream<MeshView> {
    let id = nextSubscriber
    nextSubscriber += 1
    let (stream, continuation) = AsyncStream.makeStream(of: MeshView.self, bufferingPolicy: .bufferingNewest(1))
    continuation.onTermination = { [weak self] _ in Task { [weak self] in await self?.unsubscribe(id) } }
    subscribers[id] = continuation
    continuation.yield(current())
    return stream
  }

  /// Reads kinds once from every plane; `nil` reads all. A plane that fails is marked, the others are read; one that says
  /// nothing at all is not waited for once another has told everything (``Patience``).
  public func load(_ kinds: Set<ObjectKind>?, namespace: String? = nil) async {
    let patience = Patience(seconds: patience)
    await withTaskGroup(of: Void.self) { group in
      for connection in connections {
        group.addTask {
          let isGivenUp = await Patience.work(unless: { await patience.isLost(with: connection.name) }) {
            await self.read(connection, kinds, namespace, patience)
          }
          if isGivenUp { await self.fail(connection, patience.failure(of: connection.name)) }
        }
      }
    }
  }

  /// Forgets which planes are down, before all are asked anew.
  public func reconsider() {
    for index in view.planes.indices where view.planes[index].state == .down { view.planes[index].state = .connecting }
  }

  private func read(
    _ connection: PlaneConnection, _ kinds: Set<ObjectKind>?, _ namespace: String?, _ patience: Patience
  ) async {
    do throws(MeshError) {
      try await connection.control.read(kinds, namespace: namespace) { changes in
        await patience.hears(connection.name)
        await self.take(changes)
      }
      await describeReading(connection)
      await patience.ends(connection.name)
    } catch {
      await fail(connection, error)
    }
  }

  /// Measures the traffic of every plane once; a source that needs two readings for a rate is asked twice. One of a plane
  /// that is found to be down meanwhile is given up with it.
  public func measure() async {
    await withTaskGroup(of: Void.self) { group in
      for connection in connections {
        group.addTask {
          _ = await Patience.work(unless: { await self.isDown(connection.name) }) {
            await self.measureOnce(connection)
          }
        }
      }
    }
  }

  private func measureOnce(_ connection: PlaneConnection) async {
    await measure(connection)
    guard let pause = connection.telemetry?.warmUp else { return }
    try? await Task.sleep(for: .seconds(pause))
    await measure(connection)
  }

  /// Reads once what the proxies run that matter for the weighted routes known; a plane that is down is not asked.
  public func readProxies() async {
    await withTaskGroup(of: Void.self) { group in
      for connection in connections where !isDown(connection.name) {
        group.addTask { await self.readProxies(connection) }
      }
    }
  }

  private func isDown(_ plane: PlaneName) -> Bool {
    view.planes.contains { $0.plane.name == plane && $0.state == .down }
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
    guard let report = await connection.control.programmedTLS(questions, in: now.snapshot) else {
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
  private func readProxyTLSForEver(_ connection: PlaneConnection) async {
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
    guard let report = await connection.control.distribution(in: view.snapshot) else { return }
    if report.pushErrors.isEmpty, report.differences.isEmpty, let gap = report.gaps.first {
      view.distribution[connection.name] = .unknown(gap)
    } else {
      view.distribution[connection.name] = .known(report, source: "the control plane", at: report.at)
    }
    publish()
  }

  /// Asks once a minute at most, and never more than a hundredth of the time.
  private func readDistributionForEver(_ connection: PlaneConnection) async {
    while !Task.isCancelled {
      let isEmpty = view.snapshot.routes.isEmpty
      let begun = ContinuousClock.now
      if !isEmpty { await readDistribution(connection) }
      try? await Task.sleep(for: isEmpty ? .seconds(2) : max(.seconds(60), begun.duration(to: .now) * 100))
    }
  }

  private func fail(_ connection: PlaneConnection, _ error: MeshError) async {
    failure = error
    await describe(connection, state: .down, error: error)
  }

  /// A plane after one reading: live, or degraded by what it does not let us read and what could not be read.
  private func describeReading(_ connection: PlaneConnection) async {
    let gaps = view.snapshot.feeds.filter { $0.key.plane == connection.name }.sorted { $0.key.kind < $1.key.kind }
      .compactMap { entry -> MeshError? in
        switch entry.value {
        case .refused(let reason): MeshError(.forbidden, reason)
        case .absent(let reason): MeshError(.notFound, reason)
        case .stale(let reason, _): MeshError(.malformed, reason)
        case .live, .loading: nil
        }
      }
    guard var first = gaps.first else { return await describe(connection, state: .live, error: nil) }
    if gaps.count > 1 { first.message += " (and \(gaps.count - 1) more)" }
    await describe(connection, state: .degraded, error: first)
  }

  private func unsubscribe(_ id: Int) { subscribers[id] = nil }

  private func follow(_ connection: PlaneConnection) async {
    await describe(connection, state: .connecting, error: nil)
    for await changes in connection.control.changes() {
      take(changes)
      if changes.contains(where: { if case .feed = $0 { true } else { false } }) {
        await describeFeeds(connection)
      }
    }
  }

  private func measureForEver(_ connection: PlaneConnection) async {
    guard let telemetry = connection.telemetry else { return }
    if let pause = telemetry.warmUp {
      await measure(connection)
      try? await Task.sleep(for: .seconds(pause))
    }
    while !Task.isCancelled {
      await measure(connection)
      // An answer costs the screens as much again as it cost here.
      try? await Task.sleep(for: pause(afterReading: view.traffic[connection.name]?.value?.edges.count ?? 0))
    }
  }

  private func readProxiesForEver(_ connection: PlaneConnection) async {
    while !Task.isCancelled {
      // Right after a start there is nothing to ask for; look again soon, then at the interval.
      let isEmpty = view.snapshot.routes.isEmpty
      if !isEmpty { await readProxies(connection) }
      // What proxies run is read whole every time: 18 MB of 50,000 proxies.
      let proxies = view.programmed[connection.name]?.value?.proxies.count ?? 0
      try? await Task.sleep(for: isEmpty ? .seconds(0.3) : pause(afterReading: proxies))
    }
  }

  /// The pause after things were read: the interval, or more where there are so many that reading them would take more than
  /// a hundredth of the time; a minute at most. A server that is slow to answer is asked no less.
  private func pause(afterReading count: Int) -> Duration {
    .seconds(max(interval, min(Double(count) / 500, 60)))
  }

  private func measure(_ connection: PlaneConnection) async {
    guard let telemetry = connection.telemetry else { return }
    do throws(MeshError) {
      let report = try await telemetry.traffic(window: window, plane: connection.name)
      view.traffic[connection.name] = .known(report, source: telemetry.description, at: report.at)
    } catch {
      // What was measured before stays, with its age, unless there was nothing.
      if view.traffic[connection.name]?.value == nil { view.traffic[connection.name] = .unknown(error.message) }
    }
    publish()
  }

  private func readProxies(_ connection: PlaneConnection) async {
    let snapshot = view.snapshot
    let routes = snapshot.routes.kept.filter { route in
      route.value.ref.plane == connection.name && route.value.rules.contains { $0.backends.count > 1 }
    }.map(\.value)
    var report = await connection.control.programmed(for: routes, in: snapshot)
    report.noteTimes(since: view.programmed[connection.name]?.value)
    if report.proxies.isEmpty, report.routes.isEmpty, let gap = report.gaps.first {
      view.programmed[connection.name] = .unknown(gap)
    } else {
      view.programmed[connection.name] = .known(report, source: "control plane and proxies", at: report.at)
    }
    publish()
  }

  private func take(_ changes: [MeshChange]) {
    let now = Instant.now
    for change in changes {
      switch change {
      case .upsert(.route(let route)): note(route, now)
      case .reset(_, let entities): for case .route(let route) in entities { note(route, now) }
      case .remove(let ref): view.routesSince[ref] = nil
      default: break
      }
      view.snapshot.apply(change)
    }
    publish()
  }

  /// Remembers when the rules of a route were first seen as they are.
  private func note(_ route: Route, _ now: Instant) {
    if let known = view.snapshot.routes[route.ref], known.rules == route.rules, known.status == route.status { return }
    view.routesSince[route.ref] = now
  }

  private func describeFeeds(_ connection: PlaneConnection) async {
    var trouble: String?
    var live = false
    for (key, state) in view.snapshot.feeds where key.plane == connection.name {
      switch state {
      case .stale(let reason, _): trouble = trouble ?? reason
      case .live: live = true
      case .loading, .refused, .absent: break
      }
    }
    let state: PlaneStatus.State = trouble == nil ? (live ? .live : .connecting) : live ? .degraded : .down
    await describe(connection, state: state, error: trouble.map { MeshError(.unreachable, $0) })
  }

  private func describe(_ connection: PlaneConnection, state: PlaneStatus.State, error: MeshError?) async {
    let status = PlaneStatus(
      plane: await connection.plane, state: state, error: error?.description,
      staleSince: view.staleSince(connection.name))
    if let index = view.planes.firstIndex(where: { $0.plane.name == connection.name }) {
      view.planes[index] = status
    } else {
      view.planes.append(status)
    }
    publish()
  }

  /// Hands the view on, ten times a second at most.
  private func publish() {
    isDirty = true
    guard !isPublishing, !subscribers.isEmpty else { return }
    isPublishing = true
    Task {
      while isDirty, !subscribers.isEmpty {
        isDirty = false
        let now = current()
        for subscriber in subscribers.values { subscriber.yield(now) }
        try? await Task.sleep(for: .milliseconds(100))
      }
      isPublishing = false
    }
  }
}
