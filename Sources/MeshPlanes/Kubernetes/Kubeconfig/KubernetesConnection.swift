public import MeshModel
public import MeshTransport

/// How to reach one cluster as one user: what a context of a kubeconfig, or a pod's own account, comes to.
public struct KubernetesConnection: Sendable {
  /// The name of the context; `in-cluster` for a pod's own account.
  public var context: String
  /// The URL of the API server.
  public var server: String
  /// The namespace meant where none is said.
  public var namespace: String
  /// Trust, identity and route.
  public var settings: ConnectionSettings
  /// Where tokens come from; `nil` where a certificate, or nothing, proves who asks.
  public var credentials: (any CredentialSource)?
  /// The client certificate and the authorities where they lie in files, which are read again as they are replaced.
  private var identityFiles: RotatingFiles<ClientIdentity>?
  private var authorityFile: RotatingFiles<[UInt8]>?
  /// Whom to act as.
  public var impersonation: Kubeconfig.Impersonation
  /// Whether answers are asked for uncompressed.
  public var disablesCompression = false
  /// Things to know before relying on it.
  public var warnings: [String] = []

  /// What proves who asks at the API server, and there alone: the tokens, and the client certificate as it is now; with it
  /// the authorities to trust there.
  public var authentication: (any CredentialSource)? {
    let isAnonymous = credentials == nil && settings.tls.identity == nil
    guard !isAnonymous, identityFiles != nil || authorityFile != nil else { return credentials }
    return RotatingCredentials(identity: identityFiles, authorities: authorityFile, tokens: credentials)
  }

  /// A connection of its parts.
  public init(
    context: String, server: String, namespace: String = "default", settings: ConnectionSettings = ConnectionSettings(),
    credentials: (any CredentialSource)? = nil, impersonation: Kubeconfig.Impersonation = Kubeconfig.Impersonation()
  ) {
    self.context = context
    self.server = server
    self.namespace = namespace
    self.settings = settings
    self.credentials = credentials
    self.impersonation = impersonation
  }

  /// The connection of a context.
  ///
  /// - Parameters:
  ///   - context: The context's name; `nil` for the current one.
  ///   - environment: The variables of the process, for exec plugins.
  ///   - execPolicy: Which exec plugins may run; all unless said, see ``ExecPolicy``.
  ///   - interactive: Whether the terminal may be handed to a plugin now: never while a dashboard owns it.
  public init(
    _ config: Kubeconfig, context name: String? = nil, environment: [String: String],
    execPolicy: ExecPolicy = .allowAll, interactive: Bool = false
  ) throws(MeshError) {
    let context = try config.context(name)
    guard let cluster = config.clusters[context.cluster] else {
      throw MeshError(.usage, "context \(context.name) names the cluster \"\(context.cluster)\", which is not defined")
    }
    guard !cluster.server.isEmpty else { throw MeshError(.usage, "cluster \(cluster.name) has no server") }
    do { _ = try TargetURL(parsing: cluster.server) } catch {
      throw MeshError(.usage, "the server of cluster \(cluster.name) is no address: \(error.message)")
    }
    guard !(cluster.isInsecure && cluster.authority != nil) else {
      throw MeshError(
        .usage, "cluster \(cluster.name) has both insecure-skip-tls-verify and a certificate authority",
        remedy: "take one of them away")
    }
    self.init(
      context: context.name, server: cluster.server,
      namespace: context.namespace.isEmpty ? "default" : context.namespace)
    warnings = config.warnings
    disablesCompression = cluster.disablesCompression
    try trust(cluster.authority)
    settings.tls.serverName = cluster.tlsServerName
    settings.tls.insecure = cluster.isInsecure
    if let proxy = cluster.proxyURL, !proxy.isEmpty { settings.proxy = .url(proxy) }
    if cluster.isInsecure { warnings.append("the certificate of \(cluster.name) is not checked") }
    guard !context.user.isEmpty else {
      warnings.append("context \(context.name) names no user: requests are anonymous")
      return
    }
    guard let user = config.users[context.user] else {
      throw MeshError(.usage, "context \(context.name) names the user \"\(context.user)\", which is not defined")
    }
    try identify(as: user, of: cluster, environment: environment, execPolicy: execPolicy, interactive: interactive)
  }

