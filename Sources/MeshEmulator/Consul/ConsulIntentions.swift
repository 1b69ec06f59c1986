import MeshModel

/// Who may call whom, from service-intentions entries; what none of them says is allowed.
///
/// Source: Consul documentation, "Intention precedence and match order": a destination by name goes before the wildcard,
/// then a source by name before the wildcard.
struct ConsulIntentions {
  enum Decision {
    case allow, deny
    /// Only requests of these kinds, as operations of an authorization policy.
    case permissions([JSONValue])
  }

  private let entries: ConsulEntries

  init(_ entries: ConsulEntries) { self.entries = entries }

  /// Whether any intention bears on calls of a service.
  func govern(_ service: String) -> Bool {
    entries["service-intentions", service] != nil || entries["service-intentions", "*"] != nil
  }

  /// The source of the intention that decides, or `nil` where none does.
  func deciding(_ caller: String, _ service: String) -> JSONValue? {
    for destination in [service, "*"] {
      let sources = entries["service-intentions", destination]?["Sources"]?.array ?? []
      for name in [caller, "*"] {
        // A source of a peer is another service, whatever its name.
        let own = sources.first { $0["Name"]?.string == name && ($0["Peer"]?.string ?? "").isEmpty }
        if let own { return own }
      }
    }
    return nil
  }

  func decision(_ caller: String, _ service: String) -> Decision {
    guard let source = deciding(caller, service) else { return .allow }
    let permissions = source["Permissions"]?.array ?? []
    guard !permissions.isEmpty else { return source["Action"]?.string == "allow" ? .allow : .deny }
    // The first that matches decides; what comes after a denial of everything is out of reach.
    var operations: [JSONValue] = []
    for permission in permissions {
      let http = permission["HTTP"]
      let operation = Self.operation(http)
      guard permission["Action"]?.string == "allow" else {
        if operation.object?.isEmpty == true { break }
        continue
      }
      operations.append(operation)
    }
    return .permissions(operations)
  }

  private static func operation(_ http: JSONValue?) -> JSONValue {
    var operation: JSONValue = [:]
    if let path = http?["PathExact"]?.string, !path.isEmpty { operation["paths"] = [.string(path)] }
    if let path = http?["PathPrefix"]?.string, !path.isEmpty { operation["paths"] = [.string(path + "*")] }
    if let methods = http?["Methods"]?.array, !methods.isEmpty { operation["methods"] = .array(methods) }
    return operation
  }
}

/// A filter expression of a resolver's subset, as far as services of the simulation can be told apart by it.
///
/// Understood are comparisons of metadata for equality, joined by `and`; anything else selects no instance.
struct ConsulFilter {
  /// The metadata that an instance must have.
  let labels: [(key: String, value: String)]

  init(_ expression: String) {
    let text = expression.trimmingWhitespace
    guard !text.isEmpty else {
      labels = []
      return
    }
    let parts = text.split(separator: " and ").map { part -> (key: String, value: String)? in
      let sides = part.components("==").map(\.trimmingWhitespace)
      guard sides.count == 2, sides[0].hasPrefix("Service.Meta.") else { return nil }
      let value = sides[1].trimmingQuotes
      return (String(sides[0].dropFirst("Service.Meta.".count)), value)
    }
    labels = parts.allSatisfy { $0 != nil } ? parts.compactMap(\.self) : [("none", "the filter is not understood")]
  }

  /// Whether metadata is selected.
  func matches(_ meta: [String: String]) -> Bool { labels.allSatisfy { meta[$0.key] == $0.value } }
}

extension StringProtocol {
  fileprivate var trimmingWhitespace: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }

  fileprivate var trimmingQuotes: String {
    count > 1 && "\"`".contains(first ?? " ") && first == last ? String(dropFirst().dropLast()) : String(self)
  }

  fileprivate func components(_ separator: String) -> [SubSequence] { split(separator: separator) }
}
