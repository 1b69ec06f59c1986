import Foundation
import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// The faults of credential plugins, with real programs.
@Suite(.timeLimit(.minutes(10))) struct ExecCredentialsTests {
  static let v1 = "client.authentication.k8s.io/v1"

  static func source(
    _ command: String, arguments: [String] = [], mode: ExecPlugin.InteractiveMode = .never,
    version: ExecPlugin.APIVersion = .v1, environment: [String: String] = ["PATH": "/usr/bin:/bin"],
    policy: ExecPolicy = .allowAll, limit: Duration = .seconds(120), clock: any TransportClock = SystemClock(),
    interactive: Bool = false
  ) -> ExecCredentials {
    let plugin = ExecPlugin(
      command: command, arguments: arguments,
      environment: [ExecPlugin.Variable(name: "EXTRA", value: Secret("from-config"))], apiVersion: version,
      interactiveMode: mode, installHint: nil, providesClusterInfo: true)
    let cluster = Kubeconfig.Cluster(
      name: "c", server: "https://kube.example", tlsServerName: nil, isInsecure: false, authority: nil, proxyURL: nil,
      disablesCompression: false, execConfiguration: ["audience": "x"])
    return ExecCredentials(
      plugin, cluster: cluster, environment: environment, policy: policy, interactive: interactive, timeLimit: limit,
      clock: clock)
  }

  static func script(_ body: String, in folder: TemporaryFolder, mode: UInt32 = 0o755) -> String {
    folder.write("plugin", "#!/bin/sh\n\(body)\n", mode: mode)
  }

  @Test func aTokenIsKeptUntilItExpiresAndAskedAgainWhenRefused() async throws {
    let folder = TemporaryFolder()
    let clock = ScriptedClock()
    // The clock stands at 2026-11-18T09:46:40Z.
    let path = Self.script(
      """
      echo x >> \(folder.path)/runs
      n=$(wc -l < \(folder.path)/runs | tr -d ' ')
      echo '{"apiVersion":"\(Self.v1)","kind":"ExecCredential","status":{"token":"t'$n'","expirationTimestamp":"2099-01-01T00:00:00Z"}}'
      """, in: folder)
    let source = Self.source(path, clock: clock)
    #expect(try await source.credential(refresh: false).fields.map(\.value.reveal) == ["Bearer t1"])
    #expect(try await source.credential(refresh: false).fields.map(\.value.reveal) == ["Bearer t1"])
    #expect(try await source.credential(refresh: true).fields.map(\.value.reveal) == ["Bearer t2"])
  }

  @Test func anExpiredTokenIsAskedAgain() async throws {
    let folder = TemporaryFolder()
    let path = Self.script(
      """
      echo x >> \(folder.path)/runs
      n=$(wc -l < \(folder.path)/runs | tr -d ' ')
      echo '{"apiVersion":"\(Self.v1)","kind":"ExecCredential","status":{"token":"t'$n'","expirationTimestamp":"2001-01-01T00:00:00Z"}}'
      """, in: folder)
    let source = Self.source(path)
    #expect(try await source.credential(refresh: false).fields.map(\.value.reveal) == ["Bearer t1"])
    #expect(try await source.credential(refresh: false).fields.map(\.value.reveal) == ["Bearer t2"])
  }

  @Test func thePluginIsToldOfTheClusterInAReducedEnvironment() async throws {
    let folder = TemporaryFolder()
    let path = Self.script(
      """
      case "$KUBERNETES_EXEC_INFO" in *'"server":"https://kube.example"'*'"audience":"x"'*) ;; *) exit 3;; esac
      [ "$EXTRA" = from-config ] && [ -z "$CANARY_SECRET" ] && [ "$AWS_PROFILE" = prod ] || exit 4
      echo '{"apiVersion":"\(Self.v1)","kind":"ExecCredential","status":{"clientCertificateData":"CERT","clientKeyData":"KEY"}}'
      """, in: folder)
    let source = Self.source(
      path, environment: ["PATH": "/usr/bin:/bin", "CANARY_SECRET": "s", "AWS_PROFILE": "prod"])
    let credential = try await source.credential(refresh: false)
    #expect(credential.identity == ClientIdentity(certificate: Array("CERT".utf8), key: Secret("KEY")))
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var body: String
    var says: String
    var mode: UInt32 = 0o755
    var interactive = ExecPlugin.InteractiveMode.never
    var policy = ExecPolicy.allowAll
    var limit = Duration.seconds(120)
  }

  static func answer(_ status: String, version: String = v1, kind: String = "ExecCredential") -> String {
    "echo '{\"apiVersion\":\"\(version)\",\"kind\":\"\(kind)\",\"status\":\(status)}'"
  }

  static let rows: [Row] = [
    Row(testDescription: "exit 1", body: "echo why it failed >&2; exit 1", says: "why it failed"),
    Row(
      testDescription: "sleeps for ever, also in a child", body: "sleep 100 & sleep 100", says: "did not answer",
      limit: .milliseconds(300)),
    Row(
      testDescription: "prints without end",
      body: "exec yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", says: "more than 1048576 bytes"),
    Row(testDescription: "garbage", body: "echo hello", says: "no JSON"),
    Row(testDescription: "another kind", body: answer("{}", kind: "Token"), says: "no ExecCredential"),
    Row(
      testDescription: "another version",
      body: answer("{\"token\":\"t\"}", version: "client.authentication.k8s.io/v1beta1"), says: "apiVersion"),
    Row(testDescription: "no status", body: answer("null"), says: "no status"),
    Row(testDescription: "nothing in it", body: answer("{}"), says: "neither"),
    Row(
      testDescription: "certificate only", body: answer("{\"clientCertificateData\":\"C\"}"), says: "without its key"),
    Row(
      testDescription: "no time", body: answer("{\"token\":\"t\",\"expirationTimestamp\":\"soon\"}"),
      says: "expirationTimestamp"),
    Row(testDescription: "C7 denied", body: answer("{\"token\":\"t\"}"), says: "not allowed", policy: .deny),
    Row(
      testDescription: "C7 not on the list", body: answer("{\"token\":\"t\"}"), says: "not allowed",
      policy: .allow(["other"])),
    Row(
      testDescription: "C8 world-writable", body: answer("{\"token\":\"t\"}"), says: "everybody may write", mode: 0o757),
    Row(testDescription: "not executable", body: answer("{\"token\":\"t\"}"), says: "not installed", mode: 0o600),
    Row(
      testDescription: "C9 wants a terminal", body: answer("{\"token\":\"t\"}"), says: "interactiveMode: Always",
      interactive: .always),
  ]

  @Test(arguments: rows) func whatAPluginDoesWrongIsSaidInOneLine(_ row: Row) async throws {
    let folder = TemporaryFolder()
    let path = Self.script(row.body, in: folder, mode: row.mode)
    let source = Self.source(path, mode: row.interactive, policy: row.policy, limit: row.limit)
    let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
    #expect(error?.code == .credentials)
    #expect(error?.message.contains(row.says) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("\n") == false)
  }

  @Test func anAllowListTakesPathsAndNames() async throws {
    let folder = TemporaryFolder()
    let path = Self.script(Self.answer("{\"token\":\"t\"}"), in: folder)
    for policy in [ExecPolicy.allow([path]), .allow(["plugin"])] {
      _ = try await Self.source(path, policy: policy).credential(refresh: false)
    }
  }

  @Test func aBareNameIsNeverLookedUpInTheWorkingDirectory() async {
    let source = Self.source("plugin", environment: ["PATH": ".:"])
    let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
    #expect(error?.message.contains("not installed") == true)
  }

  @Test func aRefusedTokenIsAskedForOnceAndThenLoginIsNeeded() async throws {
    let folder = TemporaryFolder()
    let path = Self.script(Self.answer("{\"token\":\"t\"}"), in: folder)
    let server = ScriptedServer { _, _ in .answer(401, Wire.status(401)) }
    var options = Session.Options()
    options.gate = OriginGate()
    options.transport = { _ in server }
    let connection = KubernetesConnection(
      context: "c", server: "http://127.0.0.1:1", credentials: Self.source(path))
    let client = try KubernetesClient(plane: "p", connection: connection, options: options)
    let error = await #expect(throws: MeshError.self) { try await client.version() }
    #expect(error?.code == .unauthenticated)
    #expect(server.requests.count == 2)
  }

  /// A plugin that gives a token where it is run as one that may ask, or where it is not.
  ///
  /// What may ask has our standard input and error, and stays in our process group, that of the terminal.
  static func witness(mayAsk: Bool, in folder: TemporaryFolder) throws -> String {
    let token = answer("{\"token\":\"t\"}")
    let streams = try [0, 2].map { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
    return script(
      """
      case "$KUBERNETES_EXEC_INFO" in *'"interactive":\(mayAsk)'*) ;; *) exit 3;; esac
      shown=no; [ "$(readlink /proc/$$/fd/2)" = '\(streams[1])' ] && shown=yes
      grouped=no; set -- $(cat /proc/$$/stat); [ "$5" = \(getpgrp()) ] && grouped=yes
      [ "$shown$grouped" = \(mayAsk ? "yesyes" : "nono") ] || exit 4
      [ "$(readlink /proc/$$/fd/0)" = '\(mayAsk ? streams[0] : "/dev/null")' ] || exit 5
      \(token)
      """, in: folder)
  }

  #if os(Linux)
  @Test(arguments: [
    (ExecPlugin.InteractiveMode.always, true, true), (.ifAvailable, true, true), (.never, true, false),
    (.ifAvailable, false, false), (.never, false, false),
  ])
  func whoMayAskHasOurTerminalAndNobodyElse(mode: ExecPlugin.InteractiveMode, interactive: Bool, mayAsk: Bool)
    async throws
  {
    let folder = TemporaryFolder()
    let path = try Self.witness(mayAsk: mayAsk, in: folder)
    let source = Self.source(path, mode: mode, interactive: interactive)
    #expect(try await source.credential(refresh: false).fields.map(\.value.reveal) == ["Bearer t"])
  }
  #endif

  @Test func theTerminalIsHadByOneAtATime() async throws {
    let folder = TemporaryFolder()
    let token = Self.answer("{\"token\":\"t\"}")
    let path = Self.script(
      """
      echo begins >> \(folder.path)/log
      sleep 0.3
      echo ends >> \(folder.path)/log
      \(token)
      """, in: folder)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask { _ = try? await Self.source(path, mode: .always, interactive: true).credential(refresh: false) }
      }
    }
    let log = try String(contentsOfFile: folder.path + "/log", encoding: .utf8)
    #expect(log == String(repeating: "begins\nends\n", count: 3))
  }

  @Test func whoCouldNotAskIsSaidToHaveHadNoTerminal() async throws {
    let folder = TemporaryFolder()
    let path = Self.script("echo log in first >&2; exit 1", in: folder)
    for (mode, told) in [(ExecPlugin.InteractiveMode.ifAvailable, true), (.never, false)] {
      let source = Self.source(path, mode: mode)
      let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
      #expect(error?.message.contains("log in first") == true)
      #expect(error?.remedy?.contains("given no terminal: log in by a command in a terminal") == told)
    }
    let source = Self.source(path, mode: .always)
    let error = await #expect(throws: TransportError.self) { try await source.credential(refresh: false) }
    #expect(error?.message.contains("or something else reads it, as the dashboard does") == true)
  }
}
