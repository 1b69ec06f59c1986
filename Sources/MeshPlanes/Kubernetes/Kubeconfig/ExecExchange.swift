import MeshModel
import MeshTransport

/// What is said to an exec plugin and what it answers: `ExecCredential` of `client.authentication.k8s.io`.
enum ExecExchange {
  /// Credentials a plugin gave.
  struct Answer: Sendable {
    var credential: Credential
    /// When they expire; `nil` where they do not.
    var expires: Instant?
  }

  /// The value of `KUBERNETES_EXEC_INFO`.
  static func request(
    _ plugin: ExecPlugin, cluster: Kubeconfig.Cluster, interactive: Bool
  ) throws(MeshError) -> String {
    var spec: JSONValue = ["interactive": .bool(interactive)]
    if plugin.providesClusterInfo {
      var info: JSONValue = ["server": .string(cluster.server)]
      if let name = cluster.tlsServerName { info["tls-server-name"] = .string(name) }
      if cluster.isInsecure { info["insecure-skip-tls-verify"] = true }
      if let authority = try cluster.authority?.load() {
        info["certificate-authority-data"] = .string(Base64.encode(authority))
      }
      if let proxy = cluster.proxyURL { info["proxy-url"] = .string(proxy.reveal) }
      if cluster.disablesCompression { info["disable-compression"] = true }
      if let configuration = cluster.execConfiguration { info["config"] = configuration }
      spec["cluster"] = info
    }
    return JSONWriter.text([
      "apiVersion": .string(plugin.apiVersion.rawValue), "kind": "ExecCredential", "spec": spec,
    ])
  }

  /// Reads what a plugin printed. The checks are client-go's: kind, version, a status, and a certificate only with its key.
  static func answer(_ bytes: [UInt8], of plugin: ExecPlugin) throws(MeshError) -> Answer {
    func refusal(_ message: String) -> MeshError {
      MeshError(
        .unauthenticated, "the credential plugin \(plugin.command) \(message)",
        remedy: "run it by hand and look at what it prints")
    }
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes) } catch {
      throw refusal("printed no JSON")
    }
    guard json["kind"]?.string == "ExecCredential" else { throw refusal("printed no ExecCredential") }
    guard let version = json["apiVersion"]?.string, version == plugin.apiVersion.rawValue else {
      throw refusal("answered in another apiVersion than \(plugin.apiVersion.rawValue)")
    }
    guard let status = json["status"], status.object != nil else { throw refusal("gave no status") }
    var answer = Answer(credential: .none, expires: nil)
    if let token = status["token"]?.string, !token.isEmpty { answer.credential = .bearer(Secret(token)) }
    let certificate = status["clientCertificateData"]?.string ?? ""
    let key = status["clientKeyData"]?.string ?? ""
    guard certificate.isEmpty == key.isEmpty else {
      throw refusal(key.isEmpty ? "gave a certificate without its key" : "gave a key without its certificate")
    }
    if !key.isEmpty {
      answer.credential.identity = ClientIdentity(certificate: Array(certificate.utf8), key: Secret(key))
    }
    guard !answer.credential.fields.isEmpty || answer.credential.identity != nil else {
      throw refusal("gave neither a token nor a certificate")
    }
    if let text = status["expirationTimestamp"]?.string {
      guard let expires = RFC3339.parse(text) else { throw refusal("gave an expirationTimestamp that is no time") }
      answer.expires = expires
    }
    return answer
  }
}
