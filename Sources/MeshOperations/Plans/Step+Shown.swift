public import MeshModel

extension Step {
  /// The lines of the object before and after the step, as a reader compares them: without what only the server sets, and
  /// with members in the order they are stored in.
  ///
  /// What was typed or printed by another program may name the members of an object in any order; that is no change, and
  /// the patch has none of it.
  public func shown(isReversed: Bool = false) -> (before: [String], after: [String]) {
    func lines(_ object: JSONValue) -> [String] { YAMLText.lines(object.withoutServerFields).map(\.text) }
    let stored = before.map(lines) ?? []
    var wanted: [String] = []
    if case .delete = write {
      return isReversed ? ([], stored) : (stored, [])
    } else if let after {
      wanted = lines(before.map { after.ordered(like: $0) } ?? after)
    }
    return isReversed ? (wanted, stored) : (stored, wanted)
  }
}

extension JSONValue {
  /// The value with the members of its objects in the order of another value's, and what only differs in spelling as the
  /// other spells it; members that the other has not come last.
  func ordered(like other: JSONValue) -> JSONValue {
    if isEquivalent(to: other) { return other }
    switch (self, other) {
    case (.object(let own), .object(let model)):
      var members: [JSONObject.Member] = []
      for member in model.members {
        guard let value = own[member.name] else { continue }
        members.append(.init(name: member.name, value: value.ordered(like: member.value)))
      }
      members += own.members.filter { model[$0.name] == nil }
      return .object(JSONObject(members))
    case (.array(let own), .array(let model)):
      return .array(
        own.enumerated().map { place, element in
          // An element that moved is the one it was; one that changed is compared with the one in its place.
          model.first { element.isEquivalent(to: $0) }
            ?? (model.indices.contains(place) ? element.ordered(like: model[place]) : element)
        })
    default: return self
    }
  }

  /// An object without what the server sets by itself.
  var withoutServerFields: JSONValue {
    guard var metadata = self["metadata"], case .object = metadata else { return self }
    var object = self
    for name in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"]
    where metadata[name] != nil {
      metadata[name] = nil
    }
    object["metadata"] = metadata
    return object
  }
}
