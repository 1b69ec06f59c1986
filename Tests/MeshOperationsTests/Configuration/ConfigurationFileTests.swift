import Foundation
import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

@Suite struct ConfigurationFileTests {
  static let full = Configuration(
    planes: [
      PlaneSetting(
        name: "prod", kind: .kubernetes, kubeconfig: "~/.kube/prod", context: "arn:aws:eks:x:cluster/prod",
        telemetry: TelemetrySetting(
          kind: .prometheus, urls: ["https://p.example/?a=b#c"], bearerTokenFile: "~/.t", caFile: "ca.pem",
          headers: ["X-Scope-OrgID": "a: b", "y": "\"q\""]),
        istiod: "http://127.0.0.1:8080", envoy: [EnvoySetting(url: "http://127.0.0.1:15000", workload: "shop/web-v1")],
        readOnly: true),
      PlaneSetting(
        name: "true", kind: .kubernetes, context: "1.0",
        telemetry: TelemetrySetting(kind: .prometheus, urls: ["https://aps.example/w"], awsRegion: "eu-west-1")),
      PlaneSetting(
        name: "null", kind: .consul,
        telemetry: TelemetrySetting(kind: .prometheus, urls: ["https://p.example/"], bearerTokenEnv: "T")),
      PlaneSetting(
        name: "store", kind: .appMesh,
        telemetry: TelemetrySetting(kind: .cloudWatch, urls: [], namespace: "mesh/proxies"), region: "eu-west-1",
        endpoint: "http://127.0.0.1:5000", profile: "ops: x"),
      PlaneSetting(
        name: "gcp", kind: .trafficDirector, project: "shop-prod", location: "-", credentialsFile: "~/key: 1.json"),
      PlaneSetting(
        name: "lab", kind: .kubernetes,
        telemetry: TelemetrySetting(
          kind: .scrape, urls: ["http://a/", "http://b/"], username: "u", passwordFile: "p: 1", caFile: "ca.pem",
          headers: ["X-Scope-OrgID": "shop"])),
      PlaneSetting(
        name: "edge", kind: .envoy,
        telemetry: TelemetrySetting(kind: .scrape, urls: ["http://a/"], username: "u", passwordEnv: "P"),
        envoy: [EnvoySetting(url: "http://127.0.0.1:9901", workload: "")]),
    ], theme: "no", readOnly: true, keys: ["quit": ["q", "ctrl+c"], "help": ["?"]])

  static let quoted = PlaneSetting(
    name: "é \"x\"", kind: .mosn, envoy: [EnvoySetting(url: "http://127.0.0.1:34901", workload: "")])

  @Test(arguments: [full, Configuration(), Configuration(planes: [quoted])])
  func whatIsWrittenIsReadBack(_ configuration: Configuration) throws {
    let bench = Workbench()
    let file = ConfigurationFile(path: bench.folder + "/deeper/config.yaml")
    #expect(try file.read() == nil)
    try file.write(configuration)
    #expect(try file.read() == configuration)
    let folder = (file.path as NSString).deletingLastPathComponent
    #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["config.yaml"], "nothing temporary is left")
    try file.write(Configuration(theme: "mono"))
    #expect(try file.read()?.theme == "mono")
  }

