import MeshModel
import Testing

@testable import MeshPlanes

/// Certificates as `openssl` made them, and as nobody should.
@Suite struct CertificateFieldsTests {
  static let root = """
    -----BEGIN CERTIFICATE-----
    MIIBsDCCAVWgAwIBAgIUem4xjW28C5JhPT62qz0Jgo5vvlEwCgYIKoZIzj0EAwIw
    LTEWMBQGA1UECgwNY2x1c3Rlci5sb2NhbDETMBEGA1UEAwwKUm9vdCwgIkNBIjAe
    Fw0yNjExMjYxNzI4MjRaFw0zNjExMjMxNzI4MjRaMC0xFjAUBgNVBAoMDWNsdXN0
    ZXIubG9jYWwxEzARBgNVBAMMClJvb3QsICJDQSIwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAASKeAz/7PTSC70iOtWtDUerLtvgygbZqVXgjzdM8wEsvpb6SfrKavd7
    F4T/Ih3wgAcIqOrceFEEt8qYffY7VS25o1MwUTAdBgNVHQ4EFgQUVOiwVJzBs6Xk
    Tr8qW5Z72wVVhj8wHwYDVR0jBBgwFoAUVOiwVJzBs6XkTr8qW5Z72wVVhj8wDwYD
    VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAxAspZ9S/+oWqIbfg37Rh
    GsoBdz/Z3m3sPW+wKuqFKQYCIQD0+m/flJgQDYoMdThVQi1HpmdoZADRsa68h8Mu
    /EkBDw==
    -----END CERTIFICATE-----
    """
  static let leaf = """
    -----BEGIN CERTIFICATE-----
    MIIBtDCCAVmgAwIBAgIDAPKnMAoGCCqGSM49BAMCMC0xFjAUBgNVBAoMDWNsdXN0
    ZXIubG9jYWwxEzARBgNVBAMMClJvb3QsICJDQSIwHhcNMjYxMTI2MTcyODI0WhcN
    MjYxMTI4MTcyODI0WjAAMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE787n/6sS
    X8eYBxtfSud27tvYDFCSEMewsRsbQBWY58d9siHTToqvjefRlPuAVdYCzsahe3iK
    IOIBzmx7JTFYh6OBlDCBkTBPBgNVHREBAf8ERTBDhilzcGlmZmU6Ly9jbHVzdGVy
    LmxvY2FsL25zL3Nob3Avc2EvcmV2aWV3c4IQcmV2aWV3cy5zaG9wLnN2Y4cECgEC
    AzAdBgNVHQ4EFgQUd0h1tmVUwqfi5FaEnfE+JMEMgdwwHwYDVR0jBBgwFoAUVOiw
    VJzBs6XkTr8qW5Z72wVVhj8wCgYIKoZIzj0EAwIDSQAwRgIhANF5Qye9/MlkRQbg
    8E1vCpXO7ii+HIITvFD0/YgHqVFmAiEAmVOx7NUrP3THFzHEoDA0JRsrHxbI1XWF
    a+yt9LrsEEU=
    -----END CERTIFICATE-----
    """

