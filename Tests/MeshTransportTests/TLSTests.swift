import MeshTransport
import Testing

/// TLS against openssl's own server, with certificates made for each case.
@Suite struct TLSTests {
  func outcome(
    _ peer: TLSPeer, host: String = "127.0.0.1", _ tls: TLSSettings
  ) async -> Result<HTTPResponse, TransportError> {
    let transport = CurlTransport(settings: ConnectionSettings(tls: tls, proxy: .none))
    do {
      let request = HTTPRequest(.get, "https://\(host):\(peer.port)/", headers: ["Authorization": "Bearer canary"])
      return .success(try await transport.send(request))
    } catch {
      return .failure(error)
    }
  }

  func failure(_ peer: TLSPeer, host: String = "127.0.0.1", _ tls: TLSSettings) async -> TransportError? {
    if case .failure(let error) = await outcome(peer, host: host, tls) { error } else { nil }
  }

  @Test func anAuthorityFromMemoryIsTrusted() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good")
    try await peer.serve("-cert good.pem -key good.key")
    let response = try await outcome(peer, TLSSettings(authorities: try peer.pem("ca.pem"))).get()
    #expect(response.status == 200)
    #expect(String(decoding: response.body, as: UTF8.self).contains("TLSv1.3"))
  }

  @Test func anUnknownAuthorityIsRefusedUnlessInsecure() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good")
    try await peer.serve("-cert good.pem -key good.key")
    let error = await failure(peer, TLSSettings())
    #expect(error?.code == .tls)
    #expect(error?.message.contains("unknown authority") == true)
    #expect(error?.outcomeUnknown == false)
    #expect(await failure(peer, TLSSettings(insecure: true)) == nil)
  }

  @Test func anExpiredCertificateIsNamedWithItsDate() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("old", from: -30, to: -2)
    try await peer.serve("-cert old.pem -key old.key")
    let error = await failure(peer, TLSSettings(authorities: try peer.pem("ca.pem")))
    #expect(error?.code == .certificateExpired)
    #expect(error?.message.contains("expired on ") == true)
    #expect(error?.message.contains("GMT") == true)
    #expect(error?.remedy?.contains("clock") == true)
  }

  @Test func aCertificateOfTheFutureIsNamedWithItsDate() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("early", from: 2, to: 30)
    try await peer.serve("-cert early.pem -key early.key")
    let error = await failure(peer, TLSSettings(authorities: try peer.pem("ca.pem")))
    #expect(error?.code == .certificateExpired)
    #expect(error?.message.contains("not valid before ") == true)
  }

  @Test func aCertificateForAnotherNameIsRefusedUnlessThatNameIsAskedFor() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("named", alternativeName: "DNS:api.mesh.example")
    try await peer.serve("-cert named.pem -key named.key")
    let authorities = try peer.pem("ca.pem")
    let error = await failure(peer, TLSSettings(authorities: authorities))
    #expect(error?.code == .tls)
    #expect(error?.message.contains("another name") == true)
    #expect(await failure(peer, TLSSettings(authorities: authorities, serverName: "api.mesh.example")) == nil)
    let wrong = await failure(peer, TLSSettings(authorities: authorities, serverName: "other.example"))
    #expect(wrong?.message.contains("another name") == true)
  }

  @Test(arguments: [
    ("self-signed", "ec", "sha256", true, "self-signed"), ("RSA-1024", "rsa:1024", "sha256", false, "key"),
    ("SHA-1", "ec", "sha1", false, "digest"),
  ])
  func weakAndForeignCertificatesAreRefused(
    _ name: String, _ key: String, _ digest: String, _ selfSigned: Bool, _ word: String
  ) async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("weak", key: key, digest: digest, selfSigned: selfSigned)
    try await peer.serve("-cert weak.pem -key weak.key -cipher ALL:@SECLEVEL=0")
    let error = await failure(peer, TLSSettings(authorities: try peer.pem("ca.pem")))
    #expect(error?.code == .tls, "\(name): \(error.map { "\($0) \($0.underlying ?? "")" } ?? "accepted")")
    #expect(error?.message.contains(word) == true, "\(error.map { "\($0) \($0.underlying ?? "")" } ?? "")")
  }

  @Test func aServerOfOldTLSIsRefused() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good")
    try await peer.serve("-cert good.pem -key good.key -tls1_1 -cipher ALL:@SECLEVEL=0")
    let error = await failure(peer, TLSSettings(authorities: try peer.pem("ca.pem")))
    #expect(error?.code == .tls)
    #expect(error?.message.contains("TLS") == true && error?.message.contains("1.2") == true, "\(error as Any)")
  }

  @Test func clientCertificatesAreSentFromMemoryAndTheirLackIsNamed() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good")
    try peer.certificate("client", alternativeName: "DNS:client")
    try peer.certificate("expired", alternativeName: "DNS:client", from: -30, to: -2)
    try peer.certificate("other", alternativeName: "DNS:client")
    try await peer.serve("-cert good.pem -key good.key -CAfile ca.pem -Verify 1 -verify_return_error")
    var tls = TLSSettings(authorities: try peer.pem("ca.pem"))
    let absent = await failure(peer, tls)
    #expect(absent?.code == .tls)
    #expect(absent?.message.contains("wants a client certificate") == true, "\(absent as Any)")
    tls.identity = ClientIdentity(
      certificate: try peer.pem("client.pem"), key: Secret(bytes: try peer.pem("client.key")))
    #expect(try await outcome(peer, tls).get().status == 200)
    tls.identity = ClientIdentity(
      certificate: try peer.pem("expired.pem"), key: Secret(bytes: try peer.pem("expired.key")))
    let expired = await failure(peer, tls)
    #expect(expired?.message.contains("client certificate has expired") == true, "\(expired as Any)")
    tls.identity = ClientIdentity(
      certificate: try peer.pem("client.pem"), key: Secret(bytes: try peer.pem("other.key")))
    let mismatch = await failure(peer, tls)
    #expect(mismatch?.message.contains("does not belong to the client certificate") == true, "\(mismatch as Any)")
    tls.identity = ClientIdentity(certificate: Array("nonsense".utf8), key: Secret("canary-key"))
    let nonsense = await failure(peer, tls)
    #expect(nonsense?.code == .tls)
    #expect("\(nonsense as Any)".contains("canary") == false)
  }

  @Test func plainHTTPOnATLSPortIsNamedAndGetsNoToken() async throws {
    let server = ScriptedServer { connection in
      connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
      connection.waitForClose()
    }
    defer { server.stop() }
    let transport = CurlTransport(settings: ConnectionSettings(proxy: .none))
    do {
      _ = try await transport.send(HTTPRequest(.get, "https://\(server.authority)/"))
      Issue.record("answered")
    } catch {
      #expect(error.code == .tls)
      #expect(error.message.contains("does not speak TLS"), "\(error) \(error.underlying ?? "")")
    }
  }
}