  /// Precedence, as in client-go: a token file, then a token, then basic authentication, then an exec plugin; a client
  /// certificate goes with any of them.
  private mutating func identify(
    as user: Kubeconfig.User, of cluster: Kubeconfig.Cluster, environment: [String: String], execPolicy: ExecPolicy,
    interactive: Bool
  ) throws(MeshError) {
    if let provider = user.authProvider {
      throw MeshError(
        .usage, "user \(user.name) uses the auth-provider \(provider), which Kubernetes removed",
        remedy: "use the exec plugin that replaced it")
    }
    impersonation = user.impersonation
    let actsAs = !impersonation.user.isEmpty
    guard actsAs || (impersonation.uid.isEmpty && impersonation.groups.isEmpty && impersonation.extra.isEmpty) else {
      throw MeshError(.usage, "user \(user.name) has as-uid, as-groups or as-user-extra without as")
    }
    guard (user.certificate == nil) == (user.key == nil) else {
      throw MeshError(
        .usage, "user \(user.name) has a client \(user.key == nil ? "certificate without its key" : "key alone")")
    }
    if let certificate = user.certificate, let key = user.key {
      let identity = try ClientIdentity(certificate, key: key)
      settings.tls.identity = identity
      if certificate.isFile || key.isFile {
        identityFiles = RotatingFiles(read: identity) { () throws(MeshError) in
          try ClientIdentity(certificate, key: key)
        }
      }
    }
    let hasToken = user.tokenFile != nil || user.token != nil
    if hasToken, user.username?.isEmpty == false {
      throw MeshError(.usage, "user \(user.name) has both a token and a password", remedy: "take one of them away")
    }
    if let path = user.tokenFile {
      credentials = TokenFile(path, fallback: user.token)
    } else if let token = user.token {
      credentials = FixedCredential(.bearer(token))
    } else if let name = user.username, !name.isEmpty {
      credentials = FixedCredential(.basic(user: name, password: user.password ?? Secret("")))
    } else if let plugin = user.exec {
      credentials = ExecCredentials(
        plugin, cluster: cluster, environment: environment, policy: execPolicy, interactive: interactive)
    } else if user.certificate == nil {
      warnings.append("user \(user.name) has no credentials: requests are anonymous")
    }
    if hasToken, user.exec != nil { warnings.append("user \(user.name) has a token and a plugin; the token counts") }
  }

  /// Trusts these authorities, read again as they are replaced.
  private mutating func trust(_ authority: Kubeconfig.Material?) throws(MeshError) {
    guard let authority else { return }
    let bytes = try authority.load()
    settings.tls.authorities = bytes
    if authority.isFile {
      authorityFile = RotatingFiles(read: bytes) { () throws(MeshError) in try authority.load() }
    }
  }

  /// The connection of a pod's own service account, or `nil` outside a cluster.
  ///
  /// - Parameter directory: Where the account is mounted.
  public static func inCluster(
    environment: [String: String], directory: String = "/var/run/secrets/kubernetes.io/serviceaccount"
  ) throws(MeshError) -> KubernetesConnection? {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty,
      LocalFile.facts("\(directory)/token") != nil
    else { return nil }
    let shown = host.contains(":") ? "[\(host)]" : host
    var connection = KubernetesConnection(context: "in-cluster", server: "https://\(shown):\(port)")
    try connection.trust(.file("\(directory)/ca.crt"))
    if let bytes = try? LocalFile.read("\(directory)/namespace"), !bytes.isEmpty {
      connection.namespace = String(decoding: bytes, as: UTF8.self)
    }
    connection.credentials = TokenFile("\(directory)/token")
    return connection
  }
}
