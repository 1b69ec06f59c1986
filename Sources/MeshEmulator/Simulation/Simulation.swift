import MeshModel
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The simulated mesh behind the servers: requests flow through what the proxies acknowledged and are counted.
///
/// Everything follows from the store's content, the scenario, the seed and the times it is asked at; it has no clock and
/// no task of its own. Time advances on a fixed grid, so what it counts does not depend on how often it is asked.
final class Simulation: Sendable {
  let scenario: Scenario
  let names: StableNames
  /// When it began, in seconds since 1970.
  let start: Double
  private let store: ObjectStore
  /// How workloads answer and what they call.
  let behaviours: [String: WorkloadBehaviour]
  private let state: Mutex<State>

  /// The seconds of one step.
  static let step = 0.25
  /// The workloads from which on a mesh is large.
  static let large = 200
  /// The kinds of object that change what flows or what is pushed.
  private static let pushedKinds: Set = [
    "virtualservices", "destinationrules", "peerauthentications", "authorizationpolicies", "serviceentries", "sidecars",
    "gateways", "requestauthentications", "policies", "meshpolicies",
  ]

  /// Whether a change of a kind is pushed to proxies.
  static func isPushed(_ resource: ResourceID) -> Bool {
    resource.group.hasSuffix(".istio.io")
      ? pushedKinds.contains(resource.plural)
      : VirtualService.dialects[resource] != nil || TrafficTargets.holds(resource)
        || resource.plural == "backendtlspolicies"
  }

  struct State {
    var registry = Registry()
    var configuration = MeshConfiguration()
    var linkerd = LinkerdConfiguration()
    var distribution: ConfigDistribution
    /// The store's revision that was last read.
    var revision = 0
    /// Steps since the start that were counted.
    var steps = 0
    var flows: [Flow] = []
    /// The number of each flow's counter.
    var flowCounters: [Int] = []
    var counters: [FlowCounter] = []
    /// The numbers of the counters by their labels.
    var counterNumbers: [String: Int] = [:]
    /// The numbers of the counters in the order of their labels.
    var order: [Int] = []
    /// The seconds, weighted by how busy they were, that are not in the totals below yet.
    var pending = 0.0
    var served: [String: Double] = [:]
    var refused: [String: Double] = [:]
    var refusedTotals: [String: Double] = [:]
    var upstream: [String: [UpstreamKey: Double]] = [:]
    var upstreamTotals: [String: [UpstreamKey: Double]] = [:]
    var isStale = true
    var solves = 0
  }

  /// A simulation of what a store holds.
  init(store: ObjectStore, scenario: Scenario, seed: UInt64, start: Double) {
    self.store = store
    self.scenario = scenario
    self.start = start
    names = StableNames(seed: seed)
    behaviours = Self.behaviours(scenario)
    state = Mutex(State(distribution: ConfigDistribution(names: names)))
    state.withLock { state in
      state.revision = store.resourceVersion
      reload(&state)
      state.distribution.push(state.configuration, at: start)
    }
  }

  /// Begins anew with what the store holds now, as if it had held it from the start; nothing that was counted stays.
  func restart() {
    state.withLock { state in
      state = State(distribution: ConfigDistribution(names: names))
      state.revision = store.resourceVersion
      reload(&state)
      state.distribution.push(state.configuration, at: start)
    }
  }

  /// Brings the simulation to a time and shows what it then is.
  func at<Result: Sendable>(_ time: Double, _ body: (inout State) -> Result) -> Result {
    state.withLock { state in
      advance(&state, to: time)
      settle(&state)
      return body(&state)
    }
  }

  /// Brings the simulation to a time.
  func advance(to time: Double) { state.withLock { advance(&$0, to: time) } }

  private func advance(_ state: inout State, to time: Double) {
    var target = Int(exactly: ((time - start) / Self.step).rounded(.down)) ?? 0
    // A large mesh is counted by the second.
    let usual = behaviours.count < Self.large ? 1 : 4
    target -= target % usual
    // After a long pause nobody sees single steps: the grid is coarser, a fixed multiple of it.
    while state.steps < target {
      let stride = target - state.steps > 240 && state.steps % 20 == 0 ? 20 : usual
      let now = start + Double(state.steps) * Self.step
      // While proxies acknowledge, flows shift: a small mesh is solved at every step, a large one every four seconds.
      let isDue = behaviours.count < Self.large || state.steps % 16 == 0
      if state.isStale || (isDue && !state.distribution.isSettled(at: now - Self.step * 21)) { solve(&state, at: now) }
      count(&state, seconds: Double(stride) * Self.step, at: now)
      state.steps += stride
    }
    readChanges(&state, at: time)
    if state.isStale { solve(&state, at: time) }
  }

  private func count(_ state: inout State, seconds: Double, at time: Double) {
    let factor = 1 + scenario.wobble * sin(2 * .pi * (time - start) / 180)
    for (index, counter) in state.flowCounters.enumerated() {
      state.counters[counter].advance(state.flows[index], seconds: seconds, factor: factor)
    }
    state.pending += seconds * factor
  }

  /// Brings the totals of steady rates up to date.
  private func settle(_ state: inout State) {
    let seconds = state.pending
    guard seconds > 0 else { return }
    state.pending = 0
    for (workload, rate) in state.refused { state.refusedTotals[workload, default: 0] += rate * seconds }
    for (workload, clusters) in state.upstream {
      for (cluster, rate) in clusters {
        state.upstreamTotals[workload, default: [:]][cluster, default: 0] += rate * seconds
      }
    }
  }

