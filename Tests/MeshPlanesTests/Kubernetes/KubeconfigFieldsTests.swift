import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// What single fields of a kubeconfig in a file come to: the trust and the route of the connection, and who asks.
@Suite(.timeLimit(.minutes(10))) struct KubeconfigFieldsTests {
  /// A kubeconfig of one cluster and one user, written to a file and read from it.
  static func load(
    _ folder: TemporaryFolder, cluster: String = "", user: String = "token: t0ken"
  ) throws -> Kubeconfig {
    let text = """
      apiVersion: v1
      kind: Config
      current-context: shop
      contexts:
      - name: shop
        context: {cluster: c, user: u}
      clusters:
      - name: c
        cluster:
          server: https://kube.example:6443
      \(indented(cluster))
      users:
      - name: u
        user:
      \(indented(user))
      """
    return try Kubeconfig.load(path: folder.write("config", text), environment: [:])
  }

  private static func indented(_ lines: String) -> String {
    lines.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
  }

  /// The connection of such a kubeconfig.
  static func connection(
    _ folder: TemporaryFolder, cluster: String = "", user: String = "token: t0ken"
  ) throws -> KubernetesConnection {
    try KubernetesConnection(load(folder, cluster: cluster, user: user), environment: [:])
  }

  /// What a client of a connection sends, and the settings of what sends it.
  static func sent(
    _ connection: KubernetesConnection
  ) async throws -> (request: HTTPRequest, settings: ConnectionSettings) {
    let server = ScriptedServer { _, _ in .answer(200, "{}") }
    let made = Mutex<[ConnectionSettings]>([])
    var options = Session.Options()
    options.gate = OriginGate()
    options.transport = { settings in
      made.withLock { $0.append(settings) }
      return server
    }
    let client = try KubernetesClient(plane: "p", connection: connection, options: options)
    _ = try await client.send(.get, "/version", what: "ask")
    let last = made.withLock { $0.last }
    return (try #require(server.requests.last), try #require(last))
  }

  @Test func theProxyOfAClusterIsTheWayToItAndItsPasswordIsNotPrinted() async throws {
    let folder = TemporaryFolder()
    let url = "http://mona:canary@proxy.example:3128"
    let config = try Self.load(folder, cluster: "proxy-url: \(url)")
    #expect(config.clusters["c"]?.proxyURL == Secret(url))
    let connection = try KubernetesConnection(config, environment: [:])
    #expect(connection.settings.proxy == ProxySetting.url(Secret(url)))
    let sent = try await Self.sent(connection)
    #expect(sent.settings.proxy == ProxySetting.url(Secret(url)))
    #expect(!"\(config) \(connection.settings)".contains("canary"))
  }

  @Test(arguments: ["", "proxy-url:", "proxy-url: ''"])
  func whereNoProxyIsNamedTheEnvironmentSaysTheWay(_ line: String) throws {
    let folder = TemporaryFolder()
    let config = try Self.load(folder, cluster: line)
    let cluster = try #require(config.clusters["c"])
    #expect(cluster.proxyURL == nil)
    let connection = try KubernetesConnection(config, environment: [:])
    #expect(connection.settings.proxy == ProxySetting.environment)
  }

  @Test func aCertificateThatGoesUncheckedIsSaid() async throws {
    let folder = TemporaryFolder()
    let connection = try Self.connection(folder, cluster: "insecure-skip-tls-verify: true")
    #expect(connection.settings.tls == TLSSettings(insecure: true))
    #expect(connection.warnings == ["the certificate of c is not checked"])
    let sent = try await Self.sent(connection)
    #expect(sent.settings.tls.insecure)
    let checked = try Self.connection(folder, cluster: "insecure-skip-tls-verify: false")
    #expect(checked.settings.tls == TLSSettings())
    #expect(checked.warnings.isEmpty)
  }

  static let compressions: [(String, String?)] = [
    ("disable-compression: true", "identity"), ("disable-compression: false", nil), ("", nil),
  ]

  @Test(arguments: compressions)
  func answersComeUncompressedWhereTheClusterSaysSo(_ line: String, _ encoding: String?) async throws {
    let folder = TemporaryFolder()
    let connection = try Self.connection(folder, cluster: line)
    #expect(connection.disablesCompression == (encoding != nil))
    let sent = try await Self.sent(connection)
    #expect(sent.request.headers["Accept-Encoding"] == encoding)
  }

  static let serverNames: [(String, String?)] = [
    ("tls-server-name: kube.internal", "kube.internal"), ("tls-server-name: ''", nil), ("", nil),
  ]

  @Test(arguments: serverNames)
  func theCertificateBearsTheNameThatTheClusterSays(_ line: String, _ name: String?) async throws {
    let folder = TemporaryFolder()
    let connection = try Self.connection(folder, cluster: line)
    #expect(connection.settings.tls.serverName == name)
    let sent = try await Self.sent(connection)
    #expect(sent.settings.tls.serverName == name)
    #expect(sent.request.url == "https://kube.example:6443/version", "the name changes no address")
  }

  static let passwords: [(String, String)] = [
    ("username: mona\npassword: canary-word", "Basic bW9uYTpjYW5hcnktd29yZA=="), ("username: mona", "Basic bW9uYTo="),
  ]

  @Test(arguments: passwords)
  func aUserWithAPasswordIsSentAsBasicAuthentication(_ user: String, _ field: String) async throws {
    let folder = TemporaryFolder()
    let config = try Self.load(folder, user: user)
    #expect(config.users["u"]?.username == "mona")
    #expect(!"\(config)".contains("canary"))
    let connection = try KubernetesConnection(config, environment: [:])
    #expect(connection.warnings.isEmpty)
    let sent = try await Self.sent(connection)
    #expect(sent.request.headers.all("Authorization") == [field])
  }

  @Test func aPasswordWithoutAUserIsNoCredentialAndThatIsSaid() throws {
    let folder = TemporaryFolder()
    let connection = try Self.connection(folder, user: "password: canary-word")
    #expect(connection.credentials == nil)
    #expect(connection.warnings == ["user u has no credentials: requests are anonymous"])
  }

  @Test func aTokenFileGoesBeforeATokenAndIsReadAgain() async throws {
    let folder = TemporaryFolder()
    folder.write("token", "from-file\n")
    let config = try Self.load(folder, user: "token: inline\ntokenFile: token")
    // The relative path is relative to the kubeconfig.
    #expect(config.users["u"]?.tokenFile == "\(folder.path)/token")
    #expect(config.users["u"]?.token == Secret("inline"))
    let connection = try KubernetesConnection(config, environment: [:])
    let sent = try await Self.sent(connection)
    #expect(sent.request.headers.all("Authorization") == ["Bearer from-file"])
    folder.write("token", "rotated\n")
    let credential = try await connection.credentials?.credential(refresh: true)
    #expect(credential?.fields.map(\.value.reveal) == ["Bearer rotated"])
  }

  @Test func theTokenBesideAFileServesUntilTheFileCanBeRead() async throws {
    let folder = TemporaryFolder()
    let connection = try Self.connection(folder, user: "token: inline\ntokenFile: \(folder.path)/late")
    let early = try await Self.sent(connection)
    #expect(early.request.headers.all("Authorization") == ["Bearer inline"])
    folder.write("late", "from-file")
    let late = try await Self.sent(connection)
    #expect(late.request.headers.all("Authorization") == ["Bearer from-file"])
  }

  @Test func aTokenFileThatIsMissingIsNeverAnonymous() async throws {
    let folder = TemporaryFolder()
    let connection = try Self.connection(folder, user: "tokenFile: none")
    let source = try #require(connection.credentials)
    let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
    #expect(error?.code == .credentials)
    #expect(error?.message.contains("\(folder.path)/none") == true, "\(error?.message ?? "")")
  }

  @Test func aTokenFileAndAPasswordExcludeEachOther() {
    let folder = TemporaryFolder()
    let error = #expect(throws: MeshError.self) {
      try Self.connection(folder, user: "tokenFile: token\nusername: mona\npassword: canary-word")
    }
    #expect(error?.message == "user u has both a token and a password")
  }

  static let besidePrograms: [(String, String)] = [
    ("token: t0ken", "Bearer t0ken"), ("username: mona", "Basic bW9uYTo="),
  ]

  @Test(arguments: besidePrograms)
  func aTokenAndAPasswordGoBeforeAProgram(_ user: String, _ field: String) async throws {
    let folder = TemporaryFolder()
    let program = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: /no/such/program}"
    let connection = try Self.connection(folder, user: "\(user)\n\(program)")
    let sent = try await Self.sent(connection)
    #expect(sent.request.headers.all("Authorization") == [field])
  }
}
