import MeshTransport
import Synchronization
import Testing

/// Requests that a proxy carries on to their server. Each is to a host of its own: libcurl lets a request wait for a
/// connection to the same host that is being made, whatever its route.
@Suite struct TunnelTests {
  static func transport(_ proxy: String, _ tls: TLSSettings = TLSSettings()) -> CurlTransport {
    CurlTransport(settings: ConnectionSettings(tls: tls, proxy: .url(Secret(proxy))))
  }

  @Test(arguments: [
    ("http", "connect.invalid", "CONNECT connect.invalid:443 HTTP/1.1"),
    ("socks5h", "named.invalid", "named.invalid:443"),
    ("socks5", "203.0.113.5", "203.0.113.5:443"),
  ])
  func aTunnelCarriesTLSToTheServerItself(_ scheme: String, _ host: String, _ order: String) async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good", alternativeName: scheme == "socks5" ? "IP:\(host)" : "DNS:\(host)")
    try await peer.serve("-cert good.pem -key good.key")
    let port = peer.port
    let asked = Mutex<[String]>([])
    let proxy = ScriptedServer { connection in
      let head = scheme == "http" ? connection.openTunnel() : connection.openSOCKS().place
      asked.withLock { $0.append(head) }
      connection.carry(to: "127.0.0.1", port)
    }
    defer { proxy.stop() }
    let transport = Self.transport(
      "\(scheme)://\(proxy.authority)", TLSSettings(authorities: try peer.pem("ca.pem")))
    let response = try await transport.send(
      HTTPRequest(.get, "https://\(host)/", headers: ["Authorization": "Bearer canary"]))
    #expect(response.status == 200)
    #expect(String(decoding: response.body, as: UTF8.self).contains("TLSv1.3"))
    let heads = asked.withLock { $0 }
    #expect(heads.map { String($0.prefix { $0 != "\r\n" }) } == [order])
    #expect(!heads.contains { $0.contains("canary") }, "the server's credentials are for nobody on the way")
  }

  @Test func aTunnelThatLeadsToAnotherServerIsNotBelieved() async throws {
    guard let peer = try TLSPeer() else { return }
    try peer.certificate("good", alternativeName: "DNS:other.invalid")
    try await peer.serve("-cert good.pem -key good.key")
    let port = peer.port
    let proxy = ScriptedServer { connection in
      _ = connection.openTunnel()
      connection.carry(to: "127.0.0.1", port)
    }
    defer { proxy.stop() }
    let transport = Self.transport("http://\(proxy.authority)", TLSSettings(authorities: try peer.pem("ca.pem")))
    do {
      _ = try await transport.send(HTTPRequest(.get, "https://elsewhere.invalid/"))
      Issue.record("answered")
    } catch {
      #expect(error.code == .tls)
      #expect(error.message.contains("another name"), "\(error) \(error.underlying ?? "")")
    }
  }

  /// A server that answers with the head of the request.
  static func echo() -> ScriptedServer {
    ScriptedServer { connection in
      let head = connection.readHead()
      connection.answer("200 OK", head)
    }
  }

  @Test(arguments: [("socks5h", "plain.invalid", true), ("socks5", "203.0.113.6", false)])
  func aSOCKSProxyCarriesPlainHTTP(_ scheme: String, _ host: String, _ isNamed: Bool) async throws {
    let server = Self.echo()
    defer { server.stop() }
    let asked = Mutex(ScriptedServer.Connection.SOCKSOrder())
    let proxy = ScriptedServer { connection in
      let order = connection.openSOCKS()
      asked.withLock { $0 = order }
      connection.carry(to: server.host, server.port)
    }
    defer { proxy.stop() }
    let transport = Self.transport("\(scheme)://\(proxy.authority)")
    let response = try await transport.send(HTTPRequest(.get, "http://\(host)/x?y=z"))
    #expect(response.status == 200)
    #expect(String(decoding: response.body, as: UTF8.self).hasPrefix("GET /x?y=z HTTP/1.1\r\nHost: \(host)\r\n"))
    let order = asked.withLock { $0 }
    #expect(order.place == "\(host):80")
    #expect(order.isNamed == isNamed, "with socks5h the proxy looks the name up")
    #expect(server.connections == 1)
  }

  @Test func aSOCKSProxyGetsItsCredentialsAndTheServerDoesNot() async throws {
    let server = Self.echo()
    defer { server.stop() }
    let asked = Mutex(ScriptedServer.Connection.SOCKSOrder())
    let proxy = ScriptedServer { connection in
      let order = connection.openSOCKS(withCredentials: true)
      asked.withLock { $0 = order }
      connection.carry(to: server.host, server.port)
    }
    defer { proxy.stop() }
    let transport = Self.transport("socks5h://user:can%61ry@\(proxy.authority)")
    let response = try await transport.send(HTTPRequest(.get, "http://secret.invalid/"))
    #expect(asked.withLock { $0 }.credentials == "user:canary")
    let head = String(decoding: response.body, as: UTF8.self)
    #expect(head.hasPrefix("GET / HTTP/1.1\r\n"))
    #expect(!head.contains("canary") && !head.contains("Authorization"))
  }

  @Test("a call by gRPC goes to a plain server through a tunnel, since a proxy carries no HTTP/2 on by itself")
  func callsGoThroughTunnels() async throws {
    let server = ScriptedServer { GRPCRefusalTests.Refusing($0, hearsAll: true).run { _ in } }
    defer { server.stop() }
    let asked = Mutex("")
    let proxy = ScriptedServer { connection in
      let head = connection.openTunnel()
      asked.withLock { $0 = head }
      connection.carry(to: server.host, server.port)
    }
    defer { proxy.stop() }
    var options = Session.Options()
    options.settings.proxy = .url(Secret("http://\(proxy.authority)"))
    options.gate = OriginGate()
    let client = GRPCClient(try Session(base: "http://calls.invalid:8080", options: options))
    do throws(GRPCError) {
      _ = try await client.unary("/a.B/C", [1, 2, 3], deadline: .seconds(60))
      Issue.record("a refused call was answered")
    } catch {
      #expect(error.status == .unimplemented, "\(error)")
    }
    #expect(asked.withLock { $0 }.hasPrefix("CONNECT calls.invalid:8080 HTTP/1.1\r\n"))
    #expect(server.connections == 1)
  }
}
