import Foundation
import MeshModel
import MeshPlanes
import MeshTransport
import Synchronization
import Testing

@testable import MeshOperations

/// istiod and proxies at configured addresses: who is given the token.
@Suite struct DirectAccessTests {
  /// A proxy's own address, and others that look much like istiod's.
  static let others = [
    "http://127.0.0.1:15000/config_dump", "https://10.0.0.7:15000/stats", "https://istiod.example:80443/debug/syncz",
    "https://istiod.example.evil/debug/syncz", "http://istiod.example/debug/syncz",
    "https://istiod.examples/config_dump",
  ]

  private static func access(
    _ sites: FakeSites, at address: String, token: IstiodToken?, credentials: (any CredentialSource)? = nil
  ) throws -> DirectAccess {
    var setting = PlaneSetting(
      name: "prod", kind: .kubernetes, istiod: address,
      envoy: [EnvoySetting(url: "http://127.0.0.1:15000", workload: "shop/web-v1")])
    setting.istiodToken = token
    let connection = KubernetesConnection(context: "prod", server: "https://kube.example", credentials: credentials)
    return try DirectAccess(istiod: setting, connection: connection, environment: [:], transport: sites.maker)
  }

  @Test(arguments: [
    "https://istiod.example", "https://istiod.example/", "https://istiod.example:443",
    "https://istiod.example:8443/debugging",
    "https://Istiod.example:443/",
  ])
  func theTokenGoesToIstiodAlone(address: String) async throws {
    let sites = FakeSites()
    let access = try Self.access(
      sites, at: address, token: .kubeconfig, credentials: FixedCredential(.bearer(Secret("canary-token"))))
    try await access.get(address + "/debug/syncz") { _ in }
    for url in Self.others { try await access.get(url) { _ in } }
    let asked = sites.requests.withLock { $0 }
    #expect(asked.map(\.url) == [address + "/debug/syncz"] + Self.others)
    #expect(asked.first?.headers["Authorization"] == "Bearer canary-token")
    #expect(asked.dropFirst().allSatisfy { $0.headers["Authorization"] == nil }, "nobody else is given it")
  }

  @Test func aTokenInAFileIsReadAnewForEveryRequest() async throws {
    let bench = Workbench()
    defer { withExtendedLifetime(bench) {} }
    try FileManager.default.createDirectory(atPath: bench.folder, withIntermediateDirectories: true)
    let path = bench.folder + "/token"
    let sites = FakeSites()
    let access = try Self.access(sites, at: "https://istiod.example:8443", token: .file(path))
    for token in ["canary-one", "canary-two"] {
      try Data((token + "\n").utf8).write(to: URL(filePath: path))
      try await access.get("https://istiod.example:8443/debug/syncz") { _ in }
      try await access.get("http://127.0.0.1:15000/config_dump") { _ in }
    }
    let istiod = sites.asked("https://istiod.example:8443/").map { $0.headers["Authorization"] }
    #expect(istiod == ["Bearer canary-one", "Bearer canary-two"])
    #expect(sites.asked("http://127.0.0.1:15000/").count == 2)
    #expect(sites.asked("http://127.0.0.1:15000/").allSatisfy { $0.headers["Authorization"] == nil })
  }

  @Test func withoutATokenNobodyIsGivenOne() async throws {
    let sites = FakeSites()
    let access = try Self.access(
      sites, at: "https://istiod.example", token: nil, credentials: FixedCredential(.bearer(Secret("canary-token"))))
    try await access.get("https://istiod.example/debug/syncz") { _ in }
    #expect(sites.requests.withLock { $0 }.allSatisfy { $0.headers["Authorization"] == nil })
    #expect {
      try Self.access(sites, at: "https://istiod.example", token: .kubeconfig)
    } throws: {
      ($0 as? MeshError)?.code == .usage && "\($0)".contains("bearerTokenFile")
    }
  }

  /// Through a plane as it is configured, of which istiod and a proxy are asked.
  @Test func aConfiguredPlaneAsksIstiodWithItsToken() async throws {
    let bench = Workbench()
    defer { withExtendedLifetime(bench) {} }
    try FileManager.default.createDirectory(atPath: bench.folder, withIntermediateDirectories: true)
    try Data("canary-token".utf8).write(to: URL(filePath: bench.folder + "/token"))
    let kubeconfig = """
      {apiVersion: v1, kind: Config, current-context: x, users: [{name: x, user: {token: canary-cluster}}],
       clusters: [{name: x, cluster: {server: "http://127.0.0.1:1"}}],
       contexts: [{name: x, context: {cluster: x, user: x}}]}
      """
    try Data(kubeconfig.utf8).write(to: URL(filePath: bench.folder + "/kubeconfig"))
    let text = """
      planes:
        - name: prod
          kubeconfig: \(bench.folder)/kubeconfig
          istiod: {url: "https://istiod.example:443", bearerTokenFile: \(bench.folder)/token}
          envoy: [{url: "https://proxy.example:15000", workload: shop/web-v1}]
      """
    let configuration = try ConfigurationFile.parse(text, path: "c.yaml")
    let sites = FakeSites { request in
      HTTPResponse(status: request.url.hasPrefix("https://istiod.example") ? 200 : 404, body: Array("{}".utf8))
    }
    let plane = try #require(configuration.planes.first)
    let connection = try PlaneRegistry.connect(
      plane, configuration: configuration, environment: [:], transport: sites.maker)
    _ = await connection.control.distribution(in: MeshSnapshot())
    let proxy = ObjectRef(plane: "prod", namespace: "shop", kind: "pod", name: "web-v1")
    _ = await connection.control.certificates(of: [proxy])
    let istiod = sites.asked("https://istiod.example:443/debug/")
    #expect(!istiod.isEmpty)
    #expect(istiod.allSatisfy { $0.headers["Authorization"] == "Bearer canary-token" })
    let proxies = sites.asked("https://proxy.example:15000/")
    #expect(!proxies.isEmpty)
    #expect(proxies.allSatisfy { $0.headers["Authorization"] == nil })
    let rest = sites.requests.withLock { $0 }.filter { !$0.url.hasPrefix("https://istiod.example:443/") }
    #expect(rest.allSatisfy { $0.headers["Authorization"] != "Bearer canary-token" })
  }
}
