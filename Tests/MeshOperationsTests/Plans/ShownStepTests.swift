import MeshModel
import Testing

@testable import MeshOperations

/// What a reader is shown of a step.
@Suite struct ShownStepTests {
  private static let stored: JSONValue = [
    "apiVersion": "v1", "kind": "Thing",
    "metadata": ["name": "a", "namespace": "shop", "resourceVersion": "7", "managedFields": []],
    "spec": ["hosts": ["a"], "http": [["name": "one", "weight": 80], ["name": "two", "weight": .number("20.0")]]],
  ]

  private static func step(to wanted: JSONValue?, write: Step.Write = .patch(JSONPatch([]))) -> Step {
    Step(
      object: ObjectRef(plane: "lab", namespace: "shop", kind: "thing", name: "a"), path: "", write: write,
      precondition: Precondition(version: "7"), inverse: .delete, before: stored, after: wanted)
  }

  private static func changes(_ step: Step, isReversed: Bool = false) -> [LineDiff.Change] {
    let (before, after) = step.shown(isReversed: isReversed)
    return LineDiff.hunks(before, after, context: 0).filter { $0 != .gap }
  }

  @Test func membersInAnotherOrderAreNoChange() {
    let typed: JSONValue = [
      "kind": "Thing",
      "spec": ["http": [["weight": 80, "name": "one"], ["weight": 20, "name": "two"]], "hosts": ["a"]],
      "metadata": ["namespace": "shop", "name": "a"], "apiVersion": "v1",
    ]
    #expect(Self.changes(Self.step(to: typed)).isEmpty)
  }

  @Test func whatChangedAmongThemIsAllThatIsShown() {
    let typed: JSONValue = [
      "spec": [
        "http": [["weight": 70, "name": "one"], ["weight": 30, "name": "two"], ["name": "three"]], "hosts": ["a"],
      ],
      "kind": "Thing", "metadata": ["namespace": "shop", "name": "a"], "apiVersion": "v1",
    ]
    let changes = Self.changes(Self.step(to: typed))
    #expect(changes.contains(.removed("    weight: 80")) && changes.contains(.added("    weight: 70")))
    #expect(changes.count == 5, "two weights and a new element: \(changes)")
    #expect(
      Self.changes(Self.step(to: typed), isReversed: true).contains(.added("    weight: 80")),
      "taking back shows the opposite")
  }

  @Test func anElementInsertedBeforeOthersLeavesThemAsTheyWere() {
    let typed: JSONValue = [
      "apiVersion": "v1", "kind": "Thing", "metadata": ["name": "a", "namespace": "shop"],
      "spec": [
        "hosts": ["a"], "http": [["name": "new"], ["weight": 80, "name": "one"], ["weight": 20, "name": "two"]],
      ],
    ]
    #expect(Self.changes(Self.step(to: typed)).count == 1)
  }

  @Test func aDeletionShowsAllThatGoesAndNothingOfTheServersOwn() {
    let (before, after) = Self.step(to: nil, write: .delete).shown()
    #expect(after.isEmpty && before.contains("kind: Thing"))
    #expect(!before.contains { $0.contains("resourceVersion") || $0.contains("managedFields") })
  }
}
