extension JSONValue {
  /// Whether it says everything that another value says, whatever its objects hold besides: servers add members of their
  /// own and their defaults to what they are given. A null of the other's may be absent here; lists are as long as each
  /// other.
  public func holds(_ other: JSONValue) -> Bool {
    switch (self, other) {
    case (.object(let own), .object(let wanted)):
      wanted.members.allSatisfy { member in
        own[member.name].map { $0.holds(member.value) } ?? member.value.isNull
      }
    case (.array(let own), .array(let wanted)):
      own.count == wanted.count && zip(own, wanted).allSatisfy { $0.holds($1) }
    default: isEquivalent(to: other)
    }
  }
}
