import Foundation
import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Where a Consul is and by what one proves oneself, of settings and of the variables of Consul's own command line.
@Suite(.timeLimit(.minutes(10))) struct ConsulConnectionTests {
  static let addresses: [([String: String], String)] = [
    ([:], "http://127.0.0.1:8500"),
    (["CONSUL_HTTP_ADDR": "consul.example:8501", "CONSUL_HTTP_SSL": "true"], "https://consul.example:8501"),
    // TLS that was asked for is not taken back by the address.
    (["CONSUL_HTTP_ADDR": "http://consul.example", "CONSUL_HTTP_SSL": "T"], "https://consul.example"),
    (["CONSUL_HTTP_ADDR": "https://consul.example", "CONSUL_HTTP_SSL": "0"], "https://consul.example"),
    (["CONSUL_HTTP_ADDR": "unix:///run/consul.sock"], "http://localhost"),
  ]

  @Test(arguments: addresses)
  func theAddressIsReadAsConsulsOwnCommandsReadIt(_ environment: [String: String], _ url: String) throws {
    #expect(try ConsulConnection(ConsulSettings(), environment: environment).url == url)
  }

  @Test func theOtherVariablesAreReadToo() async throws {
    let connection = try ConsulConnection(
      ConsulSettings(),
      environment: [
        "CONSUL_HTTP_SSL": "1", "CONSUL_HTTP_SSL_VERIFY": "False", "CONSUL_TLS_SERVER_NAME": "server.dc1.consul",
        "CONSUL_NAMESPACE": "team", "CONSUL_PARTITION": "blue", "CONSUL_HTTP_AUTH": "jo:canary:word",
        "CONSUL_HTTP_TOKEN": "canary-token",
      ])
    #expect(connection.transport.tls.insecure && connection.transport.tls.serverName == "server.dc1.consul")
    #expect(connection.namespace == "team" && connection.partition == "blue")
    let fields = try await connection.credentials?.credential(refresh: false).fields ?? []
    #expect(fields.map(\.name) == ["Authorization", "X-Consul-Token"])
    #expect(fields.map(\.value.reveal) == ["Basic am86Y2FuYXJ5OndvcmQ=", "canary-token"])
    #expect(!connection.tokenSource.contains("canary"))
    let half = #expect(throws: MeshError.self) {
      _ = try ConsulConnection(ConsulSettings(), environment: ["CONSUL_CLIENT_CERT": "/tmp/client.pem"])
    }
    #expect(half?.message.contains("needs its key") == true)
  }

  @Test func aSocketIsSpokenToInPlaceOfAHost() throws {
    let connection = try ConsulConnection(
      ConsulSettings(), environment: ["CONSUL_HTTP_ADDR": "unix:///run/consul.sock"])
    #expect(connection.transport.unixSocket == "/run/consul.sock")
  }

  @Test func aTokenOfAFileGoesBeforeOneOfTheEnvironment() throws {
    let connection = try ConsulConnection(
      ConsulSettings(), environment: ["CONSUL_HTTP_TOKEN": "canary", "CONSUL_HTTP_TOKEN_FILE": "/run/token"])
    #expect(connection.tokenSource == "the token in /run/token")
  }

  @Test func certificatesAndKeysComeOfFiles() throws {
    let folder = try Folder([
      "client.pem": Self.certificate("client"), "key.pem": "the key", "ca.pem": Self.certificate("ca"),
    ])
    let connection = try ConsulConnection(
      ConsulSettings(),
      environment: [
        "HOME": folder.path, "CONSUL_CACERT": "~/ca.pem", "CONSUL_CAPATH": "/nowhere",
        "CONSUL_CLIENT_CERT": "\(folder.path)/client.pem", "CONSUL_CLIENT_KEY": "\(folder.path)/key.pem",
      ])
    #expect(connection.transport.tls.authorities == Array(Self.certificate("ca").utf8))
    #expect(connection.transport.tls.identity?.certificate == Array(Self.certificate("client").utf8))
    #expect(!"\(connection)".contains("the key"))
  }

  static func certificate(_ name: String) -> String {
    "-----BEGIN CERTIFICATE-----\n\(name)\n-----END CERTIFICATE-----\n"
  }

  /// A folder that is gone with the test.
  final class Folder {
    let path = NSTemporaryDirectory() + "meshdeck-\(UUID().uuidString)"

    init(_ files: [String: String]) throws {
      for (name, text) in files {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
          atPath: String(file[..<(try #require(file.lastIndex(of: "/")))]), withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
      }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test func aFolderOfAuthoritiesIsReadWhole() throws {
    let folder = try Folder([
      "b.pem": Self.certificate("b"), "a.crt": Self.certificate("a"), "more/c.pem": Self.certificate("c"),
    ])
    // As a mounted secret has them: a link to the folder that holds the files.
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/..data", withDestinationPath: "more")
    let connection = try ConsulConnection(
      ConsulSettings(), environment: ["CONSUL_HTTP_SSL": "1", "CONSUL_CAPATH": folder.path])
    let bundle = String(decoding: connection.transport.tls.authorities ?? [], as: UTF8.self)
    #expect(["a", "b", "c"].allSatisfy { bundle.contains(Self.certificate($0)) }, "\(bundle)")
    #expect(bundle.components(separatedBy: "BEGIN CERTIFICATE").count == 4)
  }

  static let badFolders: [([String: String], String)] = [
    (["a.pem": certificate("a"), "notes.txt": "nothing"], "notes.txt holds no certificate"),
    (
      [
        "a.pem": certificate(String(repeating: "x", count: 3 << 20)),
        "b.pem": certificate(String(repeating: "x", count: 3 << 20)),
      ], "more than 4 MiB together"
    ),
    (Dictionary(uniqueKeysWithValues: (0...1_000).map { ("\($0).pem", certificate("a")) }), "more than 1000 files"),
  ]

  @Test(arguments: badFolders)
  func aFolderOfOtherThingsIsRefused(_ files: [String: String], _ words: String) throws {
    let folder = try Folder(files)
    let error = #expect(throws: MeshError.self) {
      _ = try ConsulConnection(ConsulSettings(), environment: ["CONSUL_CAPATH": folder.path])
    }
    #expect(error?.code == .usage && error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func theTokenIsSentAndNeverSaid() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane(environment: ["CONSUL_HTTP_TOKEN": "canary-secret"])
    _ = try await plane.natives("service-splitter", namespace: nil)
    #expect(consul.requests.last?.headers["X-Consul-Token"] == "canary-secret")
    #expect(consul.requests.last?.headers["Authorization"] == nil)
    #expect(!"\(await plane.check())".contains("canary-secret"))
    let missing = #expect(throws: MeshError.self) {
      var settings = ConsulSettings()
      settings["tokenEnv"] = "NOWHERE"
      _ = try ConsulPlane(name: "vms", settings: settings, environment: [:])
    }
    #expect(missing?.code == .unauthenticated && missing?.message.contains("NOWHERE") == true)
  }
}
