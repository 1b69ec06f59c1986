import MeshModel
import MeshTransport

/// Where a Consul is and how to speak to it, of settings and what the environment says beside them.
///
/// Source: the environment variables of Consul's command line; hashicorp/consul, `api/api.go`, `DefaultConfig` and
/// `NewClient`.
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
    let isTLS = variable("CONSUL_HTTP_SSL").flatMap(Self.truth) ?? false
    var address = settings["url"] ?? variable("CONSUL_HTTP_ADDR") ?? "127.0.0.1:8500"
    // Once TLS is asked for, an address in the environment does not take it back.
    if isTLS, settings["url"] == nil, address.hasPrefix("http://") { address = "https" + address.dropFirst(4) }
    if address.hasPrefix("unix://") {
      url = "http://localhost"
      transport.unixSocket = String(address.dropFirst(7))
    } else {
      url = address.contains("://") ? address : (isTLS ? "https://" : "http://") + address
    }
    // A file goes before a folder; both may be either.
    if let path = settings["caFile"] ?? variable("CONSUL_CACERT") ?? variable("CONSUL_CAPATH") {
      transport.tls.authorities = try ConsulAuthorities.read(Path.expanded(path, environment))
    }
    let certificate = settings["clientCertificate"] ?? variable("CONSUL_CLIENT_CERT")
    let key = settings["clientKey"] ?? variable("CONSUL_CLIENT_KEY")
    if let certificate, let key {
      transport.tls.identity = ClientIdentity(
        certificate: try LocalFile.read(Path.expanded(certificate, environment)),
        key: Secret(bytes: try LocalFile.read(Path.expanded(key, environment))))
    } else if certificate != nil || key != nil {
      throw MeshError(
        .usage, "a client certificate needs its key, and a key its certificate",
        remedy: "say clientCertificate and clientKey")
    }
    transport.tls.serverName = settings["serverName"] ?? variable("CONSUL_TLS_SERVER_NAME")
    transport.tls.insecure = variable("CONSUL_HTTP_SSL_VERIFY").flatMap(Self.truth) == false
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
      credentials = ConsulCredential(token: TokenFile(Path.expanded(path, environment)), basic: nil)
      tokenSource = "the token in \(path)"
    } else if let token = variable("CONSUL_HTTP_TOKEN") {
      use(token, of: "CONSUL_HTTP_TOKEN")
    }
    if let text = variable("CONSUL_HTTP_AUTH") {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let basic = Credential.basic(user: parts[0], password: Secret(parts.count > 1 ? parts[1] : ""))
      credentials = ConsulCredential(token: (credentials as? ConsulCredential)?.token, basic: basic)
      tokenSource += ", as the user in CONSUL_HTTP_AUTH"
    }
  }

  private mutating func use(_ token: String, of name: String) {
    credentials = ConsulCredential(token: FixedCredential(.bearer(Secret(token))), basic: nil)
    tokenSource = "the token in \(name)"
  }

  /// What a word says, as Go's `strconv.ParseBool` reads it; `nil` for a word that says nothing, which Consul passes over.
  private static func truth(_ word: String) -> Bool? {
    if ["1", "t", "T", "TRUE", "true", "True"].contains(word) { return true }
    return ["0", "f", "F", "FALSE", "false", "False"].contains(word) ? false : nil
  }
}

/// Consul's token in a header of its own, beside what a proxy before Consul wants.
///
/// Source: Consul HTTP API, "Authentication": `X-Consul-Token`; the other header is `CONSUL_HTTP_AUTH`'s.
struct ConsulCredential: CredentialSource {
  /// Where the token comes from, as a bearer's.
  var token: (any CredentialSource)?
  var basic: Credential?

  func credential(refresh: Bool) async throws(TransportError) -> Credential {
    var fields = basic?.fields ?? []
    for field in try await token?.credential(refresh: refresh).fields ?? [] {
      let text = field.value.reveal
      guard text.hasPrefix("Bearer ") else { continue }
      fields.append(Credential.Field("X-Consul-Token", Secret(String(text.dropFirst(7)))))
    }
    return Credential(fields: fields)
  }
}
