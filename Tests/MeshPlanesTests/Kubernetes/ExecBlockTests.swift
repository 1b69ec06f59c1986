import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// The `exec` block of a kubeconfig in a file: what is read of it, and what the program is given.
@Suite(.timeLimit(.minutes(10))) struct ExecBlockTests {
  static let cluster = """
    tls-server-name: kube.internal
    certificate-authority-data: UEVN
    proxy-url: http://proxy.example:3128
    disable-compression: true
    extensions:
    - name: other.example/settings
      extension: {audience: wrong}
    - name: client.authentication.k8s.io/exec
      extension:
        audience: shop
        scopes: [read, "1"]
        depth: 3
        share: -0.5
        code: 007
        isPublic: false
    """

  static let user = """
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./plugin
      args: [get-token, --cluster, "shop east"]
      env:
      - name: LOGIN_REGION
        value: eu-west-1
      - {name: LOGIN_KEY, value: canary}
      provideClusterInfo: true
      interactiveMode: Never
      installHint: install it from login.example
    """

  /// What the extension of the cluster says, in JSON.
  static let settings: JSONValue = [
    "audience": "shop", "scopes": ["read", "1"], "depth": 3, "share": .number("-0.5"), "code": "007", "isPublic": false,
  ]

  /// A short block: the lines of an `exec` besides its version.
  static func short(_ members: String, version: String = "v1") -> String {
    "exec: {apiVersion: client.authentication.k8s.io/\(version), \(members)}"
  }

  @Test func everyFieldIsRead() throws {
    let folder = TemporaryFolder()
    let config = try KubeconfigFieldsTests.load(folder, cluster: Self.cluster, user: Self.user)
    let expected = ExecPlugin(
      // The relative path is relative to the kubeconfig.
      command: "\(folder.path)/./plugin", arguments: ["get-token", "--cluster", "shop east"],
      environment: [
        ExecPlugin.Variable(name: "LOGIN_REGION", value: Secret("eu-west-1")),
        ExecPlugin.Variable(name: "LOGIN_KEY", value: Secret("canary")),
      ], apiVersion: .v1, interactiveMode: .never, installHint: "install it from login.example",
      providesClusterInfo: true)
    #expect(config.users["u"]?.exec == expected)
    #expect(config.clusters["c"]?.execConfiguration == Self.settings)
    #expect(!"\(config)".contains("canary"), "a variable may hold a credential")
  }

  @Test func theProgramIsGivenItsArgumentsItsVariablesAndTheCluster() async throws {
    let folder = TemporaryFolder()
    _ = ExecCredentialsTests.script(
      """
      printf %s "$KUBERNETES_EXEC_INFO" > \(folder.path)/info
      printf '%s,' "$@" "$LOGIN_REGION" "$LOGIN_KEY" > \(folder.path)/words
      \(ExecCredentialsTests.answer("{\"token\":\"from-program\"}"))
      """, in: folder)
    let config = try KubeconfigFieldsTests.load(folder, cluster: Self.cluster, user: Self.user)
    let connection = try KubernetesConnection(config, environment: ["PATH": "/usr/bin:/bin"])
    let sent = try await KubeconfigFieldsTests.sent(connection)
    #expect(sent.request.headers.all("Authorization") == ["Bearer from-program"])
    let words = String(decoding: try LocalFile.read("\(folder.path)/words"), as: UTF8.self)
    #expect(words == "get-token,--cluster,shop east,eu-west-1,canary,")
    let info = try JSONValue(parsing: LocalFile.read("\(folder.path)/info"))
    let cluster: JSONValue = [
      "server": "https://kube.example:6443", "tls-server-name": "kube.internal", "certificate-authority-data": "UEVN",
      "proxy-url": "http://proxy.example:3128", "disable-compression": true, "config": Self.settings,
    ]
    let expected: JSONValue = [
      "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
      "spec": ["interactive": false, "cluster": cluster],
    ]
    #expect(info.isEquivalent(to: expected), "\(JSONWriter.text(info))")
  }

  /// What a program is told, of a kubeconfig in a file.
  static func told(_ folder: TemporaryFolder, cluster: String, user: String) throws -> JSONValue {
    let config = try KubeconfigFieldsTests.load(folder, cluster: cluster, user: user)
    let plugin = try #require(config.users["u"]?.exec)
    let place = try #require(config.clusters["c"])
    return try JSONValue(parsing: ExecExchange.request(plugin, cluster: place, interactive: true))
  }

  @Test(arguments: ["", "  provideClusterInfo: false"])
  func whoDoesNotAskForTheClusterIsToldNothingOfIt(_ line: String) throws {
    let folder = TemporaryFolder()
    let user = Self.user.replacing("  provideClusterInfo: true", with: line)
    let told = try Self.told(folder, cluster: Self.cluster, user: user)
    let expected: JSONValue = [
      "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "spec": ["interactive": true],
    ]
    #expect(told.isEquivalent(to: expected), "\(JSONWriter.text(told))")
  }

  @Test func whatTheClusterLeavesEmptyIsNotTold() throws {
    let folder = TemporaryFolder()
    let told = try Self.told(
      folder, cluster: "insecure-skip-tls-verify: true\ntls-server-name: ''\nproxy-url: ''\ndisable-compression: false",
      user: Self.user)
    let cluster: JSONValue = ["server": "https://kube.example:6443", "insecure-skip-tls-verify": true]
    #expect(told["spec"]?["cluster"]?.isEquivalent(to: cluster) == true, "\(JSONWriter.text(told))")
  }

  static let modes: [(String, ExecPlugin.APIVersion, ExecPlugin.InteractiveMode)] = [
    (short("command: login, interactiveMode: Never"), .v1, .never),
    (short("command: login, interactiveMode: IfAvailable"), .v1, .ifAvailable),
    (short("command: login, interactiveMode: Always"), .v1, .always),
    (short("command: login, interactiveMode: Never", version: "v1beta1"), .v1beta1, .never),
    (short("command: login, interactiveMode: ''", version: "v1beta1"), .v1beta1, .ifAvailable),
    (short("command: login", version: "v1beta1"), .v1beta1, .ifAvailable),
  ]

  @Test(arguments: modes)
  func versionAndModeAreAsWritten(
    _ user: String, _ version: ExecPlugin.APIVersion, _ mode: ExecPlugin.InteractiveMode
  ) throws {
    let folder = TemporaryFolder()
    let config = try KubeconfigFieldsTests.load(folder, user: user)
    let expected = ExecPlugin(
      // A bare name is looked up when it runs.
      command: "login", arguments: [], environment: [], apiVersion: version, interactiveMode: mode, installHint: nil,
      providesClusterInfo: false)
    #expect(config.users["u"]?.exec == expected)
  }

  @Test func aBareNameIsFoundInPATHAndRunsWherePolicyAllows() async throws {
    let folder = TemporaryFolder()
    let path = ExecCredentialsTests.script(ExecCredentialsTests.answer("{\"token\":\"t\"}"), in: folder)
    let config = try KubeconfigFieldsTests.load(folder, user: Self.short("command: plugin, interactiveMode: Never"))
    let environment = ["PATH": "\(folder.path):/usr/bin:/bin"]
    let allowed = try KubernetesConnection(config, environment: environment, execPolicy: .allow([path]))
    let sent = try await KubeconfigFieldsTests.sent(allowed)
    #expect(sent.request.headers.all("Authorization") == ["Bearer t"])
    let denied = try KubernetesConnection(config, environment: environment, execPolicy: .deny)
    let source = try #require(denied.credentials)
    let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
    #expect(error?.message == "the credential plugin \(path) is not allowed to run")
  }

  @Test(arguments: [
    ("install it from login.example", "install it from login.example"),
    ("", "install it, or correct the exec command in the kubeconfig"),
  ])
  func howToInstallAProgramIsSaidWhereItIsMissing(_ hint: String, _ remedy: String) async throws {
    let folder = TemporaryFolder()
    let user = Self.short("command: no-such-program, interactiveMode: Never, installHint: '\(hint)'")
    let config = try KubeconfigFieldsTests.load(folder, user: user)
    let connection = try KubernetesConnection(config, environment: ["PATH": folder.path])
    let source = try #require(connection.credentials)
    let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
    #expect(error?.message == "the credential plugin no-such-program is not installed")
    #expect(error?.remedy == remedy)
  }

  @Test(arguments: ["{value: v}", "{name: '', value: v}"])
  func aVariableWithoutANameIsRefusedAtItsPlace(_ variable: String) {
    let folder = TemporaryFolder()
    let user = Self.short("command: login, interactiveMode: Never, env: [\(variable)]")
    let error = #expect(throws: MeshError.self) { try KubeconfigFieldsTests.load(folder, user: user) }
    #expect(error?.code == .usage)
    #expect(error?.message.hasPrefix("\(folder.path)/config:") == true, "\(error?.message ?? "")")
    #expect(error?.message.hasSuffix("a variable of the exec plugin has no name") == true, "\(error?.message ?? "")")
  }
}
