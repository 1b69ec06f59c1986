import MeshModel

/// SMI's access control at one moment: which accounts may make which requests of which.
///
/// Source: SMI, "Traffic Access Control" v1alpha3 and "Traffic Specs" v1alpha4: targets only ever allow, and an account that
/// is a target's destination takes nothing else.
struct TrafficTargets: Sendable {
  private struct Target: Sendable {
    var destination: String
    var sources: Set<String>
    /// The groups it names, each with the conditions of it that count; `nil` for all.
    var rules: [(group: String, conditions: Set<String>?)]
  }

  private struct Condition: Sendable {
    var name: String
    var methods: [String]
    var path: StringMatch?
    var headers: [(name: String, match: StringMatch)]

    func matches(_ request: RequestShape) -> Bool {
      (methods.isEmpty || methods.contains("*") || methods.contains(request.method))
        && (path?.matches(request.path) ?? true)
        && headers.allSatisfy { $0.match.matches(request.headers[$0.name]) }
    }
  }

  private var targets: [String: Target] = [:]
  private var groups: [String: [Condition]] = [:]

  private static let targetKind = ResourceID("traffictargets", group: "access.smi-spec.io")
  private static let groupKind = ResourceID("httproutegroups", group: "specs.smi-spec.io")

  /// Whether a kind is part of it.
  static func holds(_ resource: ResourceID) -> Bool { resource == targetKind || resource == groupKind }

  mutating func put(_ object: StoredObject) {
    let key = "\(object.namespace)/\(object.name)"
    let spec = object.json["spec"]
    func account(_ json: JSONValue?) -> String {
      "\(json?["namespace"]?.string ?? object.namespace)/\(json?["name"]?.string ?? "")"
    }
    if object.resource == Self.targetKind {
      targets[key] = Target(
        destination: account(spec?["destination"]), sources: Set(spec.elements("sources").map { account($0) }),
        rules: spec.elements("rules").map { rule in
          (
            "\(object.namespace)/\(rule["name"]?.string ?? "")",
            rule["matches"]?.array.map { Set($0.compactMap(\.string)) }
          )
        })
    } else {
      groups[key] = spec.elements("matches").map { match in
        Condition(
          name: match["name"]?.string ?? "", methods: Optional(match).strings("methods"),
          path: match["pathRegex"]?.string.map { .regex($0) },
          headers: (match["headers"]?.object?.members ?? []).compactMap { header in
            header.value.string.map { (header.name.lowercased(), .regex($0)) }
          })
      }
    }
  }

  mutating func remove(_ object: StoredObject) {
    let key = "\(object.namespace)/\(object.name)"
    if object.resource == Self.targetKind { targets[key] = nil } else { groups[key] = nil }
  }

  /// Whether an instance takes a request; `account` is `nil` for a caller that proved none.
  func admits(_ request: RequestShape, from account: String?, at instance: Instance) -> Bool {
    guard !targets.isEmpty else { return true }
    let own = targets.values.filter { $0.destination == "\(instance.namespace)/\(instance.serviceAccount)" }
    return own.isEmpty
      || own.contains { target in
        account.map(target.sources.contains) == true
          && (target.rules.isEmpty
            || target.rules.contains { rule in
              (groups[rule.group] ?? []).contains { condition in
                rule.conditions?.contains(condition.name) ?? true && condition.matches(request)
              }
            })
      }
  }
}
