/// The kinds a server serves.
public struct ResourceTypes: Sendable {
  /// All kinds in the order discovery lists them.
  public let all: [ResourceType]
  private let byID: [ResourceID: Int]
  private let byKind: [String: Int]

  /// Creates the table of kinds.
  public init(_ all: [ResourceType]) {
    self.all = all
    byID = Dictionary(all.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    byKind = Dictionary(
      all.enumerated().map { ("\($1.id.group)/\($1.kind)", $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Kubernetes' own kinds and Istio's.
  public static let builtIn = ResourceTypes(core + workloads + istio)

  /// Kubernetes' own kinds, Istio's, and those of other configuration APIs by name (`gateway-api`, `smi`, …).
  public static func installed(_ names: some Collection<String>) -> ResourceTypes {
    names.isEmpty ? builtIn : ResourceTypes(builtIn.all + names.flatMap { families[$0] ?? [] })
  }

  /// The kinds of the configuration APIs a cluster may have beside Istio's, by name.
  static let families: [String: [ResourceType]] = [
    "gateway-api": gatewayAPI, "smi": smi, "knative": knative, "linkerd": linkerd, "owners": owners,
    "shardingsphere": shardingSphere,
  ]

  /// The kind of an identity.
  public subscript(id: ResourceID) -> ResourceType? { byID[id].map { all[$0] } }

  /// The kind an object names with `apiVersion` and `kind`, where that version is served.
  public func type(apiVersion: String, kind: String) -> ResourceType? {
    let (group, version) = Self.split(apiVersion)
    guard let type = byKind["\(group)/\(kind)"].map({ all[$0] }), type.versions.contains(version) else { return nil }
    return type
  }

  /// The group and version of an `apiVersion`.
  public static func split(_ apiVersion: String) -> (group: String, version: String) {
    guard let slash = apiVersion.firstIndex(of: "/") else { return ("", apiVersion) }
    return (String(apiVersion[..<slash]), String(apiVersion[apiVersion.index(after: slash)...]))
  }

  /// The named groups and their versions, the preferred first, in the order of the kinds.
  var groups: [(name: String, versions: [String])] {
    var groups: [(name: String, versions: [String])] = []
    for type in all where !type.id.group.isEmpty {
      if let index = groups.firstIndex(where: { $0.name == type.id.group }) {
        groups[index].versions += type.versions.filter { !groups[index].versions.contains($0) }
      } else {
        groups.append((type.id.group, type.versions))
      }
    }
    return groups.map { ($0.name, $0.versions.sorted(by: Self.isPreferred)) }
  }

  /// Whether a version comes before another: stable before beta before alpha, then the higher number.
  static func isPreferred(_ left: String, _ right: String) -> Bool {
    func rank(_ version: String) -> (Int, Int, Int) {
      let numbers = version.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
      let stage = version.contains("alpha") ? 0 : version.contains("beta") ? 1 : 2
      return (stage, numbers.first ?? 0, numbers.dropFirst().first ?? 0)
    }
    return rank(left) > rank(right)
  }
}
