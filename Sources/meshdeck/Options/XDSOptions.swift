import ArgumentParser
import MeshKit

/// The options of `planes add` for planes of kind `xds`.
struct XDSOptions: ParsableArguments {
  @Option(help: "The form of discovery: ads, delta or rest.")
  var transport = XDSSettings.Transport.ads.rawValue
  @Option(help: "What is asked for: envoy, or istio for an istiod's own configuration.")
  var content = XDSSettings.Content.envoy.rawValue
  @Option(help: "The identifier of the node as which the server is asked.")
  var nodeID = XDSSettings.Node().id
  @Option(help: "The cluster of that node: its group of proxies.")
  var nodeCluster = ""
  @Option(name: .customLong("status-url"), help: "The address of client status discovery, where it is another.")
  var statusURL: String?
  @Option(help: "The file that holds the token for an xDS server or a Consul.", completion: .file())
  var tokenFile: String?

  /// The setting they come to; `nil` for planes of other kinds.
  func setting(for kind: Plane.Kind, name: String, at server: ServerOptions) throws(MeshError) -> XDSSetting? {
    guard kind == .xds else {
      guard
        transport == XDSSettings.Transport.ads.rawValue, content == XDSSettings.Content.envoy.rawValue,
        nodeID == XDSSettings.Node().id, nodeCluster.isEmpty, statusURL == nil
      else {
        throw MeshError(
          .usage, "--transport, --content, --status-url and those of the node are for planes of kind xds")
      }
      guard tokenFile == nil || kind == .consul else {
        throw MeshError(
          .usage, "--token-file is for planes of kind xds and consul",
          remedy: "the token of a Prometheus is --bearer-token-file")
      }
      return nil
    }
    guard let url = server.url else {
      throw MeshError(
        .usage, "a plane of kind xds needs --url",
        remedy: "meshdeck planes add \(name) --kind xds --url http://127.0.0.1:18000")
    }
    guard let transport = XDSSettings.Transport(rawValue: transport),
      let content = XDSSettings.Content(rawValue: content), content == .envoy || transport != .rest
    else {
      throw MeshError(
        .usage, "--transport is ads, delta or rest, --content is envoy or istio, and istio goes by stream alone")
    }
    guard (server.certFile == nil) == (server.keyFile == nil) else {
      throw MeshError(.usage, "--cert-file and --key-file belong together")
    }
    guard url.split(separator: "/").dropFirst().first?.contains("@") != true else {
      throw MeshError(.usage, "the address holds a user or password", remedy: "say --token-file")
    }
    return XDSSetting(
      settings: XDSSettings(
        url: url, statusURL: statusURL, transport: transport, content: content,
        node: XDSSettings.Node(id: nodeID, cluster: nodeCluster)),
      caFile: server.caFile, certFile: server.certFile, keyFile: server.keyFile, bearerTokenFile: tokenFile)
  }
}
