import MeshModel
import Testing

@testable import MeshOperations

/// Moving a Rollout as its own plugin does.
@Suite struct RolloutMoveTests {
  static func rollout(_ status: JSONValue, paused: Bool = false, steps: Int = 3) -> JSONValue {
    [
      "metadata": ["name": "api"],
      "spec": [
        "paused": .bool(paused),
        "strategy": ["canary": ["steps": .array((0..<steps).map { ["setWeight": .int($0 * 10)] })]],
      ], "status": status,
    ]
  }

  @Test(
    arguments: [
      (
        RolloutMove.promote, ["pauseConditions": [["reason": "CanaryPauseStep"]], "currentStepIndex": 1],
        ["currentStepIndex": 1]
      ),
      (.promote, ["currentStepIndex": 1], ["currentStepIndex": 2]), (.promote, [:], ["currentStepIndex": 1]),
      (.abort, ["currentStepIndex": 1], ["currentStepIndex": 1, "abort": true]),
      (.retry, ["abort": true], ["abort": false]),
    ] as [(RolloutMove, JSONValue, JSONValue)])
  func theStatusSaysWhatTheControllerShallDo(_ move: RolloutMove, _ before: JSONValue, _ after: JSONValue) throws {
    let object = Self.rollout(before)
    let moved = try move.object(object)
    #expect(moved["status"]?.isEquivalent(to: after) == true, "\(moved["status"] ?? .null)")
    #expect(moved["spec"] == object["spec"])
  }

  @Test(
    arguments: [
      (RolloutMove.promote, ["currentStepIndex": 3], false, "past its last step"),
      (.promote, [:], true, "held by spec.paused"), (.abort, ["abort": true], false, "aborted already"),
      (.retry, [:], false, "not aborted"),
    ] as [(RolloutMove, JSONValue, Bool, String)])
  func aMoveThatMeansNothingIsRefusedInWords(
    _ move: RolloutMove, _ status: JSONValue, _ paused: Bool, _ words: String
  ) throws {
    let error = #expect(throws: MeshError.self) { try move.object(Self.rollout(status, paused: paused)) }
    #expect(error?.code == .refused)
    #expect(error?.message.contains(words) == true, "\(String(describing: error))")
  }
}
