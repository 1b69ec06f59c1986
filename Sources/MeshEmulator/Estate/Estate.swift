import MeshModel
import Synchronization

/// A simulated world of its own: what a scenario is made of, kept in a store, and what flows through it.
///
/// The Kubernetes side of the embedded mesh is one, and each platform beside it another: nothing but calls of a scenario
/// goes from one to the other.
public final class Estate: Sendable {
  /// The seconds of simulated traffic before it is first looked at.
  private static let past = 2.0

  /// The objects; writing here is what writing through an API is.
  public let store: ObjectStore
  let scenario: Scenario
  let simulation: Simulation
  /// The time in seconds since 1970.
  let clock: @Sendable () -> Double
  private let derived = Mutex<Set<DerivedName>>([])

  /// Builds what a scenario describes; it was built three days before it is first looked at.
  ///
  /// - Throws: ``StoreError`` where an object of the scenario is of no served kind.
  init(_ scenario: Scenario, seed: UInt64, clock: @escaping @Sendable () -> Double) throws {
    let start = clock()
    let store = ObjectStore(types: scenario.resourceTypes, now: { ProxyView.whole(clock()) })
    var objects = ScenarioObjects(scenario, seed: seed, created: ProxyView.whole(start) - 3 * 86_400) { object in
      try store.put(object)
    }
    try objects.emitAll()
    let controllers = Controllers(store: store)
    if controllers.hasWork { controllers.reconcile() }
    var mirror = EndpointMirror(store: store)
    mirror.reconcile()
    // The world has been running for a while, so that the counters are there when they are first scraped.
    simulation = Simulation(store: store, scenario: scenario, seed: seed, start: start - Self.past)
    simulation.advance(to: start)
    self.store = store
    self.scenario = scenario
    self.clock = clock
  }

  /// Makes what the store holds now what it held from the first second on: a platform's own configuration is as old as
  /// what runs.
  func beginAnew() {
    simulation.restart()
    simulation.advance(to: clock())
  }

  /// What is so now.
  var state: Simulation.State { simulation.at(clock()) { $0 } }

  /// Notices writes as they happen, so that a push has the time of its change whether or not anybody looks; ends with its
  /// task.
  func run() async {
    var revision = store.resourceVersion
    let controllers = Controllers(store: store)
    let hasControllers = controllers.hasWork
    var mirror = EndpointMirror(store: store)
    var rollouts = Rollouts(store: store)
    while !Task.isCancelled {
      await store.waitForChange(after: revision)
      let begun = ContinuousClock.now
      if hasControllers { controllers.reconcile() }
      mirror.reconcile()
      if rollouts.hasWork { rollouts.reconcile() }
      revision = store.resourceVersion
      simulation.advance(to: clock())
      // What takes long in a large mesh is done once for several writes in a row, as istiod pushes them.
      try? await Task.sleep(for: begun.duration(to: .now) * 3)
    }
  }

  private struct DerivedName: Hashable {
    var resource: ResourceID
    var namespace: String
    var name: String
  }

  /// Makes the objects that follow from a platform's own configuration exactly those that `objects` gives: what is new or
  /// changed is put, what is no longer among them is deleted, and the proxies are pushed to.
  ///
  /// `objects` reads the configuration itself, so that of two writers at once the later reading holds.
  func derive(_ objects: () -> [JSONValue]) throws(StoreError) {
    try derived.withLock { names throws(StoreError) in
      var present: Set<DerivedName> = []
      for object in objects() {
        let stored = try store.put(object)
        present.insert(DerivedName(resource: stored.resource, namespace: stored.namespace, name: stored.name))
      }
      for name in names.subtracting(present) {
        try store.delete(name.resource, namespace: name.namespace, name: name.name)
      }
      names = present
    }
    simulation.advance(to: clock())
  }
}
