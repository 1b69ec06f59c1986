import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// Leaf certificates from the agent that holds them, and the keys that come with them.
@Suite(.timeLimit(.minutes(10))) struct ConsulLeafTests {
  /// The answer of Consul's API documentation, "Service Leaf Certificate", with another key than its own.
  static let answer: JSONValue = [
    "SerialNumber": "08", "CertPEM": .string(certificate), "PrivateKeyPEM": .string(key), "Service": "web",
    "ServiceURI": "spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/web",
    "ValidAfter": "2018-05-21T16:33:28Z", "ValidBefore": "2018-05-24T16:33:28Z", "CreateIndex": 5, "ModifyIndex": 5,
  ]
  static let key = "-----BEGIN EC PRIVATE" + " KEY-----\ncanarycanarycanary\n-----END EC PRIVATE" + " KEY-----\n"
  static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIChjCCAi2gAwIBAgIBCDAKBggqhkjOPQQDAjAWMRQwEgYDVQQDEwtDb25zdWwg
    Q0EgNzAeFw0xODA1MjExNjMzMjhaFw0xODA1MjQxNjMzMjhaMA4xDDAKBgNVBAMT
    A3dlYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJdLqRKd1SRycFOFceMHOBZK
    QW8HHO8jZ5C8dRswD+IwTd/otJPiaPrVzGOAi4MsaEUgDMemvN1jiywHt3II08mj
    ggFyMIIBbjAOBgNVHQ8BAf8EBAMCA7gwHQYDVR0lBBYwFAYIKwYBBQUHAwIGCCsG
    AQUFBwMBMAwGA1UdEwEB/wQCMAAwaAYDVR0OBGEEXzFmOjkxOmNhOjQxOjhmOmFj
    OjY3OmJmOjU5OmMyOmZhOjRlOjc1OjVjOmQ4OmYwOjU1OmRlOmJlOjc1OmI4OjMz
    OjMxOmQ1OjI0OmIwOjA0OmIzOmU4Ojk3OjViOjdlMGoGA1UdIwRjMGGAXzFmOjkx
    OmNhOjQxOjhmOmFjOjY3OmJmOjU5OmMyOmZhOjRlOjc1OjVjOmQ4OmYwOjU1OmRl
    OmJlOjc1OmI4OjMzOjMxOmQ1OjI0OmIwOjA0OmIzOmU4Ojk3OjViOjdlMFkGA1Ud
    EQRSMFCGTnNwaWZmZTovLzExMTExMTExLTIyMjItMzMzMy00NDQ0LTU1NTU1NTU1
    NTU1NS5jb25zdWwvbnMvZGVmYXVsdC9kYy9kYzEvc3ZjL3dlYjAKBggqhkjOPQQD
    AgNHADBEAiBS8kH3UERhBPHM/CQV/jXKLr0kReLqCdq1jZxc8Aq7hQIgFIus/ZX0
    OM/X3Yc1xb/qJiiEVzXcaz3oVFULOzrNAwk=
    -----END CERTIFICATE-----

    """

  static let leaf = "/v1/agent/connect/ca/leaf/web"
  static let proxy = ConsulPlaneTests.ref("instance", "vm-1:web-1")
  static let elsewhere = ConsulPlaneTests.ref("instance", "vm-2:web-2")

  /// A Consul whose agent on vm-1 has one sidecar, that of web.
  static func consul(version: String = "1.21.4") -> FakeConsul {
    let consul = FakeConsul.stock()
    consul.change { state in
      for (path, json) in [
        (
          "/v1/agent/self",
          ["Config": ["NodeName": "vm-1", "Version": .string(version), "Datacenter": "dc1"]] as JSONValue
        ),
        (
          "/v1/agent/services",
          [
            "web-1": ["ID": "web-1", "Service": "web"],
            "web-1-sidecar-proxy": [
              "ID": "web-1-sidecar-proxy", "Service": "web-sidecar-proxy", "Kind": "connect-proxy",
              "Proxy": ["DestinationServiceName": "web", "DestinationServiceID": "web-1"],
            ],
          ]
        ),
        (
          "/v1/connect/ca/roots",
          ["ActiveRootID": "a", "TrustDomain": "f00.consul", "Roots": [["ID": "a", "RootCert": .string(certificate)]]]
        ), (leaf, answer),
      ] { state.answers[path] = HTTPResponse(status: 200, body: JSONWriter.bytes(json)) }
    }
    return consul
  }

  @Test func aLeafOfTheAgentsOwnProxyIsReadWithoutItsKey() async throws {
    let consul = Self.consul()
    let read = try await consul.plane(writes: .refused(reason: "--read-only")).certificates(of: [
      Self.proxy, Self.elsewhere,
    ])
    let held = try #require(read[Self.proxy]?.value)
    let workload = try #require(held.workload)
    #expect(workload.spiffe?.hasSuffix("/svc/web") == true && workload.issuer == "CN=Consul CA 7")
    #expect(workload.expires == RFC3339.parse("2018-05-24T16:33:28Z"))
    #expect(held.roots.count == 1 && held.roots.first?.fingerprint != nil)
    #expect(read[Self.elsewhere]?.reason?.contains("vm-1") == true)
    #expect(consul.requests.count { $0.url.contains("/ca/leaf/") } == 1)
    #expect(!"\(read)".contains("canary") && !"\(read)".contains("PRIVATE"))
    let leaf = try ConsulLeaf(JSONWriter.bytes(Self.answer))
    #expect(!"\(leaf)".contains("canary"))
  }

  @Test func aRecordingHoldsTheCertificateAndNotTheKey() async throws {
    let lines = Mutex<[UInt8]>([])
    let recorder = ExchangeRecorder { line in lines.withLock { $0 += line } }
    let consul = Self.consul()
    let recorded = RecordingTransport(consul, recorder: recorder)
    var options = Session.Options()
    options.transport = { _ in recorded }
    let plane = try ConsulPlane(name: "vms", settings: ConsulSettings(), environment: [:], options: options)
    let read = await plane.certificates(of: [Self.proxy])
    #expect(read[Self.proxy]?.value != nil)
    let text = String(decoding: lines.withLock { $0 }, as: UTF8.self)
    #expect(text.contains("MIIChjCCAi2gAwIBAgIBCDAKBggqhkjOPQQDAjAW"))
    #expect(!text.contains("canary") && !text.contains("EC PRIVATE"))
  }

  @Test(arguments: [("1.15.9", false), ("1.16.0", true), ("1.21.4+ent", true), ("2.0.1", true), ("", false)])
  func leavesKeptByTokenAreNotAskedFor(_ version: String, _ isAsked: Bool) async throws {
    let consul = Self.consul(version: version)
    let read = try await consul.plane().certificates(of: [Self.proxy])
    #expect((read[Self.proxy]?.value != nil) == isAsked)
    #expect(consul.requests.contains { $0.url.contains("/ca/leaf/") } == isAsked)
  }

  @Test func aKeyIsNotMadeToTravelInTheOpen() async throws {
    let consul = Self.consul()
    let read = try await consul.plane(environment: ["CONSUL_HTTP_ADDR": "http://consul.example:8500"])
      .certificates(of: [Self.proxy])
    #expect(read[Self.proxy]?.reason?.contains("plain HTTP") == true && consul.requests.isEmpty)
  }

  @Test func aTokenThatMayNotIsToldSo() async throws {
    let consul = Self.consul()
    consul.change {
      $0.answers[Self.leaf] = HTTPResponse(
        status: 403, body: Array("Permission denied: token lacks permission 'service:write' on \"web\"".utf8))
    }
    let read = try await consul.plane().certificates(of: [Self.proxy])
    #expect(read[Self.proxy]?.reason?.contains("service:write") == true)
  }
}
