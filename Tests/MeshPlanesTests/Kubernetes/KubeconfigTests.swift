import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

@Suite struct KubeconfigTests {
  static let plain = """
    apiVersion: v1
    kind: Config
    current-context: shop
    clusters:
    - name: c
      cluster: {server: "https://127.0.0.1:6443", certificate-authority: ca.pem, tls-server-name: kube.example}
    users:
    - name: u
      user: {token: t0ken, as: auditor, as-groups: [a, b], as-user-extra: {scope: [x]}}
    contexts:
    - name: shop
      context: {cluster: c, user: u, namespace: payments}
    """

  @Test func aContextComesToAServerWithTrustTokenAndImpersonation() async throws {
    let folder = TemporaryFolder()
    folder.write("ca.pem", "PEM")
    let file = folder.write("config", Self.plain)
    let connection = try KubernetesConnection(Kubeconfig.load(path: file, environment: [:]), environment: [:])
    #expect(connection.context == "shop")
    #expect(connection.server == "https://127.0.0.1:6443")
    #expect(connection.namespace == "payments")
    // The relative path is relative to the file.
    #expect(connection.settings.tls.authorities == Array("PEM".utf8))
    #expect(connection.settings.tls.serverName == "kube.example")
    #expect(connection.impersonation.user == "auditor")
    #expect(connection.impersonation.groups == ["a", "b"])
    let credential = try await connection.credentials?.credential(refresh: false)
    #expect(credential?.fields.map(\.value.reveal) == ["Bearer t0ken"])
  }

  @Test func impersonationIsSentAsHeaders() async throws {
    let server = ScriptedServer { _, _ in .answer(200, "{}") }
    var options = Session.Options()
    options.gate = OriginGate()
    options.transport = { _ in server }
    var connection = KubernetesConnection(context: "c", server: "http://127.0.0.1:1")
    connection.impersonation.user = "auditor"
    connection.impersonation.groups = ["a", "b"]
    connection.impersonation.extra = [Kubeconfig.Impersonation.Extra(name: "acme/scope", values: ["x"])]
    let client = try KubernetesClient(plane: "p", connection: connection, options: options)
    _ = try await client.send(.get, "/version", what: "ask")
    let headers = try #require(server.requests.first?.headers)
    #expect(headers["Impersonate-User"] == "auditor")
    #expect(headers.all("Impersonate-Group") == ["a", "b"])
    #expect(headers["Impersonate-Extra-acme%2Fscope"] == "x")
  }

  @Test func ofSeveralFilesTheFirstThatNamesAnEntryWins() throws {
    let folder = TemporaryFolder()
    let first = folder.write(
      "a",
      "clusters: [{name: c, cluster: {server: 'https://first'}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]"
    )
    let second = folder.write(
      "b",
      """
      current-context: x
      clusters: [{name: c, cluster: {server: 'https://second'}}, {name: d, cluster: {server: 'https://d'}}]
      users: [{name: u, user: {token: t}}]
      """)
    let third = folder.write("c", "current-context: y")
    let config = try Kubeconfig.load(
      environment: ["KUBECONFIG": "\(folder.path)/missing:\(first)::\(second):\(third)"])
    #expect(config.clusters["c"]?.server == "https://first")
    #expect(config.clusters["d"]?.server == "https://d")
    #expect(config.currentContext == "x")
    #expect(config.files == [first, second, third])
    #expect(config.contexts.map(\.name) == ["x"])
  }

