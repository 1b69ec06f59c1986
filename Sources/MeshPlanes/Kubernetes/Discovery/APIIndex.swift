import MeshModel

/// The resources a server serves.
struct APIIndex: Sendable, Hashable {
  /// One resource in one version.
  struct Resource: Sendable, Hashable {
    var group: String
    var version: String
    var plural: String
    /// The kind as written, such as `VirtualService`.
    var kind: String
    var isNamespaced: Bool
    var verbs: [String]

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of its collection.
    func path(namespace: String = "") -> ResourcePath {
      ResourcePath(group: group, version: version, plural: plural, namespace: isNamespaced ? namespace : "")
    }
  }

  /// All resources, in each group the preferred version first.
  var resources: [Resource] = []
  /// The groups that could not be asked, each with the reason.
  var broken: [String: String] = [:]

  /// The resource a dialect reads, in the first version it understands that is served, else in the server's preferred one.
  func resource(_ wanted: DialectResource) -> Resource? {
    for version in wanted.versions {
      if let found = resources.first(where: {
        $0.group == wanted.group && $0.version == version && $0.plural == wanted.plural
      }) {
        return found
      }
    }
    // A version that is not known is read as far as it goes, and not written: ``KubernetesPlane`` refuses edits of it.
    return resources.first { $0.group == wanted.group && $0.plural == wanted.plural }
  }

  /// A resource by kind in lower case, by plural, or by `plural.group` / `kind.group`; the core group goes first.
  func resource(named name: String) -> Resource? {
    let matches = resources.filter { resource in
      let kind = resource.kind.lowercased()
      return kind == name || resource.plural == name || "\(resource.plural).\(resource.group)" == name
        || "\(kind).\(resource.group)" == name
    }
    return matches.first { $0.group.isEmpty } ?? matches.first
  }

  /// Reads an aggregated discovery (`APIGroupDiscoveryList`); `nil` where the answer is of another kind.
  static func aggregated(_ body: [UInt8]) throws(JSONError) -> APIIndex? {
    var index = APIIndex()
    var kind = ""
    try JSONReader.read(body) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "kind": kind = try reader.string()
        case "items":
          try reader.array { reader throws(JSONError) in try index.readGroup(&reader) }
        default: try reader.skip()
        }
      }
    }
    return kind == "APIGroupDiscoveryList" ? index : nil
  }

  private mutating func readGroup(_ reader: inout JSONReader) throws(JSONError) {
    var group = ""
    var found: [Resource] = []
    var stale: [String] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metadata":
        try reader.object { key, reader throws(JSONError) in
          if case "name" = key { group = try reader.optionalString() ?? "" } else { try reader.skip() }
        }
      case "versions":
        try reader.array { reader throws(JSONError) in
          var (version, isStale) = ("", false)
          var resources: [Resource] = []
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "version": version = try reader.string()
            case "freshness": isStale = try reader.optionalString() == "Stale"
            case "resources":
              resources = try reader.list { reader throws(JSONError) in try Self.readResource(&reader) }
            default: try reader.skip()
            }
          }
          if isStale { stale.append(version) }
          for var resource in resources where !resource.plural.isEmpty {
            resource.version = version
            found.append(resource)
          }
        }
      default: try reader.skip()
      }
    }
    for index in found.indices { found[index].group = group }
    resources += found
    if !stale.isEmpty { broken[group] = "\(stale.joined(separator: ", ")) could not be refreshed" }
  }

  private static func readResource(_ reader: inout JSONReader) throws(JSONError) -> Resource {
    var resource = Resource(group: "", version: "", plural: "", kind: "", isNamespaced: true, verbs: [])
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "resource": resource.plural = try reader.string()
      case "scope": resource.isNamespaced = try reader.optionalString() != "Cluster"
      case "verbs": resource.verbs = try reader.list { reader throws(JSONError) in try reader.string() }
      case "responseKind":
        try reader.object { key, reader throws(JSONError) in
          if case "kind" = key { resource.kind = try reader.optionalString() ?? "" } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
    return resource
  }

  /// Adds an `APIResourceList` of one group and version, as servers before 1.26 give it.
  mutating func add(_ list: JSONValue, group: String, version: String) {
    for item in list["resources"]?.array ?? [] {
      guard let plural = item["name"]?.string, !plural.contains("/"), let kind = item["kind"]?.string else { continue }
      resources.append(
        Resource(
          group: group, version: version, plural: plural, kind: kind,
          isNamespaced: item["namespaced"]?.bool ?? true, verbs: item["verbs"]?.array?.compactMap(\.string) ?? []))
    }
  }
}
