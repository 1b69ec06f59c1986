import MeshModel

/// What of a MOSN's configuration is never kept: private keys.
///
/// Up to 1.6.1 its `config_dump` shows them as they are; later ones redact them (`pkg/configmanager/redact.go`).
enum MosnSecrets {
  static let mask = "[redacted]"

  /// The same configuration with every private key masked, wherever it stands.
  static func masked(_ json: JSONValue) -> JSONValue {
    switch json {
    case .object(let object):
      .object(
        JSONObject(
          object.members.map { member in
            let isKey = member.name.lowercased().hasSuffix("private_key") && member.value.string?.isEmpty == false
            return JSONObject.Member(name: member.name, value: isKey ? .string(mask) : masked(member.value))
          }))
    case .array(let list): .array(list.map(masked))
    case .string(let text): text.contains("PRIVATE KEY-----") ? .string(mask) : json
    default: json
    }
  }
}
