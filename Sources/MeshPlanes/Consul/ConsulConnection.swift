import MeshModel
import MeshTransport

/// Where a Consul is and how to speak to it, of settings and what the environment says beside them.
///
/// Source: the environment variables of Consul's command line (`CONSUL_HTTP_ADDR` and the others).
struct ConsulConnection {
  var url: String
  var transport = ConnectionSettings()
  var credentials: (any CredentialSource)?
  /// Where the token comes from, in words.
  var tokenSource: String
  var namespace: String?
  var partition: String?
  var datacenter: String?

  init(_ settings: ConsulSettings, environment: [String: String]) throws(MeshError) {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let isTLS = ["1", "true", "TRUE"].contains(variable("CONSUL_HTTP_SSL") ?? "")
    let address = settings["url"] ?? variable("CONSUL_HTTP_ADDR") ?? "http://127.0.0.1:8500"
    if address.hasPrefix("unix://") {
      url = "http://localhost"
      transport.unixSocket = String(address.dropFirst(7))
    } else {
      url = address.contains("://") ? address : (isTLS ? "https://" : "http://") + address
    }
    if let path = settings["caFile"] ?? variable("CONSUL_CACERT") {
      transport.tls.authorities = try LocalFile.read(Self.expanded(path, environment))
    }
    let certificate = settings["clientCertificate"] ?? variable("CONSUL_CLIENT_CERT")
    let key = settings["clientKey"] ?? variable("CONSUL_CLIENT_KEY")
    if let certificate, let key {
      transport.tls.identity = ClientIdentity(
        certificate: try LocalFile.read(Self.expanded(certificate, environment)),
        key: Secret(bytes: try LocalFile.read(Self.expanded(key, environment))))
    } else if certificate != nil || key != nil {
      throw MeshError(
        .usage, "a client certificate needs its key, and a key its certificate",
        remedy: "say clientCertificate and clientKey")
    }
    transport.tls.serverName = settings["serverName"] ?? variable("CONSUL_TLS_SERVER_NAME")
    transport.tls.insecure = ["0", "false", "FALSE"].contains(variable("CONSUL_HTTP_SSL_VERIFY") ?? "")
    namespace = settings["namespace"] ?? variable("CONSUL_NAMESPACE")
    partition = settings["partition"] ?? variable("CONSUL_PARTITION")
    datacenter = settings["datacenter"]
    tokenSource = "no token: whatever anonymous callers may do"
    if let name = settings["tokenEnv"] {
      guard let token = variable(name) else {
        throw MeshError(
          .unauthenticated, "the token is to be in \(name), which is not set", remedy: "set \(name) to a Consul token")
      }
      use(token, of: name)
    } else if let path = settings["tokenFile"] ?? variable("CONSUL_HTTP_TOKEN_FILE") {
      credentials = TokenFile(Self.expanded(path, environment))
      tokenSource = "the token in \(path)"
    } else if let token = variable("CONSUL_HTTP_TOKEN") {
      use(token, of: "CONSUL_HTTP_TOKEN")
    }
  }

  private mutating func use(_ token: String, of name: String) {
    credentials = FixedCredential(.bearer(Secret(token)))
    tokenSource = "the token in \(name)"
  }

  private static func expanded(_ path: String, _ environment: [String: String]) -> String {
    guard path.hasPrefix("~/"), let home = environment["HOME"] else { return path }
    return home + path.dropFirst(1)
  }
}