  @Test func aControlPlaneIsReadBack() throws {
    let text = """
      planes:
        - name: cp
          kind: xds
          envoy: [{url: "http://127.0.0.1:9901"}]
          xds:
            url: https://cp.internal:18000
            statusUrl: https://status.internal
            transport: delta
            node: {id: edge-1, cluster: edge, metadata: {ROLE: edge, ports: [80, "443"]}}
            caFile: ca.pem
            certFile: ~/me.pem
            keyFile: ~/me.key
            bearerTokenEnv: CP_TOKEN
      """
    let configuration = try ConfigurationFile.parse(text, path: "c.yaml")
    let xds = try #require(configuration.planes.first?.xds)
    #expect(xds.settings.transport == .delta)
    #expect(xds.settings.node.metadata == ["ROLE": "edge", "ports": [80, "443"]])
    #expect(xds.certFile == "~/me.pem")
    #expect(
      try ConfigurationFile.parse(ConfigurationFile.yaml(of: configuration), path: "c.yaml") == configuration)
  }

  @Test(arguments: ["\n", "\r\n"])
  func whatSomebodyWroteStaysWherePlanesAreAddedAndRemoved(lineEnd: String) throws {
    let bench = Workbench()
    try FileManager.default.createDirectory(atPath: bench.folder, withIntermediateDirectories: true)
    let file = ConfigurationFile(path: bench.folder + "/config.yaml")
    let text = """
      # Mine.
      planes:
      # The shop's.
      - {name: prod, kind: kubernetes,
         context: prod}   # careful

      # Quiet.
      theme: 'mono'  # at night
      """
      .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd)
    try text.write(toFile: file.path, atomically: false, encoding: .utf8)
    let lab = PlaneSetting(name: "lab", kind: .kubernetes, context: "lab")
    try file.update { configuration in configuration.planes.append(lab) }
    #expect(
      try String(contentsOfFile: file.path, encoding: .utf8)
        == text.replacing(
          "# careful",
          with: ["# careful", "- name: \"lab\"", "  kind: kubernetes", "  context: \"lab\""].joined(separator: lineEnd))
    )
    #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
    try file.update { configuration in configuration.planes.removeAll { $0.name == "prod" } }
    let rest = try String(contentsOfFile: file.path, encoding: .utf8)
    #expect(rest.contains("# Mine.") && rest.contains("theme: 'mono'  # at night") && !rest.contains("careful"))
    #expect(try file.read() == Configuration(planes: [lab], theme: "mono"))
  }

  @Test(arguments: [
    "", "theme: mono # dark", "theme: mono\n", "planes: []\n",
    "planes: [{name: a, kind: envoy, envoy: [{url: \"http://127.0.0.1:9901\"}]}]\n",
    "{planes: [], theme: mono}\n", "planes:\n  -\n    name: a\n    kind: kubernetes\n",
    "planes:\n    - name: a\n      kind: kubernetes",
  ])
  func aPlaneIsAddedWhateverTheFormOfTheFile(text: String) throws {
    let bench = Workbench()
    try FileManager.default.createDirectory(atPath: bench.folder, withIntermediateDirectories: true)
    let file = ConfigurationFile(path: bench.folder + "/config.yaml")
    try text.write(toFile: file.path, atomically: false, encoding: .utf8)
    var expected = try ConfigurationFile.parse(text, path: "c.yaml")
    let lab = PlaneSetting(name: "lab", kind: .kubernetes, context: "lab")
    expected.planes.append(lab)
    try file.update { configuration in configuration.planes.append(lab) }
    #expect(try file.read() == expected)
    if text.contains("dark") { #expect(try String(contentsOfFile: file.path, encoding: .utf8).contains("# dark")) }
  }

  @Test func aLinkedFileStaysALink() throws {
    let bench = Workbench()
    try FileManager.default.createDirectory(atPath: bench.folder + "/dotfiles", withIntermediateDirectories: true)
    try "theme: mono\n".write(toFile: bench.folder + "/dotfiles/deck.yaml", atomically: false, encoding: .utf8)
    let path = bench.folder + "/config.yaml"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: bench.folder + "/dotfiles/deck.yaml")
    let file = ConfigurationFile(path: path)
    var configuration = try #require(try file.read())
    configuration.readOnly = true
    try file.write(configuration)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == bench.folder + "/dotfiles/deck.yaml")
    #expect(try ConfigurationFile(path: bench.folder + "/dotfiles/deck.yaml").read()?.readOnly == true)
  }

  @Test(
    arguments: [
      ("planes:\n  - name: a\n    kindd: kubernetes\n", "c.yaml:3:5: unknown field kindd"),
      ("plane: []\n", "c.yaml:1:1: unknown field plane"),
      ("planes: [{name: a, kind: xds}]", "c.yaml:1:10: a plane of kind xds needs xds: {url: …}"),
      ("planes: [{name: a, kind: xds, xds: {url: \"http://u:p@h\"}}]", "holds a user or password"),
      ("planes: [{name: a, kind: xds, xds: {url: h, transport: grpc}}]", "transport is ads, delta, rest"),
      ("planes: [{name: a, kind: xds, xds: {url: h, certFile: c}}]", "certFile and keyFile belong together"),
      ("planes: [{name: a, kind: xds, xds: {url: h, content: istio, transport: rest}}]", "by stream alone"),
      ("planes: [{name: a, xds: {url: h}}]", "xds is for planes of kind xds"),
      ("planes: [{name: a, region: r}]", "c.yaml:1:28: region is for planes of kind app-mesh"),
      ("planes: [{name: a, kind: consul, istiod: {url: x}}]", "istiod is for planes of kind kubernetes"),
      ("planes: [{name: a, kind: app-mesh, context: c}]", "context is for planes of kind envoy or kubernetes or mosn"),
      ("planes: [{name: a, kind: mosn, envoy: [{url: x}]}]", "envoy is for planes of kind envoy or kubernetes or xds"),
      ("planes: [{name: a, kind: consul, tokenEnv: T, tokenFile: t}]", "say tokenEnv or tokenFile"),
      (
        "planes: [{name: a, kind: xds, xds: {url: h, bearerTokenEnv: T, bearerTokenFile: t}}]",
        "say bearerTokenFile or bearerTokenEnv"
      ),
      ("planes: everything\n", "c.yaml:1:9: a list is expected here"),
      ("planes:\n  - a\n", "c.yaml:2:5: fields are expected here"), ("- a\n", "c.yaml:1:1: fields are expected here"),
      ("planes:\n  - kind: kubernetes\n", "c.yaml:2:5: a plane needs a name"),
      ("planes:\n  - name: a/b\n", "without '/'"),
      ("planes:\n  - {name: a}\n  - {name: a}\n", "c.yaml:3:5: two planes are named a"),
      ("planes:\n  - {name: a, kind: teapot}\n", "c.yaml:2:21: no plane is of kind teapot"),
      ("readOnly: perhaps\n", "c.yaml:1:11: true or false is expected here"),
      ("theme: [a]\n", "c.yaml:1:8: text is expected here"),
      ("planes:\n  - name: a\n    telemetry: {graphite: {url: x}}\n", "c.yaml:3:17: unknown field graphite"),
      ("planes:\n  - name: a\n    telemetry: {prometheus: {}}\n", "prometheus needs a url"),
      ("planes:\n  - name: a\n    telemetry: {scrape: {urls: [[x]]}}\n", "text is expected here"),
      (
        "planes:\n  - name: a\n    telemetry: {prometheus: {url: x, headers: [a]}}\n",
        "names with values are expected here"
      ),
      ("planes:\n  - name: a\n    envoy: {url: x}\n", "a list is expected here"),
      ("planes:\n  - name: a\n    envoy: [{url: x}]\n", "a proxy needs url and workload"),
      ("keys: [a]\n", "names with values are expected here"),
      ("theme: \"a\n", "c.yaml:"), ("theme: a\n\tb: c\n", "c.yaml:2:"), ("theme: a\ntheme: b\n", "c.yaml"),
      ("\u{0}", "c.yaml"),
    ])
  func aFaultIsNamedWithItsPlace(yaml: String, words: String) {
    do throws(MeshError) {
      _ = try ConfigurationFile.parse(yaml, path: "c.yaml")
      Issue.record("it was read")
    } catch {
      #expect(error.code == .usage)
      #expect(error.message.contains(words), "\(error.message)")
      #expect(!error.message.contains("\n"))
    }
  }

  @Test(arguments: ["", "# nothing\n", "planes:\n", "planes: ~\ntheme:\n", "\u{FEFF}planes: []\r\n"])
  func anEmptyFileIsNoConfiguration(yaml: String) throws {
    #expect(try ConfigurationFile.parse(yaml, path: "c.yaml") == Configuration())
  }

  @Test func whatIsNoPlainFileIsRefusedWithoutWaiting() throws {
    let bench = Workbench()
    try FileManager.default.createDirectory(atPath: bench.folder + "/folder", withIntermediateDirectories: true)
    #expect(mkfifo(bench.folder + "/pipe", 0o600) == 0)
    try Data(count: 1 << 20 + 1).write(to: URL(filePath: bench.folder + "/large"))
    try Data([0x74, 0xFF, 0xFE]).write(to: URL(filePath: bench.folder + "/bytes"))
    for name in ["folder", "pipe", "large", "bytes"] {
      #expect(throws: MeshError.self, "\(name)") { try ConfigurationFile(path: bench.folder + "/" + name).read() }
    }
  }

  @Test(
    arguments: [
      (["XDG_CONFIG_HOME": "/x", "HOME": "/h"], "/x/meshdeck/config.yaml"),
      (["HOME": "/h"], "/h/.config/meshdeck/config.yaml"),
      (["XDG_CONFIG_HOME": "x", "HOME": "/h"], "/h/.config/meshdeck/config.yaml"), ([:], nil),
    ] as [([String: String], String?)])
  func liesWhereTheBaseDirectorySpecificationSays(environment: [String: String], path: String?) {
    #expect(ConfigurationFile(environment: environment)?.path == path)
  }
}

