import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Where a Consul is and by what one proves oneself, of settings and of the variables of Consul's own command line.
@Suite(.timeLimit(.minutes(1))) struct ConsulConnectionTests {
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
    let folder = #expect(throws: MeshError.self) {
      _ = try ConsulConnection(
        ConsulSettings(), environment: ["CONSUL_HTTP_SSL": "1", "CONSUL_CAPATH": "/etc/consul/certs"])
    }
    #expect(folder?.remedy?.contains("CONSUL_CACERT") == true)
    let half = #expect(throws: MeshError.self) {
      _ = try ConsulConnection(ConsulSettings(), environment: ["CONSUL_CLIENT_CERT": "/tmp/client.pem"])
    }
    #expect(half?.message.contains("needs its key") == true)
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