  @Test func aNamedFileTurnsTheListOffAndMustExist() {
    let folder = TemporaryFolder()
    let file = folder.write("a", Self.plain)
    let error = #expect(throws: MeshError.self) {
      try Kubeconfig.load(path: "\(folder.path)/none", environment: ["KUBECONFIG": file])
    }
    #expect(error?.code == .usage)
    #expect(error?.exitCode == 2)
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: [UInt8]
    /// What the message must hold.
    var says: String
    init(_ name: String, _ text: String, says: String) {
      (testDescription, self.text, self.says) = (name, Array(text.utf8), says)
    }
    init(_ name: String, bytes: [UInt8], says: String) { (testDescription, text, self.says) = (name, bytes, says) }
  }

  /// An alias bomb: each of nine levels names the one before nine times.
  static let bomb =
    "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + (1...9).map { "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ","))]" }
    .joined(separator: "\n")

  static let bad: [Bad] = [
    Bad("C2 alias bomb", bomb, says: "aliases are followed"),
    Bad(
      "C2 a hundred and one aliases", "a: &a 1\nb: [\(Array(repeating: "*a", count: 101).joined(separator: ","))]",
      says: "more than 100 aliases"),
    Bad("C2 alias as key", "a: &a [1]\n*a : 2", says: ":2:1"),
    Bad("C3 flow nesting", String(repeating: "[", count: 10_000), says: "nested deeper"),
    Bad("C3 block nesting", String(repeating: "- ", count: 10_000), says: "nested deeper"),
    Bad("C3 tab", "clusters:\n\t- name: x", says: ":2:1"),
    Bad("C3 duplicate key", "kind: Config\nkind: Config", says: "stands twice"),
    Bad("C3 NUL", bytes: Array("kind: Con".utf8) + [0] + Array("fig".utf8), says: ":1:"),
    Bad("C3 UTF-16", bytes: [0xFF, 0xFE, 0x6B, 0x00], says: "UTF-16"),
    Bad("not UTF-8", bytes: [0x6B, 0x3A, 0x20, 0xFF], says: "UTF-8"),
    Bad("a list", "- a", says: "mapping"),
    Bad("another kind", "kind: Secret", says: "Config"),
    Bad("clusters of another type", "clusters: {a: b}", says: "clusters is not a list"),
    Bad("duplicate name", "users: [{name: a},{name: a}]", says: "stands twice"),
    Bad("bad base64", "users: [{name: a, user: {client-key-data: '***'}}]", says: "Base64"),
    Bad(
      "exec without interactiveMode in v1",
      "users: [{name: a, user: {exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}}]",
      says: "interactiveMode"),
    Bad(
      "exec in an unknown version", "users: [{name: a, user: {exec: {command: x, apiVersion: v7}}}]", says: "apiVersion"
    ),
  ]

  @Test(arguments: bad) func aBadFileIsOneLineWithItsPlace(_ row: Bad) {
    let error = #expect(throws: MeshError.self) { try Kubeconfig(parsing: row.text, path: "/k/config") }
    #expect(error?.code == .usage)
    #expect(error?.message.hasPrefix("/k/config") == true)
    #expect(error?.message.contains(row.says) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("\n") == false)
  }

  @Test(arguments: ["\u{FEFF}" + plain, plain.split(separator: "\n").joined(separator: "\r\n")])
  func byteOrderMarkAndCarriageReturnsAreAccepted(_ text: String) throws {
    #expect(try Kubeconfig(parsing: Array(text.utf8), path: "x").contexts.map(\.name) == ["shop"])
  }

  @Test func whatIsNoRegularFileIsRefusedWithoutWaiting() {
    let folder = TemporaryFolder()
    let large = folder.write("large", [UInt8](repeating: 0x20, count: (4 << 20) + 1))
    for path in [folder.path, folder.pipe("fifo"), large, "\(folder.path)/none"] {
      let error = #expect(throws: MeshError.self) { try Kubeconfig.load(path: path, environment: [:]) }
      #expect(error?.code == .usage)
    }
  }

  struct Refused: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var cluster = "server: 'https://h'"
    var user: String
    var says: String
  }

  @Test(arguments: [
    Refused(testDescription: "C4 auth-provider", user: "auth-provider: {name: gcp}", says: "gcp"),
    Refused(
      testDescription: "C5 insecure with CA",
      cluster: "server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: QQ==",
      user: "token: t",
      says: "insecure-skip-tls-verify"),
    Refused(testDescription: "token and password", user: "token: t, username: u, password: p", says: "both"),
    Refused(testDescription: "certificate without key", user: "client-certificate-data: QQ==", says: "key"),
    Refused(testDescription: "groups without as", user: "as-groups: [a]", says: "without as"),
    Refused(testDescription: "no server", cluster: "server: ''", user: "token: t", says: "no server"),
    Refused(testDescription: "no address", cluster: "server: 'ftp://x'", user: "token: t", says: "no address"),
  ]) func aUserThatCannotBeUsedIsNeverAnonymous(_ row: Refused) throws {
    let text = """
      current-context: x
      contexts: [{name: x, context: {cluster: c, user: u}}]
      clusters: [{name: c, cluster: {\(row.cluster)}}]
      users: [{name: u, user: {\(row.user)}}]
      """
    let config = try Kubeconfig(parsing: Array(text.utf8), path: "x")
    let error = #expect(throws: MeshError.self) { try KubernetesConnection(config, environment: [:]) }
    #expect(error?.code == .usage)
    #expect(error?.message.contains(row.says) == true, "\(error?.message ?? "")")
  }

  @Test func aPodsOwnAccountIsReadWhereItIsMounted() async throws {
    let folder = TemporaryFolder()
    folder.write("token", "first\n")
    folder.write("ca.crt", "PEM")
    folder.write("namespace", "shop")
    let environment = ["KUBERNETES_SERVICE_HOST": "::1", "KUBERNETES_SERVICE_PORT": "443"]
    let connection = try #require(
      try KubernetesConnection.inCluster(environment: environment, directory: folder.path))
    #expect(connection.server == "https://[::1]:443")
    #expect(connection.namespace == "shop")
    #expect(try KubernetesConnection.inCluster(environment: [:], directory: folder.path) == nil)
  }

  @Test func aTokenFileIsReadAgainWhenItIsOldOrRefused() async throws {
    let folder = TemporaryFolder()
    let path = folder.write("token", "first\n")
    let clock = ScriptedClock()
    let source = TokenFile(path, clock: clock)
    func token(_ refresh: Bool = false) async throws -> String? {
      try await source.credential(refresh: refresh).fields.first?.value.reveal
    }
    #expect(try await token() == "Bearer first")
    folder.write("token", "second")
    #expect(try await token() == "Bearer first")
    #expect(try await token(true) == "Bearer second")
    folder.write("token", "third")
    _ = clock.advance(by: .seconds(61))
    #expect(try await token() == "Bearer third")
    // A file that became empty leaves the last token in use.
    folder.write("token", "")
    #expect(try await token(true) == "Bearer third")
  }

  @Test func aClientCertificateInFilesIsReadAgainAsItRotates() async throws {
    let folder = TemporaryFolder()
    let (certificate, key) = (folder.write("c.pem", "C1"), folder.write("k.pem", "K1"))
    let clock = ScriptedClock()
    func identity(_ number: Int) -> ClientIdentity {
      ClientIdentity(certificate: Array("C\(number)".utf8), key: Secret(bytes: Array("K\(number)".utf8)))
    }
    func rotate(to number: Int) {
      folder.write("c.pem", "C\(number)")
      folder.write("k.pem", "K\(number)")
    }
    func files(_ certificate: String, read number: Int) -> RotatingFiles<ClientIdentity> {
      RotatingFiles(read: identity(number), clock: clock) { () throws(MeshError) in
        try ClientIdentity(.file(certificate), key: .file(key))
      }
    }
    let source = RotatingCredentials(
      identity: files(certificate, read: 1), tokens: FixedCredential(.bearer(Secret("t"))))
    rotate(to: 2)
    #expect(try await source.credential(refresh: false).identity == identity(1))
    #expect(try await source.credential(refresh: true).identity == identity(2))
    rotate(to: 3)
    _ = clock.advance(by: .seconds(61))
    let credential = try await source.credential(refresh: false)
    #expect(credential.identity == identity(3) && credential.fields.count == 1)
    let lost = files(folder.path + "/gone", read: 3)
    #expect(lost.value(refresh: true) == identity(3), "a file that is not there leaves the last in use")
  }

  @Test func authoritiesInAFileAreReadAgainAsTheyRotate() async throws {
    let folder = TemporaryFolder()
    folder.write("ca.pem", "CA1")
    let connection = try KubernetesConnection(
      Kubeconfig.load(path: folder.write("config", Self.plain), environment: [:]), environment: [:])
    #expect(connection.settings.tls.authorities == Array("CA1".utf8))
    folder.write("ca.pem", "CA2")
    // A refusal has the files read again before the minute is over.
    let credential = try await connection.authentication?.credential(refresh: true)
    #expect(credential?.authorities == Array("CA2".utf8))
    #expect(credential?.fields.isEmpty == false, "the token goes with them")
  }

  @Test func onlyTheAPIServerIsShownACertificateThatRotates() async throws {
    let folder = TemporaryFolder()
    folder.write("ca.pem", "PEM")
    folder.write("c.pem", "C1")
    folder.write("k.pem", "K1")
    let user = Self.plain.replacing("{token: t0ken,", with: "{client-certificate: c.pem, client-key: k.pem,")
    let connection = try KubernetesConnection(
      Kubeconfig.load(path: folder.write("config", user), environment: [:]), environment: [:])
    #expect(connection.credentials == nil, "it is no token for others")
    #expect(try await connection.authentication?.credential(refresh: false).identity?.certificate == Array("C1".utf8))
  }

  @Test(
    arguments: [("QUJD", [65, 66, 67]), ("QUI=", [65, 66]), ("QQ==", [65]), ("Q\nQ==", [65]), ("", [])]
      as [(String, [UInt8])])
  func base64GoesBothWays(_ text: String, _ bytes: [UInt8]) {
    #expect(Base64.decode(text) == bytes)
    #expect(Base64.decode(Base64.encode(bytes)) == bytes)
  }

  @Test(arguments: ["Q", "QQ", "QQ=", "Q=Q=", "QQ==QQ==", "Q*=="]) func whatIsNotBase64IsRefused(_ text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2026-11-22T11:01:57Z", 1_795_345_317), ("2000-02-29T23:59:59+01:00", 951_865_199),
    ("2026-11-22T11:01:57.500Z", 1_795_345_317.5),
  ]) func timesAreRead(_ text: String, _ seconds: Double) {
    #expect(RFC3339.parse(text)?.seconds == seconds)
  }

  @Test(arguments: ["", "2026-11-22", "2026-13-01T00:00:00Z", "2026-11-22T25:00:00Z", "2026-11-22T11:01:57"])
  func whatIsNoTimeIsNone(_ text: String) { #expect(RFC3339.parse(text) == nil) }
}
