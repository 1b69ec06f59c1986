import MeshModel

/// Bodies without secrets, for recordings. What cannot be understood is not written at all.
enum BodyRedaction {
  static let mark = "‹redacted›"

  /// The body as it may be written, nil where it must be left out: only JSON, a sequence of JSON lines, and plain text
  /// without a private key are written.
  static func text(_ body: [UInt8], contentType: String?, path: String) -> String? {
    if body.isEmpty { return "" }
    let type = ASCII.lowercased(contentType?.prefix { $0 != ";" } ?? "")
    let ofSecrets = path.split(separator: "/").contains("secrets")
    let isObject = type == "text/plain" && body.first == UInt8(ascii: "{")
    if type.hasSuffix("json") || type.isEmpty || isObject {
      if let value = try? JSONValue(parsing: body) { return JSONWriter.text(clean(value, ofSecrets)) }
      var lines: [String] = []
      for line in body.split(separator: 10) {
        guard let value = try? JSONValue(parsing: Array(line)) else { return nil }
        lines.append(JSONWriter.text(clean(value, ofSecrets)))
      }
      return lines.joined(separator: "\n") + "\n"
    }
    guard type == "text/plain" || type == "application/openmetrics-text" else { return nil }
    let text = String(decoding: body, as: UTF8.self)
    return text.utf8.elementsEqual(body) && !text.contains("PRIVATE KEY") ? text : nil
  }

  private static func clean(_ value: JSONValue, _ ofSecrets: Bool) -> JSONValue {
    switch value {
    case .array(let items): return .array(items.map { clean($0, ofSecrets) })
    case .object(let object): return .object(clean(object, ofSecrets))
    case .string(let text) where text.contains("PRIVATE KEY"): return .string(mark)
    default: return value
    }
  }

  private static func clean(_ object: JSONObject, _ ofSecrets: Bool) -> JSONObject {
    let kind = object["kind"]?.string
    let secret = ofSecrets || kind == "Secret" || kind == "SecretList"
    let hidesValue = object["name"]?.string.map(namesSecret) ?? false
    return JSONObject(
      object.members.map { member in
        let name = plain(member.name)
        let value: JSONValue =
          if secret, ["data", "stringdata", "value", "kubectl.kubernetes.io/lastappliedconfiguration"].contains(name) {
            blank(member.value)
          } else if name == "privatekey" || name == "sessionticketkeys" {
            blank(member.value)
          } else if case .string = member.value, names.contains(name) || (hidesValue && name == "value") {
            .string(mark)
          } else {
            clean(member.value, secret)
          }
        return JSONObject.Member(name: member.name, value: value)
      })
  }

  private static func blank(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): .array(items.map(blank))
    case .object(let object):
      .object(JSONObject(object.members.map { JSONObject.Member(name: $0.name, value: blank($0.value)) }))
    case .null: .null
    default: .string(mark)
    }
  }

  private static let names: Set<String> = [
    "token", "password", "passwd", "secret", "secretkey", "secretid", "accesstoken", "refreshtoken", "idtoken",
    "bearertoken", "clientsecret", "clientkeydata", "apikey", "sessiontoken", "secretaccesskey", "accesskeyid",
    "authorization", "assertion", "inlinebytes", "privatekeypem", "tokensecret", "encryptionkey",
  ]

  /// Whether the name of an environment variable or a parameter announces a secret.
  static func namesSecret(_ name: String) -> Bool {
    let name = plain(name)
    return ["password", "passwd", "token", "secret", "key", "credential", "signature", "auth"].contains {
      name.contains($0)
    }
  }

  private static func plain(_ name: String) -> String {
    ASCII.lowercased(name.filter { $0 != "_" && $0 != "-" })
  }
}
