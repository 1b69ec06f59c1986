public import MeshModel
import MeshPlanes

/// The findings whose fix follows from the object alone, by code; every other takes a decision that is the operator's.
///
/// What each does changes no request's way: Istio gives a single destination everything whatever its weight, adds up the
/// weights of a destination written twice, and tries a rule never that an earlier one hides (Istio API, VirtualService).
extension Finding {
  private static let fixes: [String: @Sendable (_ pointer: JSONPointer, _ object: JSONValue) -> JSONPatch?] = [
    "MD1104": { pointer, _ in JSONPatch([.remove(pointer)]) },
    "MD1105": { pointer, object in merging(pointer, of: object) },
    "MD1130": { pointer, _ in JSONPatch([.remove(pointer)]) },
  ]

  /// Whether there is a fix that takes no decision.
  public var isMechanical: Bool { Self.fixes[code] != nil }

  /// Makes one destination of two that are the same but for their weights.
  private static func merging(_ destination: JSONPointer, of object: JSONValue) -> JSONPatch? {
    guard let second = destination.parent, let list = second.parent,
      let place = second.tokens.last.flatMap({ Int($0) }),
      let all = object[list]?.array, all.indices.contains(place)
    else { return nil }
    func withoutWeight(_ value: JSONValue) -> JSONValue {
      var value = value
      value["weight"] = nil
      return value
    }
    guard let first = all[..<place].firstIndex(where: { withoutWeight($0) == withoutWeight(all[place]) }) else {
      return nil
    }
    let weight = list.appending(first).appending("weight")
    if all.count == 2 {
      return JSONPatch((object[weight] == nil ? [] : [.remove(weight)]) + [.remove(second)])
    }
    let sum = (all[first]["weight"]?.int ?? 0).addingReportingOverflow(all[place]["weight"]?.int ?? 0)
    return sum.overflow ? nil : JSONPatch([.add(weight, .int(sum.partialValue)), .remove(second)])
  }

  fileprivate func patch(of object: JSONValue) -> JSONPatch? {
    object[pointer] == nil ? nil : Self.fixes[code]?(pointer, object)
  }
}

extension MeshView {
  /// The intent that fixes a finding in its object as it is now.
  ///
  /// Fails with `.refused` where the fix takes a decision, with `.conflict` where the object has no such problem any more.
  public func fix(_ finding: Finding, in native: NativeObject) throws(MeshError) -> ObjectIntent {
    guard finding.isMechanical else { throw Self.undecided(finding) }
    let plane = finding.object.plane
    let dialects = (rules[plane] ?? [:]).values
    var snapshot = snapshot
    for rules in dialects {
      for entity in try rules.entities(from: native.json, plane: plane) { snapshot.apply(.upsert(entity)) }
    }
    let stands = dialects.contains { rules in
      rules.findings(in: snapshot, plane: plane).contains {
        ($0.code, $0.object, $0.pointer) == (finding.code, finding.object, finding.pointer)
      }
    }
    guard stands else {
      throw MeshError(.conflict, "the object was changed meanwhile: it has no such problem there", object: native.ref)
    }
    guard let patch = finding.patch(of: native.json), let json = try? patch.applied(to: native.json) else {
      throw Self.undecided(finding)
    }
    return ObjectIntent(ref: native.ref, json: json, baseVersion: native.version)
  }

  private static func undecided(_ finding: Finding) -> MeshError {
    MeshError(
      .refused, "\(finding.code) has no fix that takes no decision", object: finding.object, remedy: finding.remedy)
  }
}
