import MeshModel
import Synchronization

@testable import MeshEmulator

/// A mesh under a clock that tests move, without servers.
final class SimulatedMesh: Sendable {
  let store: ObjectStore
  let simulation: Simulation
  private let time: Mutex<Double>

  static let start = 1_795_000_000.0

  init(_ scenario: Scenario, seed: UInt64 = 7) throws {
    let start = Self.start
    let store = ObjectStore(types: scenario.resourceTypes, now: { 1_795_000_000 })
    var objects = ScenarioObjects(scenario, seed: seed, created: 1_794_000_000) { try store.put($0) }
    try objects.emitAll()
    self.store = store
    simulation = Simulation(store: store, scenario: scenario, seed: seed, start: start)
    time = Mutex(start)
  }

  convenience init(yaml: String) throws { try self.init(Scenario(yaml: yaml, file: "test.yaml")) }

  var now: Double { time.withLock { $0 } }

  /// Lets time pass.
  func run(_ seconds: Double) {
    let now = time.withLock { time in
      time += seconds
      return time
    }
    simulation.advance(to: now)
  }

  var state: Simulation.State { simulation.at(now) { $0 } }

  /// The rate of all flows whose labels hold every one of these.
  func rate(_ labels: String...) -> Double {
    state.flows.filter { flow in labels.allSatisfy { flow.labels.contains($0) } }.reduce(0) { $0 + $1.rate }
  }

  /// Requests counted so far in series whose labels hold every one of these.
  func count(_ labels: String...) -> Double {
    state.counters.filter { counter in labels.allSatisfy { counter.labels.contains($0) } }
      .reduce(0) { $0 + Double($1.count) }
  }

  /// Writes an object, which the control plane notices at once.
  func put(_ object: JSONValue) throws {
    try store.put(object)
    simulation.advance(to: now)
  }

  func edit(_ kind: String, _ group: String, _ namespace: String, _ name: String, _ change: (inout JSONValue) -> Void)
    throws
  {
    try store.update(ResourceID(kind, group: group), namespace: namespace, name: name, change)
    simulation.advance(to: now)
  }

  func setWeights(_ v1: Int, _ v2: Int) throws {
    try edit("virtualservices", "networking.istio.io", "demo", "api") { object in
      let patch = JSONPatch([
        .replace("/spec/http/0/route/0/weight", .int(v1)), .replace("/spec/http/0/route/1/weight", .int(v2)),
      ])
      object = (try? patch.applied(to: object)) ?? object
    }
  }

  /// Replaces the rule of the demo's virtual service by one with these members added.
  func setRule(_ members: JSONValue) throws {
    try edit("virtualservices", "networking.istio.io", "demo", "api") { object in
      var rule = object["/spec/http/0" as JSONPointer] ?? [:]
      for member in members.object?.members ?? [] { rule[member.name] = member.value }
      object["spec"]?["http"] = [rule]
    }
    run(4)
  }

  func proxy(_ workload: String) throws -> Instance {
    let found = state.registry.sortedInstances.first { $0.workloadID == workload }
    guard let found else { throw ScenarioError(code: .reference, file: "", line: 0, message: workload) }
    return found
  }

  /// istiod's answer to a path.
  func istiod(_ path: String, _ query: [(name: String, value: String)] = []) -> PlainAnswer {
    IstiodDebug(state: state, simulation: simulation, store: store, time: now)
      .answer(PlainRequest(target: .server, method: "GET", path: path, query: query, body: []))
  }

  /// The answer of a workload's first Envoy.
  func envoy(_ workload: String, _ path: String, _ query: [(name: String, value: String)] = []) throws -> PlainAnswer {
    EnvoyAdmin(proxy: try proxy(workload), state: state, simulation: simulation, time: now)
      .answer(PlainRequest(target: .server, method: "GET", path: path, query: query, body: []))
  }
}

extension Scenario {
  /// The small scenario with a plaintext caller.
  static var demo: Scenario {
    get throws {
      try Scenario(
        yaml: """
          name: demo
          namespaces: {istio-system: {}, demo: {istio-injection: enabled}, old: {}}
          services:
            demo/web:
              versions: {v1: {replicas: 2, p50: 10, p99: 50}}
              calls: [{to: api, rps: 100, path: /items}]
            demo/api:
              versions:
                v1: {replicas: 2, p50: 10, p99: 50}
                v2: {replicas: 2, p50: 10, p99: 50}
            old/job:
              proxy: none
              calls: [{to: api.demo, rps: 10}]
          objects:
            - apiVersion: networking.istio.io/v1
              kind: VirtualService
              metadata: {name: api, namespace: demo}
              spec:
                hosts: [api]
                http:
                  - name: primary
                    route:
                      - {destination: {host: api, subset: v1}, weight: 80}
                      - {destination: {host: api, subset: v2}, weight: 20}
            - apiVersion: networking.istio.io/v1
              kind: DestinationRule
              metadata: {name: api, namespace: demo}
              spec:
                host: api
                subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
          """, file: "demo.yaml")
    }
  }
}
