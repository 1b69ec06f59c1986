import ArgumentParser
import MeshKit

/// The options of `planes add` for planes of kind `consul` beside address, TLS and token, which are those of any server;
/// what is not said comes from the environment as for Consul's own command line.
struct ConsulOptions: ParsableArguments {
  @Option(help: "The environment variable that holds the Consul token; CONSUL_HTTP_TOKEN unless given.")
  var tokenEnv: String?
  @Option(help: "The name that Consul's certificate is to hold, where it is not the address's.")
  var serverName: String?
  @Option(name: .customLong("consul-namespace"), help: "The one namespace to show (Enterprise).")
  var consulNamespace: String?
  @Option(help: "The admin partition (Enterprise).")
  var partition: String?
  @Option(help: "The datacenter; the agent's own unless given.")
  var datacenter: String?

  /// The settings they come to; ones that say nothing for planes of other kinds.
  func settings(
    for kind: Plane.Kind, at server: ServerOptions, tokenFile: String?
  ) throws(MeshError) -> ConsulSettings {
    let own = [
      "tokenEnv": tokenEnv, "serverName": serverName, "namespace": consulNamespace, "partition": partition,
      "datacenter": datacenter,
    ]
    var settings = ConsulSettings()
    guard kind == .consul else {
      guard own.values.allSatisfy({ $0 == nil }) else {
        throw MeshError(.usage, "namespace, partition, datacenter and tokens of a Consul are for planes of kind consul")
      }
      return settings
    }
    let shared = [
      "url": server.url, "tokenFile": tokenFile, "caFile": server.caFile, "clientCertificate": server.certFile,
      "clientKey": server.keyFile,
    ]
    for (field, text) in own.merging(shared, uniquingKeysWith: { $1 }) { settings[field] = text }
    guard settings["url"]?.split(separator: "/").dropFirst().first?.contains("@") != true else {
      throw MeshError(.usage, "the address holds a user or password", remedy: "say --token-file or --token-env")
    }
    return settings
  }
}