@Suite struct ConfigurationUpdateTests {
  @Test func changesMadeAtOnceAreAllKept() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/meshdeck-tests-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = ConfigurationFile(path: folder + "/meshdeck/config.yaml")
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<12 {
        group.addTask {
          try? file.update { $0.planes.append(PlaneSetting(name: "p\(number)", kind: .kubernetes)) }
        }
      }
    }
    #expect(try file.read()?.planes.count == 12)
  }

  @Test func aChangeThatIsRefusedWritesNothing() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/meshdeck-tests-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = ConfigurationFile(path: folder + "/config.yaml")
    #expect(throws: MeshError.self) {
      try file.update { (_: inout Configuration) throws(MeshError) in throw MeshError(.usage, "no") }
    }
    #expect(try file.read() == nil)
  }

  @Test func whatCouldNotBeReadAgainIsNotWritten() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/meshdeck-tests-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = ConfigurationFile(path: folder + "/config.yaml")
    let plane = PlaneSetting(
      name: "edge", kind: .envoy, envoy: [EnvoySetting(url: "http://127.0.0.1:9901", workload: "")], region: "r")
    #expect {
      try file.update { $0.planes.append(plane) }
    } throws: {
      ($0 as? MeshError)?.code == .usage && "\($0)".contains("region is for planes of kind app-mesh")
    }
    #expect(try file.read() == nil)
  }

  @Test(arguments: [
    ("bearerTokenFile: /t", IstiodToken.file("/t")), ("bearerTokenEnv: TOKEN", .variable("TOKEN")),
    ("kubeconfigToken: true", .kubeconfig),
  ])
  func aTokenForIstiodIsKeptAsAPlaceAlone(text: String, token: IstiodToken) throws {
    let yaml = "planes:\n  - {name: a, istiod: {url: \"https://istiod:8080\", \(text)}}\n"
    let read = try ConfigurationFile.parse(yaml, path: "c.yaml")
    #expect(read.planes.first?.istiodToken == token)
    #expect(try ConfigurationFile.parse(ConfigurationFile.yaml(of: read), path: "c.yaml") == read)
  }

  @Test(arguments: [
    ("{bearerTokenFile: /t}", "a token for istiod is for its url"),
    ("{url: x, bearerTokenFile: /t, kubeconfigToken: true}", "say one of"),
  ])
  func tokensThatMakeNoSenseAreRefused(text: String, words: String) {
    #expect {
      try ConfigurationFile.parse("planes:\n  - {name: a, istiod: \(text)}\n", path: "c.yaml")
    } throws: {
      "\($0)".contains(words)
    }
  }

  @Test func aFleetOfMOSNsIsNamedByItsOwnWord() throws {
    let read = try ConfigurationFile.parse(
      "planes:\n  - {name: m, kind: mosn, mosn: [{url: \"http://127.0.0.1:34901\"}]}\n", path: "c.yaml")
    #expect(read.planes.first?.envoy.map(\.url) == ["http://127.0.0.1:34901"])
    #expect(try ConfigurationFile.parse(ConfigurationFile.yaml(of: read), path: "c.yaml") == read)
  }
}
