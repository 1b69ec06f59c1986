public import MeshModel

/// One revision of one object, immutable: its encoded bytes and what lists and selectors need of it.
public final class StoredObject: Sendable {
  /// The kind.
  public let resource: ResourceID
  /// The namespace; empty for cluster-wide objects.
  public let namespace: String
  /// The name.
  public let name: String
  /// The revision of the store that wrote it.
  public let resourceVersion: Int
  /// The labels in order.
  public let labels: [Label]
  /// The members after `apiVersion` and `kind`, with the closing brace: `"metadata":{…},"spec":{…}}`.
  ///
  /// Every version of an object differs in `apiVersion` alone, so one encoding answers all of them.
  let body: [UInt8]

  /// A label of an object.
  public struct Label: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The value.
    public let value: String
  }

  init(_ object: JSONValue, resource: ResourceID, resourceVersion: Int) {
    let metadata = object["metadata"]
    self.resource = resource
    namespace = metadata?["namespace"]?.string ?? ""
    name = metadata?["name"]?.string ?? ""
    self.resourceVersion = resourceVersion
    labels = (metadata?["labels"]?.object?.members ?? []).map { Label(key: $0.name, value: $0.value.string ?? "") }
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("metadata")
    writer.value(metadata ?? [:])
    for member in object.object?.members ?? [] where !Self.envelope.contains(member.name) {
      writer.name(member.name)
      writer.value(member.value)
    }
    writer.endObject()
    body = Array(writer.drain().dropFirst())
  }

  private static let envelope: Set = ["apiVersion", "kind", "metadata"]

  /// The value of a label.
  public func label(_ key: String) -> String? { labels.first { $0.key == key }?.value }

  /// The object as JSON text in one of its kind's versions.
  public func bytes(apiVersion: String, kind: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(body.count + 96)
    append(to: &bytes, apiVersion: apiVersion, kind: kind)
    return bytes
  }

  /// Appends the object's JSON text.
  func append(to bytes: inout [UInt8], apiVersion: String, kind: String) {
    bytes.append(contentsOf: #"{"apiVersion":""#.utf8)
    bytes.append(contentsOf: apiVersion.utf8)
    bytes.append(contentsOf: #"","kind":""#.utf8)
    bytes.append(contentsOf: kind.utf8)
    bytes.append(contentsOf: "\",".utf8)
    bytes.append(contentsOf: body)
  }

  /// The object as a tree, without `apiVersion` and `kind`.
  public var json: JSONValue {
    do throws(JSONError) {
      return try JSONValue(parsing: [UInt8(ascii: "{")] + body)
    } catch {
      return [:]
    }
  }

  /// The object as a tree that begins with `apiVersion` and `kind`.
  public func json(apiVersion: String, kind: String) -> JSONValue {
    .object(
      JSONObject(
        [.init(name: "apiVersion", value: .string(apiVersion)), .init(name: "kind", value: .string(kind))]
          + (json.object?.members ?? [])))
  }
}
