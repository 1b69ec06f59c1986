public import MeshModel
public import MeshTransport

/// A fleet of Envoy proxies as a plane of its own, read through their administration interfaces.
///
/// A proxy knows what it runs and what it counted; what is wanted is known to whoever configures it. So its routes have a
/// programmed and an observed weight, and for the desired one the name of the owner. Weights that its configuration opens to
/// the runtime can be overridden, until the proxy restarts; every other edit is refused in the owner's name.
public final class EnvoyPlane: ControlPlane {
  let name: PlaneName
  let fleet: EnvoyFleet
  let now: @Sendable () -> Instant
  let speech: FleetSpeech
  private let places: [String]
  private let interval: Double
  /// Why nothing may be written; `nil` where it may.
  private let refusal: String?

  /// Creates a plane of the proxies at some places (`http://host:port`, `host:port`, `dns://name:port`, `file:///path`, or
  /// `pods://namespace/selector:port` alone); nothing is asked of them yet. `interval` is the seconds between two readings
  /// when it is followed.
  ///
  /// - Parameter pods: Where pods are found; needed for places that are pods.
  /// - Parameter kind: ``Plane/Kind/envoy``, or ``Plane/Kind/mosn`` for a fleet of MOSNs, which is read alike; their production
  ///   builds take no change through this interface.
  public init(
    name: PlaneName, places: [String], kind: Plane.Kind = .envoy, options: Session.Options = Session.Options(),
    pods: EnvoyPods? = nil, interval: Double = 5, now: @escaping @Sendable () -> Instant
  ) throws(MeshError) {
    let speech: FleetSpeech = kind == .mosn ? .mosn : .envoy
    guard !places.isEmpty else {
      throw MeshError(
        .usage, "no proxy is named", plane: name, remedy: "envoy: [{url: http://127.0.0.1:9901}] in config.yaml")
    }
    guard places.allSatisfy({ EnvoyPods.isPlace($0) == (pods != nil) }) else {
      throw MeshError(
        .usage, "pods and other places are of different fleets", plane: name, remedy: "make a plane of each")
    }
    refusal = if case .refused(let reason) = options.writes { reason } else { nil }
    self.speech = speech
    self.name = name
    self.places = places
    self.now = now
    self.interval = interval
    fleet = EnvoyFleet(plane: name, places: places, pods: pods, speech: speech, options: options, now: now)
  }

  /// The plane with what its proxies let one do, as known now.
  public var plane: Plane {
    get async {
      let state = await fleet.known
      var answers: [Capabilities.Ability: Capabilities.Answer] = [
        .topology: .yes, .programmed: .yes, .observed: .yes,
        .desired: .no("a proxy knows what it runs; what is wanted is with \(owner(state))"),
        .editRules: .no("routes are owned by \(owner(state))"), .editMTLS: .no("TLS is owned by \(owner(state))"),
        .dryRun: .no("the administration interface has none"), .watch: .no("proxies are asked again and again"),
        .precondition: .no("the runtime is read, compared and written; the last writer wins"),
      ]
      let editable = state.readings.contains { reading in
        reading.runtime.adminLayer != nil
          && reading.tables.contains { $0.hosts.contains { $0.entries.contains { $0.weights.override != .none } } }
      }
      answers[.editWeights] =
        if let refusal {
          .no(refusal)
        } else if editable {
          .yes
        } else if state.at == nil {
          .no("no proxy has answered yet, and routes tell whether they open their weights")
        } else {
          .no("no route opens its weights to the runtime; they are owned by \(owner(state))")
        }
      let more = places.count > 1 ? " and \(places.count - 1) more" : ""
      return Plane(
        name: name, kind: speech.kind, capabilities: Capabilities(answers: answers, dialects: [.envoy]),
        address: (places.first ?? "") + more)
    }
  }

  /// Who owns most of the fleet's configuration.
  private func owner(_ state: EnvoyFleet.State) -> String {
    guard let first = state.readings.first else { return "whoever configures the proxies" }
    return first.origin.owner(isStatic: first.origin.controlPlane == nil)
  }

