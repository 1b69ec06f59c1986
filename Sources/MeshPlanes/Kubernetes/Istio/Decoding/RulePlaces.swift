import MeshModel

/// The places of rules and backends in an object; the usual ones are made once and shared by all objects.
enum RulePlaces {
  private struct Place {
    let rule: JSONPointer
    let backends: [JSONPointer]
  }

  private static let usual: [String: [Place]] = Dictionary(
    uniqueKeysWithValues: ["http", "tls", "tcp"].map { member in
      (
        member,
        (0..<16).map { index in
          let tokens = ["spec", member, String(index)]
          return Place(
            rule: JSONPointer(tokens), backends: (0..<8).map { JSONPointer(tokens + ["route", String($0)]) })
        }
      )
    })

  /// The place of a rule: `/spec/http/0`.
  static func rule(_ member: String, _ index: Int) -> JSONPointer {
    if let places = usual[member], places.indices.contains(index) { return places[index].rule }
    return JSONPointer(["spec", member, String(index)])
  }

  private static let usualSubsets = (0..<8).map { JSONPointer(["spec", "subsets", String($0)]) }

  /// The place of a subset: `/spec/subsets/0`.
  static func subset(_ index: Int) -> JSONPointer {
    usualSubsets.indices.contains(index)
      ? usualSubsets[index] : JSONPointer(["spec", "subsets", String(index)])
  }

  /// The place of a backend of the rule at a place: `/spec/http/0/route/1`.
  static func backend(_ index: Int, of rule: JSONPointer) -> JSONPointer {
    if rule.tokens.count == 3, let number = Int(rule.tokens[2]), let places = usual[rule.tokens[1]],
      places.indices.contains(number), places[number].backends.indices.contains(index)
    {
      return places[number].backends[index]
    }
    return JSONPointer(rule.tokens + ["route", String(index)])
  }
}
