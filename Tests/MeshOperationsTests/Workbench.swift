import Foundation
import MeshModel
import MeshPlanes

@testable import MeshOperations

/// A plane in memory, a journal in a folder of its own, and plans over objects `a`, `b`, `c`, `d`.
final class Workbench: Sendable {
  let plane = FakePlane()
  let journal: Journal
  let folder: String

  init() {
    folder = FileManager.default.temporaryDirectory.path + "/meshdeck-tests-" + UUID().uuidString
    journal = Journal(directory: StateDirectory(path: folder + "/state"))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var executor: Executor {
    Executor(control: plane, journal: journal, author: "tester", clock: { Instant(seconds: 1000) }, pause: { _ in })
  }

  static func ref(_ name: String) -> ObjectRef {
    ObjectRef(plane: "lab", namespace: "shop", kind: "thing", name: name)
  }

  static let spec: JSONValue = [
    "http": [
      [
        "name": "one",
        "route": [["destination": ["host": "a"], "weight": 80], ["destination": ["host": "b"], "weight": 20]],
      ],
      [
        "name": "two",
        "route": [["destination": ["host": "a"], "weight": 80], ["destination": ["host": "b"], "weight": 20]],
      ],
    ],
    "other": "left alone",
  ]

  /// The step that moves the weights of the first rule to 60 and 40.
  static func shift(_ object: NativeObject) throws -> Step {
    let wanted = try JSONPatch([
      .replace("/spec/http/0/route/0/weight", 60), .replace("/spec/http/0/route/1/weight", 40),
    ]).applied(to: object.json)
    guard let step = Step.editing(object, to: wanted) else { throw Missing() }
    return step
  }

  /// A plan that shifts the weights of objects it puts in place.
  func shifts(_ names: [String], barrier: Barrier? = nil) throws -> Plan {
    plan(
      try names.map { name in
        var step = try Self.shift(plane.put(Self.ref(name), spec: Self.spec))
        step.barrier = barrier
        return step
      })
  }

  func plan(_ steps: [Step], id: String = "p1") -> Plan {
    Plan(
      id: id, intent: .weights(WeightsIntent(route: Self.ref("a"), weights: [.init(backend: "v1", weight: 60)])),
      summary: "shift", steps: steps)
  }

  func first(_ name: String) -> Int? { plane.now(Self.ref(name))?["http"]?[0]?["route"]?[0]?["weight"]?.int }

  struct Missing: Error {}
}

/// The code of a failure; `nil` where there was none.
func code<Value>(_ body: () async throws -> Value) async -> MeshError.Code? {
  do {
    _ = try await body()
    return nil
  } catch { return (error as? MeshError)?.code }
}
