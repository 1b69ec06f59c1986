import MeshModel

/// The places of rules and backends in an object; the usual ones are made once and shared by all objects.
enum RulePlaces {
  /// The places of a rule and of what it leads to.
  struct Place {
    /// `/spec/http/0`.
    let rule: JSONPointer
    private let backends: [JSONPointer]

    fileprivate init(_ member: String, _ index: Int, backends count: Int = 8) {
      let tokens = ["spec", member, String(index)]
      rule = JSONPointer(tokens)
      backends = (0..<count).map { JSONPointer(tokens + ["route", String($0)]) }
    }

    /// The place of a backend of the rule: `/spec/http/0/route/1`.
    func backend(_ index: Int) -> JSONPointer {
      backends.indices.contains(index) ? backends[index] : JSONPointer(rule.tokens + ["route", String(index)])
    }
  }

  private static let usual = (
    http: (0..<16).map { Place("http", $0) }, tls: (0..<16).map { Place("tls", $0) },
    tcp: (0..<16).map { Place("tcp", $0) }
  )

  /// The place of a rule among those of a layer.
  static func rule(_ index: Int, _ layer: Rule.Layer) -> Place {
    let (member, places) =
      switch layer {
      case .http, .grpc: ("http", usual.http)
      case .tls: ("tls", usual.tls)
      case .tcp: ("tcp", usual.tcp)
      }
    return places.indices.contains(index) ? places[index] : Place(member, index, backends: 0)
  }

  private static let usualSubsets = (0..<8).map { JSONPointer(["spec", "subsets", String($0)]) }

  /// The place of a subset: `/spec/subsets/0`.
  static func subset(_ index: Int) -> JSONPointer {
    usualSubsets.indices.contains(index)
      ? usualSubsets[index] : JSONPointer(["spec", "subsets", String(index)])
  }
}
