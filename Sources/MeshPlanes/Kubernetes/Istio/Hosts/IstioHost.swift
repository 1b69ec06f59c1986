/// Host names as Istio reads them.
public enum IstioHost {
  /// The full name of a host written in a rule of a namespace.
  ///
  /// Source: Istio, `ResolveShortnameToFQDN`: a name without a dot is a service of the rule's own namespace; a wildcard
  /// and every name with a dot is taken as it stands (`reviews.shop` is a name of its own, not a service).
  public static func resolved(_ host: String, namespace: String, domain: String) -> String {
    if host.utf8.first == UInt8(ascii: "*") { return host }
    if host.utf8.contains(UInt8(ascii: ".")) { return host }
    return "\(host).\(namespace).svc.\(domain)"
  }

  /// Whether a pattern covers a host; `*` covers everything, `*.shop.example` everything that ends in `.shop.example`.
  ///
  /// Source: Istio, `host.Name.Matches`.
  public static func matches(pattern: String, host: String) -> Bool {
    if pattern == host { return true }
    guard pattern.utf8.first == UInt8(ascii: "*") else { return false }
    let suffix = pattern.utf8.dropFirst()
    if suffix.isEmpty { return true }
    let name = host.utf8.first == UInt8(ascii: "*") ? host.utf8.dropFirst() : host.utf8[...]
    return name.count >= suffix.count && name.suffix(suffix.count).elementsEqual(suffix)
  }

  /// Whether two host patterns have a host in common: one covers the other.
  public static func overlap(_ left: String, _ right: String) -> Bool {
    matches(pattern: left, host: right) || matches(pattern: right, host: left)
  }

  /// Whether an `exportTo` list of an object makes it visible in a namespace; `*` means all, `.` its own, and an empty one
  /// what the mesh says for such objects, all unless it does.
  ///
  /// Source: Istio API, `exportTo`; MeshConfig, `defaultServiceExportTo` and its like.
  public static func isExported(
    _ exportTo: [String], from own: String, to namespace: String, unless usual: [String] = []
  ) -> Bool {
    let exportTo = exportTo.isEmpty ? usual : exportTo
    if exportTo.isEmpty { return true }
    return exportTo.contains { $0 == "*" || $0 == namespace || ($0 == "." && own == namespace) }
  }

  /// Whether every label of a selector is among the labels.
  public static func selects(_ selector: [String: String], _ labels: [String: String]) -> Bool {
    selector.allSatisfy { labels[$0.key] == $0.value }
  }
}
