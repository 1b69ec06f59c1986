import MeshModel
import MeshPlanes
import Yams

extension ConfigurationReader {
  /// The member `xds` of a plane.
  func xds(_ node: Node) throws(MeshError) -> XDSSetting {
    let fields = try mapping(
      node,
      known: [
        "url", "statusUrl", "transport", "content", "node", "caFile", "certFile", "keyFile", "serverName",
        "bearerTokenFile", "bearerTokenEnv",
      ])
    guard let url = try text(fields["url"]) else { throw error(node, "xds needs a url") }
    var settings = XDSSettings(url: url, statusURL: try text(fields["statusUrl"]))
    for url in [settings.url, settings.statusURL ?? ""]
    where url.split(separator: "/").dropFirst().first?.contains("@") == true {
      throw error(node, "a url of xds holds a user or password; say bearerTokenFile or bearerTokenEnv")
    }
    if let word = try text(fields["transport"]) {
      guard let transport = XDSSettings.Transport(rawValue: word) else {
        throw error(fields["transport"] ?? node, "transport is \(Self.choices(XDSSettings.Transport.self))")
      }
      settings.transport = transport
    }
    if let word = try text(fields["content"]) {
      guard let content = XDSSettings.Content(rawValue: word) else {
        throw error(fields["content"] ?? node, "content is \(Self.choices(XDSSettings.Content.self))")
      }
      settings.content = content
    }
    guard settings.content == .envoy || settings.transport != .rest else {
      throw error(node, "Istio's configuration is given by stream alone: transport is ads or delta")
    }
    if let node = fields["node"] { settings.node = try self.node(node) }
    let setting = XDSSetting(
      settings: settings, caFile: try text(fields["caFile"]), certFile: try text(fields["certFile"]),
      keyFile: try text(fields["keyFile"]), serverName: try text(fields["serverName"]),
      bearerTokenFile: try text(fields["bearerTokenFile"]), bearerTokenEnv: try text(fields["bearerTokenEnv"]))
    guard (setting.certFile == nil) == (setting.keyFile == nil) else {
      throw error(node, "certFile and keyFile belong together")
    }
    if let other = fields["bearerTokenEnv"], setting.bearerTokenFile != nil, setting.bearerTokenEnv != nil {
      throw error(other, "the token is in one place: say bearerTokenFile or bearerTokenEnv")
    }
    return setting
  }

  private func node(_ node: Node) throws(MeshError) -> XDSSettings.Node {
    let fields = try mapping(node, known: ["id", "cluster", "metadata"])
    var result = XDSSettings.Node(
      id: try text(fields["id"]) ?? XDSSettings.Node().id, cluster: try text(fields["cluster"]) ?? "")
    if let metadata = fields["metadata"] {
      let value = try YAMLObject.value(metadata)
      guard value.object != nil else { throw error(metadata, "the metadata of a node are names with values") }
      result.metadata = value
    }
    return result
  }

  private static func choices<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) -> String {
    type.allCases.map(\.rawValue).joined(separator: ", ")
  }
}
