import MeshModel

/// A reader of AuthorizationPolicy objects' `spec`, its rules said in words.
///
/// Source: Istio API, AuthorizationPolicy: `ALLOW` is the default action; no rule allows nothing, an empty rule
/// everything.
struct AuthorizationPolicyReader {
  private var selector: [String: String] = [:]
  private var action = "ALLOW"
  private var rules: [String] = []
  private var principals: [String] = []
  private var targets: [ObjectRef] = []

  init() {}

  /// Reads a `spec`.
  mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    var result = self
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "selector": result.selector = try IstioSelectorReader.labels(&reader)
      case "targetRefs": result.targets += try reader.list(IstioSelectorReader.target)
      case "targetRef": result.targets.append(try IstioSelectorReader.target(&reader))
      case "action": result.action = try reader.string()
      case "rules":
        try reader.array { reader throws(JSONError) in
          var principals: [String] = []
          result.rules.append(try Self.rule(&reader, principals: &principals))
          result.principals += principals
        }
      default: try reader.skip()
      }
    }
    self = result
  }

  private static func rule(
    _ reader: inout JSONReader, principals: inout [String]
  ) throws(JSONError) -> String {
    var parts: [String] = []
    var found: [String] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "from": parts.append(try words(&reader, "from", member: "source", principals: &found))
      case "to": parts.append(try words(&reader, "to", member: "operation", principals: &found))
      case "when":
        var conditions: [String] = []
        try reader.array { reader throws(JSONError) in
          var (name, values) = ("", [String]())
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "key": name = try reader.string()
            case "values": values = try reader.texts()
            default: try reader.skip()
            }
          }
          if name == "source.principal" { found += values }
          conditions.append("\(name)=\(values.joined(separator: "|"))")
        }
        parts.append("when " + conditions.joined(separator: " and "))
      default: try reader.skip()
      }
    }
    principals = found
    return parts.isEmpty ? "everything" : parts.joined(separator: " ")
  }

  private static func words(
    _ reader: inout JSONReader, _ word: String, member: StaticString, principals: inout [String]
  ) throws(JSONError) -> String {
    var alternatives: [String] = []
    var found: [String] = []
    try reader.array { reader throws(JSONError) in
      var parts: [String] = []
      try reader.object { key, reader throws(JSONError) in
        guard member ~= key else { return try reader.skip() }
        try reader.object { key, reader throws(JSONError) in
          let name = key.string
          let values = try reader.texts()
          if name == "principals" { found += values }
          parts.append("\(name) \(values.joined(separator: "|"))")
        }
      }
      alternatives.append(parts.joined(separator: ", "))
    }
    principals += found
    return "\(word) \(alternatives.joined(separator: " or "))"
  }

  /// The policy the object stands for.
  func policy(_ meta: ObjectMetadata, plane: PlaneName) -> AccessPolicy {
    AccessPolicy(
      ref: meta.ref(.authorizationPolicy, on: plane), selector: selector, action: action, rules: rules,
      principals: principals, targets: meta.targets(targets, on: plane))
  }
}
