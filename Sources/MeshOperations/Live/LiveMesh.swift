public import MeshModel
import MeshPlanes
import MeshTelemetry

/// The live store over all planes: configuration followed as it changes, traffic and proxies read at intervals.
///
/// A plane that is slow or down never holds up another: each has tasks of its own, and what was known stays, with its age.
public actor LiveMesh {
  /// The planes.
  public nonisolated let connections: [PlaneConnection]
  var view: MeshView
  private var subscribers: [Int: AsyncStream<MeshView>.Continuation] = [:]
  private var nextSubscriber = 0
  private var isDirty = false
  private var isPublishing = false
  /// What follows each plane.
  var tasks: [PlaneName: [Task<Void, Never>]] = [:]
  /// What is still to be told again of the planes that are followed anew.
  var renewals: [PlaneName: Renewal] = [:]
  private let window: Double
  let interval: Double
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
        connection.telemetry == nil ? "no telemetry source" : "not measured yet")
      view.rules[connection.name] = Dictionary(
        uniqueKeysWithValues: Dialect.allCases.compactMap { dialect in
          connection.control.rules(for: dialect).map { (dialect, $0) }
        })
    }
  }

  deinit { for task in tasks.values.joined() { task.cancel() } }

  /// Begins to follow every plane.
  public func start() {
    guard tasks.isEmpty else { return }
    for connection in connections { begin(connection) }
  }

  /// Begins to follow a plane.
  func begin(_ connection: PlaneConnection) {
    tasks[connection.name] = [
      Task { [weak self] in await self?.follow(connection) },
      Task { [weak self] in await self?.measureForEver(connection) },
      Task { [weak self] in await self?.readProxiesForEver(connection) },
      Task { [weak self] in await self?.readProxyTLSForEver(connection) },
      Task { [weak self] in await self?.readDistributionForEver(connection) },
    ]
  }

  /// Stops following; what is known stays.
  public func stop() {
    for task in tasks.values.joined() { task.cancel() }
    tasks = [:]
    renewals = [:]
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

  func isDown(_ plane: PlaneName) -> Bool {
    view.planes.contains { $0.plane.name == plane && $0.state == .down }
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
      // What was told to a following that ended is older than what its successor is told.
      guard !Task.isCancelled else { return }
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
      let report = view.traffic[connection.name]?.value
      let pause = pause(
        afterMeasuring: report?.edges.count ?? 0, work: report?.work ?? 0, needsTwo: telemetry.warmUp != nil)
      try? await Task.sleep(for: pause)
    }
  }

  /// The pause after traffic was measured: an answer costs the screens twice what it cost here. A source that needs two readings
  /// for a rate has three in a window unless one takes long: with one that failed there are still two.
  func pause(afterMeasuring flows: Int, work: Double, needsTwo: Bool) -> Duration {
    let longest = max(interval, needsTwo ? window * 0.45 : 60)
    return min(max(pause(afterReading: flows), .seconds(work * 500)), .seconds(longest))
  }

  /// The pause after things were read: the interval, or more where there are so many that reading them would take more than a
  /// small part of the time; a minute at most.
  func pause(afterReading count: Int) -> Duration { .seconds(max(interval, min(Double(count) / 500, 60))) }

  private func measure(_ connection: PlaneConnection) async {
    guard let telemetry = connection.telemetry else { return }
    do throws(MeshError) {
      let report = try await telemetry.traffic(window: window, plane: connection.name)
      guard !Task.isCancelled else { return }
      view.traffic[connection.name] = .known(report, source: telemetry.description, at: report.at)
      view.measuringFailures[connection.name] = nil
    } catch {
      guard !Task.isCancelled else { return }
      // What was measured before stays, with its age and the failure, as long as it says something of now.
      if let earlier = view.traffic[connection.name]?.value,
        Instant.now.age(of: earlier.at) <= MeshView.oldestMeasurement
      {
        view.measuringFailures[connection.name] = error.message
      } else {
        view.traffic[connection.name] = .unknown(error.message)
        view.measuringFailures[connection.name] = nil
      }
    }
    publish()
  }

  private func take(_ changes: [MeshChange]) {
    let now = Instant.now
    for change in changes where !isHiddenByRenewal(change) {
      switch change {
      case .upsert(.route(let route)): note(route, now)
      case .reset(_, let entities): for case .route(let route) in entities { note(route, now) }
      case .remove(let ref): view.routesSince[ref] = nil
      default: break
      }
      view.snapshot.apply(change)
    }
    noteRenewed(changes)
    publish()
  }

  /// Remembers when the rules of a route were first seen as they are; who reads once does not know since when they are so.
  private func note(_ route: Route, _ now: Instant) {
    guard !tasks.isEmpty else { return }
    if let known = view.snapshot.routes[route.ref], known.rules == route.rules, known.status == route.status { return }
    view.routesSince[route.ref] = now
  }

  private func describeFeeds(_ connection: PlaneConnection) async {
    var trouble: String?
    var live = false
    var only: String?
    for (key, state) in view.snapshot.feeds where key.plane == connection.name {
      switch state {
      case .stale(let reason, _): trouble = trouble ?? reason
      case .live(_, let namespace):
        live = true
        if !namespace.isEmpty { only = namespace }
      case .loading, .refused, .absent: break
      }
    }
    let state: PlaneStatus.State = trouble == nil ? (live ? .live : .connecting) : live ? .degraded : .down
    let gap = only.map { MeshError(.forbidden, "only namespace \($0) is read: all may not be") }
    await describe(connection, state: state, error: trouble.map { MeshError(.unreachable, $0) } ?? gap)
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
  func publish() {
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
