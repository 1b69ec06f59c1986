import MeshModel

/// What an API server does to an object's metadata when it writes it.
extension JSONValue {
  /// Gives an object its identity: a namespace, a UID, a creation time and a first generation.
  mutating func becomeNew(type: ResourceType, time: String) {
    var metadata = self["metadata"] ?? [:]
    if type.isNamespaced, metadata["namespace"]?.string == nil { metadata["namespace"] = "default" }
    metadata["uid"] = metadata["uid"] ?? .string(ObjectIdentity.uid())
    metadata["creationTimestamp"] = metadata["creationTimestamp"]?.string.map { .string($0) } ?? .string(time)
    metadata["generation"] = nil
    if type.countsGenerations { metadata["generation"] = 1 }
    metadata["selfLink"] = nil
    metadata["deletionTimestamp"] = nil
    self["metadata"] = metadata
    settleMetadata()
  }

  /// Takes over what no writer can change: the identity and the deletion mark.
  mutating func inheritIdentity(from old: JSONValue) {
    var metadata = self["metadata"] ?? [:]
    let was = old["metadata"]
    for name in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
      metadata[name] = was?[name]
    }
    metadata["generation"] = was?["generation"]
    metadata["selfLink"] = nil
    metadata["generateName"] = metadata["generateName"] ?? was?["generateName"]
    self["metadata"] = metadata
    settleMetadata()
  }

  /// Drops what encoders leave out: empty labels and annotations.
  private mutating func settleMetadata() {
    for name in ["labels", "annotations", "finalizers", "ownerReferences", "managedFields"] {
      let value = self["metadata"]?[name]
      if let value, value.isNull || value.object?.isEmpty == true || value.array?.isEmpty == true {
        self["metadata"]?[name] = nil
      }
    }
  }

  /// Counts a generation where the desired state changed: everything but metadata and status.
  mutating func countGeneration(from old: JSONValue, type: ResourceType) {
    guard type.countsGenerations else { return }
    guard !desired.isEquivalent(to: old.desired) else { return }
    let generation = old["metadata"]?["generation"]?.int ?? 0
    self["metadata"]?["generation"] = .int(generation + 1)
  }

  /// The members a user writes: all but the envelope, the metadata and the status.
  private var desired: JSONValue {
    .object(
      JSONObject(
        (object?.members ?? []).filter { !["apiVersion", "kind", "metadata", "status"].contains($0.name) }))
  }

  /// The object without `apiVersion` and `kind`, as stores keep it.
  var withoutEnvelope: JSONValue {
    .object(JSONObject((object?.members ?? []).filter { $0.name != "apiVersion" && $0.name != "kind" }))
  }
}

/// Names and identifiers an API server makes up.
enum ObjectIdentity {
  /// A random UUID of version 4 in lower case.
  static func uid() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text += "-" }
      text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return text
  }

  /// The five characters after `metadata.generateName`, of the letters that spell no words.
  static func nameSuffix() -> String {
    String((0..<5).compactMap { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() })
  }
}
