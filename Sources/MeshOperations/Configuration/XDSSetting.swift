public import MeshModel
public import MeshPlanes

/// How a control plane of Envoy's discovery protocol is asked, as configured.
public struct XDSSetting: Sendable, Hashable {
  /// Addresses, form and identity.
  public var settings: XDSSettings
  /// The file of certificate authorities.
  public var caFile: String?
  /// The file of the client certificate.
  public var certFile: String?
  /// The file of its key.
  public var keyFile: String?
  /// The name in the server's certificate, where it is not the address's.
  public var serverName: String?
  /// The file that holds the bearer token, read anew for each connection.
  public var bearerTokenFile: String?
  /// The environment variable that holds the bearer token.
  public var bearerTokenEnv: String?

  /// Creates a setting.
  public init(
    settings: XDSSettings, caFile: String? = nil, certFile: String? = nil, keyFile: String? = nil,
    serverName: String? = nil, bearerTokenFile: String? = nil, bearerTokenEnv: String? = nil
  ) {
    self.settings = settings
    self.caFile = caFile
    self.certFile = certFile
    self.keyFile = keyFile
    self.serverName = serverName
    self.bearerTokenFile = bearerTokenFile
    self.bearerTokenEnv = bearerTokenEnv
  }
}

extension XDSSetting {
  /// The setting as the configuration file has it: only what is said.
  public var json: JSONValue {
    var value: JSONValue = ["url": .string(settings.url)]
    value["statusUrl"] = settings.statusURL.map(JSONValue.string)
    if settings.transport != .ads { value["transport"] = .string(settings.transport.rawValue) }
    if settings.content != .envoy { value["content"] = .string(settings.content.rawValue) }
    var node: JSONValue = ["id": .string(settings.node.id)]
    if !settings.node.cluster.isEmpty { node["cluster"] = .string(settings.node.cluster) }
    if settings.node.metadata.object?.isEmpty == false { node["metadata"] = settings.node.metadata }
    value["node"] = node
    let texts = [
      ("caFile", caFile), ("certFile", certFile), ("keyFile", keyFile), ("serverName", serverName),
      ("bearerTokenFile", bearerTokenFile), ("bearerTokenEnv", bearerTokenEnv),
    ]
    for (name, text) in texts { value[name] = text.map(JSONValue.string) }
    return value
  }

  /// The lines of the setting in the configuration file: JSON values, which YAML reads as they are.
  var yaml: [String] { (json.object?.members ?? []).map { "\($0.name): \(JSONWriter.text($0.value))" } }
}