  /// The rules of Envoy's own configuration.
  public func rules(for dialect: Dialect) -> (any DialectRules)? { dialect == .envoy ? EnvoyRules() : nil }

  /// Reads every proxy once. One that does not answer is told by a feed of its own and does not hide the others.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let state = await fleet.current(within: 1)
    if Task.isCancelled { throw MeshError(.cancelled, "read", plane: name) }
    if state.readings.isEmpty {
      let reasons = state.failures.sorted { $0.key < $1.key }.map(\.value.reason) + state.gaps
      let more = reasons.count > 1 ? " (and \(reasons.count - 1) more)" : ""
      throw MeshError(
        .unreachable, "no proxy answers: \(reasons.first ?? "the places name none")\(more)", plane: name,
        remedy: "see `meshdeck planes check`")
    }
    await receive(changes(of: state, before: nil))
  }

  /// Reads every proxy again and again and tells what changed.
  public func changes() -> AsyncStream<[MeshChange]> {
    AsyncStream { continuation in
      let task = Task {
        var known = Told()
        while !Task.isCancelled {
          let begun = ContinuousClock.now
          let state = await fleet.current()
          let changes = changes(of: state, before: &known)
          if !changes.isEmpty { continuation.yield(changes) }
          // A fleet that takes long is asked less often, so that reading it never takes more than a quarter of the time.
          try? await Task.sleep(for: max(.seconds(interval), begun.duration(to: .now) * 3))
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// What was told last, so that only what differs is told again.
  struct Told {
    var entities: [ObjectKind: [Entity]] = [:]
    var feeds: [ObjectKind: String] = [:]
  }

  private func changes(of state: EnvoyFleet.State, before: Told?) -> [MeshChange] {
    var told = before ?? Told()
    return changes(of: state, before: &told)
  }

  private func changes(of state: EnvoyFleet.State, before told: inout Told) -> [MeshChange] {
    let at = state.at ?? now()
    var byKind = Dictionary(grouping: EnvoyEntities(plane: name, fleet: state).all(), by: \.ref.kind)
    var changes: [MeshChange] = []
    for kind in EnvoyEntities.Kind.all {
      let key = MeshSnapshot.FeedKey(plane: name, kind: kind)
      let entities = (byKind.removeValue(forKey: kind) ?? []).sorted { $0.ref < $1.ref }
      if told.entities[kind] != entities {
        changes.append(.reset(key, entities))
        told.entities[kind] = entities
      }
      if state.failures.count < state.size {
        changes.append(.feed(key, .live(at)))
      } else {
        let reason = state.failures.values.map(\.reason).min() ?? state.gaps.first ?? "the places name no proxy"
        changes.append(.feed(key, .stale(reason, state.failures.values.map(\.since).min() ?? at)))
      }
    }
    // Each proxy in trouble has a feed of its own, so that the exact reason is shown for exactly that one.
    var troubles: [ObjectKind: (reason: String, since: Instant)] = [:]
    for (address, failure) in state.failures {
      troubles["proxy \(EnvoyReader.shortName(address))"] = failure
    }
    for reading in state.readings where !reading.gaps.isEmpty && state.failures[reading.address] == nil {
      troubles["proxy \(EnvoyReader.shortName(reading.address))"] = (reading.gaps.joined(separator: "; "), at)
    }
    for (index, gap) in state.gaps.enumerated() { troubles["places \(index)"] = (gap, at) }
    for kind in told.feeds.keys where troubles[kind] == nil {
      changes.append(.feed(MeshSnapshot.FeedKey(plane: name, kind: kind), .live(at)))
    }
    for (kind, trouble) in troubles {
      changes.append(.feed(MeshSnapshot.FeedKey(plane: name, kind: kind), .stale(trouble.reason, trouble.since)))
    }
    told.feeds = troubles.mapValues(\.reason)
    return changes
  }
}