  private func solve(_ state: inout State, at time: Double) {
    settle(&state)
    var solver = CallSolver(
      registry: state.registry, distribution: state.distribution, mesh: scenario.mesh, time: time,
      behaviours: behaviours, linkerd: state.linkerd)
    var flows = FlowSolver(solver, arrivals: scenario.arrivals, mesh: scenario.mesh)
    state.flows = flows.solve()
    if !state.linkerd.rateLimits.isEmpty {
      // What a limit refuses is a request that came all the same: the loads of the first look hold for the second.
      solver.loads = flows.loads
      flows = FlowSolver(solver, arrivals: scenario.arrivals, mesh: scenario.mesh)
      state.flows = flows.solve()
    }
    let known = state.counters.count
    state.flowCounters = state.flows.map { flow in
      if let number = state.counterNumbers[flow.labels] { return number }
      state.counters.append(FlowCounter(flow, names: names))
      state.counterNumbers[flow.labels] = state.counters.count - 1
      return state.counters.count - 1
    }
    if state.counters.count > known {
      let counters = state.counters
      state.order = counters.indices.sorted { counters[$0].labels < counters[$1].labels }
    }
    state.served = flows.served
    state.refused = flows.refused
    state.upstream = flows.upstream
    state.isStale = false
    state.solves += 1
  }

  /// Reads what was written to the store since the last time; one push carries all of it, as istiod debounces.
  private func readChanges(_ state: inout State, at time: Double) {
    guard store.resourceVersion != state.revision else { return }
    var pushes = false
    do throws(StoreError) {
      while true {
        let changes = try store.changes(after: state.revision)
        guard let last = changes.last else { break }
        for change in changes {
          let kind = change.object.resource
          if change.kind == .modified, let previous = change.previous, previous.hasSameContent(as: change.object) {
            continue
          }
          if Registry.holds(kind) {
            if change.kind == .deleted {
              state.registry.remove(change.object)
            } else {
              state.registry.put(change.object)
            }
            state.isStale = true
          }
          if LinkerdConfiguration.holds(kind) {
            if change.kind == .deleted {
              state.linkerd.remove(change.object)
            } else {
              state.linkerd.put(change.object)
            }
            state.isStale = true
          }
          if Self.isPushed(kind) {
            if change.kind == .deleted {
              state.configuration.remove(change.object)
            } else {
              state.configuration.put(change.object)
            }
            pushes = true
          }
        }
        state.revision = last.revision
      }
    } catch {
      state.revision = store.resourceVersion
      reload(&state)
      pushes = true
    }
    if state.isStale { state.distribution.habitual = habitual(state.registry) }
    if pushes {
      state.distribution.push(state.configuration, at: time)
      state.isStale = true
    }
  }

  private func reload(_ state: inout State) {
    state.registry = Registry()
    state.configuration = MeshConfiguration()
    state.linkerd = LinkerdConfiguration()
    for type in store.types.all {
      let (isRegistered, isPushed) = (Registry.holds(type.id), Self.isPushed(type.id))
      let isOfLinkerd = LinkerdConfiguration.holds(type.id)
      guard isRegistered || isPushed || isOfLinkerd else { continue }
      for object in store.list(type.id) {
        if isRegistered { state.registry.put(object) }
        if isPushed { state.configuration.put(object) }
        if isOfLinkerd { state.linkerd.put(object) }
      }
    }
    state.distribution.habitual = habitual(state.registry)
    state.isStale = true
  }

  private func habitual(_ registry: Registry) -> [Instance] {
    registry.instances.values.flatMap { $0.values.filter { $0.lag != nil || $0.rejects != nil } }
  }

  /// The behaviour of every workload of a scenario, and of its external services by host.
  private static func behaviours(_ scenario: Scenario) -> [String: WorkloadBehaviour] {
    var apps = scenario.apps
    if let generation = scenario.generation {
      apps += (0..<min(generation.active, generation.services)).map { GeneratedEstate.app($0, generation) }
    }
    var table: [String: WorkloadBehaviour] = [:]
    for app in apps {
      for version in app.versions {
        let behaviour = WorkloadBehaviour(
          role: app.role, behaviour: version.behaviour, calls: app.calls, address: app.addresses.first?.address)
        switch app.runtime {
        case .external: table[app.name] = behaviour
        case .vm where app.proxy == .linkerd:
          // Each machine is a workload of its own.
          for index in 0..<version.replicas { table["\(app.namespace)/\(app.machineName(index))"] = behaviour }
        case .vm: table["\(app.namespace)/\(app.name)"] = behaviour
        case .container, .serverless: table["\(app.namespace)/\(app.workloadName(version))"] = behaviour
        }
      }
    }
    return table
  }
}

extension StoredObject {
  /// Whether two revisions differ in nothing but metadata that no proxy sees.
  func hasSameContent(as other: StoredObject) -> Bool {
    let (left, right) = (json, other.json)
    func visible(_ json: JSONValue) -> [JSONValue?] {
      let metadata = json["metadata"]
      // Kinds of Kubernetes' own have content beside `spec` and `status`, such as an EndpointSlice's addresses.
      let content = JSONObject((json.object?.members ?? []).filter { $0.name != "metadata" })
      return [
        .object(content), metadata?["labels"], metadata?["annotations"], metadata?["ownerReferences"],
      ]
    }
    return visible(left) == visible(right)
  }
}
