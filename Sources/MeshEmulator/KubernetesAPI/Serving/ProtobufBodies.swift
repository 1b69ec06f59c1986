import MeshModel

/// Bodies in Kubernetes' protobuf form, which kubectl sends for some of Kubernetes' own kinds whatever the server prefers.
///
/// Only what `kubectl create` and `kubectl auth` write is known; a message with any other field is not read, so nothing
/// is lost silently.
struct ProtobufBody {
  private indirect enum Form {
    case text, integer, boolean, texts, map
    case message(String)
    case messages(String)
    /// A value that carries nothing where it is empty, as times and unset structures are sent.
    case ignored
  }

  /// The fields of each message by number (k8s.io/api generated.proto).
  private static let fields: [String: [Int: (String, Form)]] = [
    "ObjectMeta": [
      1: ("name", .text), 2: ("generateName", .text), 3: ("namespace", .text), 4: ("", .ignored), 5: ("uid", .text),
      6: ("resourceVersion", .text), 7: ("", .ignored), 8: ("", .ignored), 11: ("labels", .map),
      12: ("annotations", .map), 14: ("finalizers", .texts),
    ],
    "Namespace": [1: ("metadata", .message("ObjectMeta")), 2: ("", .ignored), 3: ("", .ignored)],
    "ConfigMap": [1: ("metadata", .message("ObjectMeta")), 2: ("data", .map), 4: ("immutable", .boolean)],
    "ServiceAccount": [1: ("metadata", .message("ObjectMeta"))],
    "SelfSubjectReview": [1: ("metadata", .message("ObjectMeta")), 2: ("", .ignored)],
    "SelfSubjectRulesReview": [
      1: ("metadata", .message("ObjectMeta")), 2: ("spec", .message("RulesSpec")), 3: ("", .ignored),
    ],
    "RulesSpec": [1: ("namespace", .text)],
    "SelfSubjectAccessReview": [
      1: ("metadata", .message("ObjectMeta")), 2: ("spec", .message("AccessSpec")), 3: ("", .ignored),
    ],
    "AccessSpec": [
      1: ("resourceAttributes", .message("ResourceAttributes")),
      2: ("nonResourceAttributes", .message("NonResourceAttributes")),
    ],
    "ResourceAttributes": [
      1: ("namespace", .text), 2: ("verb", .text), 3: ("group", .text), 4: ("version", .text), 5: ("resource", .text),
      6: ("subresource", .text), 7: ("name", .text),
    ],
    "NonResourceAttributes": [1: ("path", .text), 2: ("verb", .text)],
    "Deployment": [
      1: ("metadata", .message("ObjectMeta")), 2: ("spec", .message("DeploymentSpec")), 3: ("", .ignored),
    ],
    "DeploymentSpec": [
      1: ("replicas", .integer), 2: ("selector", .message("LabelSelector")), 3: ("template", .message("PodTemplate")),
      4: ("", .ignored), 5: ("", .ignored), 7: ("", .ignored),
    ],
    "LabelSelector": [1: ("matchLabels", .map)],
    "PodTemplate": [1: ("metadata", .message("ObjectMeta")), 2: ("spec", .message("PodSpec"))],
    "PodSpec": [
      2: ("containers", .messages("Container")), 3: ("restartPolicy", .text), 4: ("", .ignored),
      6: ("dnsPolicy", .text),
      8: ("serviceAccountName", .text), 9: ("", .ignored), 10: ("nodeName", .text), 11: ("", .ignored),
      12: ("", .ignored), 13: ("", .ignored), 16: ("", .ignored), 17: ("", .ignored), 19: ("", .ignored),
      24: ("", .ignored),
    ],
    "Container": [
      1: ("name", .text), 2: ("image", .text), 3: ("command", .texts), 4: ("args", .texts), 5: ("", .ignored),
      6: ("ports", .messages("ContainerPort")), 8: ("", .ignored), 13: ("", .ignored), 14: ("", .ignored),
      16: ("", .ignored), 17: ("", .ignored), 18: ("", .ignored), 20: ("", .ignored),
    ],
    "ContainerPort": [
      1: ("name", .text), 2: ("hostPort", .integer), 3: ("containerPort", .integer), 4: ("protocol", .text),
      5: ("", .ignored),
    ],
  ]

  /// The object in a body, or `nil` where it is of another form.
  static func object(_ body: [UInt8]) -> JSONValue? {
    guard body.starts(with: [0x6B, 0x38, 0x73, 0x00]) else { return nil }
    var apiVersion = ""
    var kind = ""
    var raw: ArraySlice<UInt8> = []
    guard
      let envelope = entries(body[4...]),
      let type = envelope.first(where: { $0.number == 1 }).flatMap({ entries($0.bytes) })
    else { return nil }
    for entry in type {
      if entry.number == 1 { apiVersion = String(decoding: entry.bytes, as: UTF8.self) }
      if entry.number == 2 { kind = String(decoding: entry.bytes, as: UTF8.self) }
    }
    for entry in envelope where entry.number == 2 { raw = entry.bytes }
    guard let content = message(kind, raw) else { return nil }
    return .object(
      JSONObject(
        [.init(name: "apiVersion", value: .string(apiVersion)), .init(name: "kind", value: .string(kind))]
          + content.members))
  }

  private static func message(_ name: String, _ bytes: ArraySlice<UInt8>) -> JSONObject? {
    guard let known = fields[name], let entries = entries(bytes) else { return nil }
    var object = JSONObject()
    for entry in entries {
      guard let (field, form) = known[entry.number] else { return nil }
      let text = String(decoding: entry.bytes, as: UTF8.self)
      switch form {
      case .ignored: break
      case .text: if !text.isEmpty { object[field] = .string(text) }
      case .integer: object[field] = .int(entry.value)
      case .boolean: object[field] = .bool(entry.value != 0)
      case .texts: object[field] = .array((object[field]?.array ?? []) + [.string(text)])
      case .message(let type):
        guard let value = message(type, entry.bytes) else { return nil }
        object[field] = .object(value)
      case .messages(let type):
        guard let value = message(type, entry.bytes) else { return nil }
        object[field] = .array((object[field]?.array ?? []) + [.object(value)])
      case .map:
        guard let pair = Self.entries(entry.bytes) else { return nil }
        var map = object[field]?.object ?? JSONObject()
        let key = pair.first { $0.number == 1 }?.bytes ?? []
        let value = pair.first { $0.number == 2 }?.bytes ?? []
        map[String(decoding: key, as: UTF8.self)] = .string(String(decoding: value, as: UTF8.self))
        object[field] = .object(map)
      }
    }
    return object
  }

  private struct Entry {
    var number: Int
    var value = 0
    var bytes: ArraySlice<UInt8> = []
  }

  /// The fields of a message in order (protobuf wire types 0, 1, 2 and 5).
  private static func entries(_ message: ArraySlice<UInt8>) -> [Entry]? {
    var rest = message
    var entries: [Entry] = []
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    while !rest.isEmpty {
      guard let tag = varint(), let number = Int(exactly: tag >> 3) else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint() else { return nil }
        entries.append(Entry(number: number, value: Int(truncatingIfNeeded: value)))
      case 1, 5:
        let size = tag & 7 == 1 ? 8 : 4
        guard rest.count >= size else { return nil }
        rest.removeFirst(size)
        entries.append(Entry(number: number))
      case 2:
        guard let size = varint().flatMap({ Int(exactly: $0) }), size <= rest.count else { return nil }
        entries.append(Entry(number: number, bytes: rest.prefix(size)))
        rest.removeFirst(size)
      default: return nil
      }
    }
    return entries
  }
}
