import MeshModel
import MeshTransport

/// The parts of a path of the Kubernetes API: group, version, namespace, plural, name.
struct ResourcePath: Sendable, Hashable {
  var group: String
  var version: String
  var plural: String
  /// Empty for cluster scope, and for all namespaces.
  var namespace: String
  /// `nil` for the collection.
  var name: String?
  /// The part of the object that is meant, such as `status`; empty for the whole.
  var subresource = ""

  init(group: String, version: String, plural: String, namespace: String = "", name: String? = nil) {
    self.group = group
    self.version = version
    self.plural = plural
    self.namespace = namespace
    self.name = name
  }

  /// Reads a path such as `/apis/networking.istio.io/v1/namespaces/shop/virtualservices/reviews`.
  init?(_ path: String) {
    var parts = path.split(separator: "/").map { PercentCoding.decode(String($0)) }[...]
    switch parts.popFirst() {
    case "api": group = ""
    case "apis":
      guard let first = parts.popFirst() else { return nil }
      group = first
    default: return nil
    }
    guard let version = parts.popFirst(), let first = parts.first else { return nil }
    self.version = version
    if first == "namespaces", parts.count >= 3 {
      namespace = parts[parts.startIndex + 1]
      parts = parts.dropFirst(2)
    } else {
      namespace = ""
    }
    guard let plural = parts.popFirst(), parts.count <= 2 else { return nil }
    guard ([group, version, plural, namespace] + parts).allSatisfy(Self.isSegment) else { return nil }
    self.plural = plural
    name = parts.first
    subresource = parts.dropFirst().first ?? ""
    guard ["", "status"].contains(subresource) else { return nil }
  }

  /// Whether a name may be a segment of a path, as the API server has it: a gateway may resolve `..` or decode `%2F`, and
  /// the request would be for another object. Source: apimachinery `IsValidPathSegmentName`.
  static func isSegment(_ name: String) -> Bool {
    name != "." && name != ".." && !name.utf8.contains { $0 == 0x2F || $0 == 0x25 }
  }

  /// Whether all names in it may stand in a path.
  var isSound: Bool { [group, version, plural, namespace, name ?? "", subresource].allSatisfy(Self.isSegment) }

  /// The path, percent-encoded.
  var text: String {
    var text = group.isEmpty ? "/api/\(version)" : "/apis/\(PercentCoding.encode(group))/\(version)"
    if !namespace.isEmpty { text += "/namespaces/\(PercentCoding.encode(namespace))" }
    text += "/\(PercentCoding.encode(plural))"
    if let name { text += "/\(PercentCoding.encode(name))" }
    if !subresource.isEmpty { text += "/\(PercentCoding.encode(subresource))" }
    return text
  }

  /// The path of the collection.
  var collection: ResourcePath {
    var path = self
    path.name = nil
    path.subresource = ""
    return path
  }

  /// The path of an object of the collection.
  func object(_ name: String) -> ResourcePath {
    var path = self
    path.name = name
    return path
  }

  /// The version with its group, as objects spell it.
  var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
}