  static func der(_ pem: String) throws -> [UInt8] { try #require(PEMText.certificates(pem).first) }

  @Test func readsWhomItProvesAndWhoSaysSo() throws {
    let fields = try CertificateFields(der: Self.der(Self.leaf))
    #expect(fields.serial == "f2a7")
    #expect(fields.issuer == #"CN=Root\, \"CA\",O=cluster.local"#)
    #expect(fields.subject == "")
    #expect(fields.names == ["spiffe://cluster.local/ns/shop/sa/reviews", "reviews.shop.svc", "10.1.2.3"])
    #expect(fields.begins.seconds == 1_795_714_104)
    #expect(fields.expires.seconds - fields.begins.seconds == 2 * 86_400)
    #expect(fields.fingerprint == "6242a9877e06992405ecdefec322e43c8fa207f8ca31df6bc9d2a7cc4367dd45")
    let root = try CertificateFields(der: Self.der(Self.root))
    #expect(root.serial == "7a6e318d6dbc0b92613d3eb6ab3d09828e6fbe51")
    #expect(root.subject == root.issuer && root.subject == fields.issuer)
    #expect(root.fingerprint == "f0998cab3a89ad91168f6eeef198c723fb01960e080510ca2e889b78f8071579")
  }

  @Test func everyShorterAndEveryLongerInputIsRefused() throws {
    let whole = try Self.der(Self.leaf)
    for count in 0..<whole.count {
      #expect(throws: DERReader.Fault.self) { try CertificateFields(der: Array(whole.prefix(count))) }
    }
    #expect(throws: DERReader.Fault.self) { try CertificateFields(der: whole + [0]) }
  }

  /// Any byte may be any other: it is read or refused, and never traps.
  @Test func noChangeOfAByteTraps() throws {
    let whole = try Self.der(Self.leaf)
    var read = 0
    var random = SystemRandomNumberGenerator()
    for place in whole.indices {
      for value: UInt8 in [0, 1, 0x30, 0x7F, 0x80, 0x81, 0x84, 0xFF, UInt8.random(in: 0...255, using: &random)] {
        var bytes = whole
        bytes[place] = value
        if (try? CertificateFields(der: bytes)) != nil { read += 1 }
      }
    }
    #expect(read > 0, "what lies in keys and signatures is not looked at")
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0..<200)).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try? CertificateFields(der: bytes)
    }
  }

  @Test(arguments: [
    ("indefinite length", [0x30, 0x80, 0, 0] as [UInt8]), ("a long form that is too long", [0x30, 0x81, 0x01, 0x00]),
    ("a length with a leading zero", [0x30, 0x82, 0x00, 0x81]),
    ("a length of five bytes", [0x30, 0x85, 1, 0, 0, 0, 0]),
    ("a length beyond the end", [0x30, 0x02, 0x00]), ("a tag of two bytes", [0x3F, 0x81, 0x01, 0x00]),
  ])
  func whatDERForbidsIsRefused(name: String, bytes: [UInt8]) {
    var reader = DERReader(bytes)
    #expect(throws: DERReader.Fault.self, "\(name)") { try reader.any() }
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func digestsAreThoseOfTheStandard(text: String, digest: String) {
    #expect(SHA256.hexadecimal(Array(text.utf8)) == digest)
  }

  /// Secrets as Envoy shows them: the chain inline, the key redacted, or, as an old MOSN would, not.
  static func secrets(key: String = "W3JlZGFjdGVkXQ==") -> [UInt8] {
    let chain = encoded(leaf + "\n" + root)
    return Array(
      """
      {"configs":[
        {"@type":"x.DynamicSecret","name":"default","version_info":"1","secret":{"@type":"x.Secret","name":"default",
          "tls_certificate":{"private_key":{"inline_bytes":"\(key)"},"certificate_chain":{"inline_bytes":"\(chain)"}}}},
        {"@type":"x.DynamicSecret","name":"ROOTCA","secret":{"name":"ROOTCA",
          "validation_context":{"trusted_ca":{"inline_bytes":"\(encoded(root))"}}}},
        {"@type":"x.DynamicSecret","name":"files","secret":{"tls_certificate":{"certificate_chain":{"filename":"/etc/x"}}}}
      ]}
      """.utf8)
  }

  static func encoded(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var result = ""
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 { result.append(place > group.count ? "=" : alphabet[bits >> (18 - 6 * place) & 63]) }
    }
    return result
  }

  @Test func secretsGiveCertificatesTheirIssuers() async throws {
    let certs = """
      {"certificates":[{"cert_chain":[{"path":"<inline>","serial_number":"F2A7","expiration_time":"2026-11-28T17:28:24Z",
         "subject_alt_names":[{"uri":"spiffe://cluster.local/ns/shop/sa/reviews"}]}],"ca_cert":[]}]}
      """
    let held = try await EnvoyCertificates.held { path throws(MeshError) in
      if path == "/certs" { return Array(certs.utf8) }
      guard path.contains("dynamic_active_secrets") else { throw MeshError(.unreachable, "no static ones") }
      return Self.secrets()
    }
    #expect(held.own.count == 1)
    #expect(held.workload?.issuer == #"CN=Root\, \"CA\",O=cluster.local"#)
    #expect(held.roots.map(\.fingerprint) == ["f0998cab3a89ad91168f6eeef198c723fb01960e080510ca2e889b78f8071579"])
  }

  @Test func aProxyWithoutSecretsKeepsWhatItTold() async throws {
    let held = try await EnvoyCertificates.held { path throws(MeshError) in
      guard path == "/certs" else { throw MeshError(.notFound, "400") }
      return (try? IstioFixtures.bytes("envoy/certs.mtls.json")) ?? []
    }
    #expect(held.own.first?.issuer == nil)
    #expect(held.roots.count == 2)
  }

  @Test func keysAreNeverKept() throws {
    let key = Self.encoded("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----")
    let found = try EnvoySecrets.read(Self.secrets(key: key))
    #expect(found.own.count == 1 && found.between.count == 1 && found.roots.count == 1)
    #expect(!"\(found)".contains("c2VjcmV0"))
    #expect(PEMText.certificates("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----").isEmpty)
  }
}
