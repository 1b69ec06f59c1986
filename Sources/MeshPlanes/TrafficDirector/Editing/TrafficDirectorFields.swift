import MeshModel

/// Which members of a resource are whose, and when two values mean the same to Google.
enum TrafficDirectorFields {
  /// Members that the server alone sets. Source: "Output only" and "Identifier" in the APIs' definitions.
  static let serverOwned: Set<String> = [
    "name", "selfLink", "createTime", "updateTime", "etag", "kind", "id", "creationTimestamp", "fingerprint", "region",
    "usedBy", "selfLinkWithId",
  ]

  /// The members that may be written.
  static func writable(_ json: JSONValue) -> [JSONObject.Member] {
    (json.object?.members ?? []).filter { !serverOwned.contains($0.name) }
  }

  /// Whether two values are the same message: a member that is not there is the same as one with its type's default value
  /// (proto3), and a length of time is the same in whatever spelling.
  static func areSame(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
    switch (left, right) {
    case (.object(let left)?, .object(let right)?):
      Set(left.names + right.names).allSatisfy { areSame(left[$0], right[$0]) }
    case (.array(let left)?, .array(let right)?):
      left.count == right.count && zip(left, right).allSatisfy { areSame($0, $1) }
    case (.string(let left)?, .string(let right)?):
      left == right || areSameDurations(left, right) || areSameReferences(left, right)
    case (let left?, let right?): left.isEquivalent(to: right)
    case (let value?, nil), (nil, let value?): isDefault(value)
    case (nil, nil): true
    }
  }

  private static func areSameDurations(_ left: String, _ right: String) -> Bool {
    guard left.hasSuffix("s"), right.hasSuffix("s"), let first = GoDuration.seconds(left) else { return false }
    return first == GoDuration.seconds(right)
  }

  /// Whether both name one resource: Google gives a project's number back where its identifier was written.
  private static func areSameReferences(_ left: String, _ right: String) -> Bool {
    guard left.contains("projects/"), right.contains("projects/"), var first = TrafficDirectorReference(left),
      let second = TrafficDirectorReference(right), first.isIn(second.project) || second.isIn(first.project)
    else { return false }
    first.project = second.project
    return first == second
  }

  private static func isDefault(_ value: JSONValue) -> Bool {
    switch value {
    case .null: true
    case .bool(let value): !value
    case .number: value.double == 0
    case .string(let text): text.isEmpty
    case .array(let items): items.isEmpty
    case .object(let object): object.members.allSatisfy { isDefault($0.value) }
    }
  }
}
