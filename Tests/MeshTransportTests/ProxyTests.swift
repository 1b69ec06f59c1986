import MeshTransport
import Synchronization
import Testing

/// Which proxy a request takes, and what a proxy's refusals look like. One at a time: libcurl lets a request wait for a
/// connection to the same host that is being made, whatever its route, and the addresses here never answer.
@Suite(.serialized) struct ProxyTests {
  /// Sends to `url` with these variables and returns what the proxy at `PROXY` was asked first, or "direct" where it was
  /// not asked in time.
  func route(_ url: String, _ environment: [String: String], within deadlines: Deadlines) async -> String {
    let seen = Mutex<String?>(nil)
    let proxy = ScriptedServer { connection in
      let head = connection.readHead()
      seen.withLock { $0 = $0 ?? head }
      connection.answer("502 Bad Gateway")
    }
    defer { proxy.stop() }
    let transport = CurlTransport(
      environment: environment.mapValues { $0.replacing("PROXY", with: "\(proxy.authority)") })
    _ = try? await transport.send(HTTPRequest(.get, url, deadlines: deadlines))
    return seen.withLock { $0.map { String($0.prefix { $0 != "\r" && $0 != "\r\n" }) } ?? "direct" }
  }

  @Test(arguments: [
    ("https://192.0.2.1/x", ["HTTPS_PROXY": "http://PROXY"], "CONNECT 192.0.2.1:443 HTTP/1.1"),
    ("https://192.0.2.1/x", ["https_proxy": "PROXY"], "CONNECT 192.0.2.1:443 HTTP/1.1"),
    ("https://192.0.2.1/x", ["HTTP_PROXY": "http://PROXY"], "direct"),
    ("http://192.0.2.1/x", ["HTTP_PROXY": "http://PROXY"], "GET http://192.0.2.1/x HTTP/1.1"),
    ("http://192.0.2.1/x", ["HTTPS_PROXY": "http://PROXY"], "direct"),
    ("https://192.0.2.1/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "192.0.2.0/24"], "direct"),
    (
      "https://192.0.2.1/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "192.0.3.0/24,198.0.0.0/8"],
      "CONNECT 192.0.2.1:443 HTTP/1.1"
    ),
    ("https://192.0.2.1/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "*"], "direct"),
    ("https://192.0.2.1/x", ["HTTPS_PROXY": "http://PROXY", "no_proxy": "192.0.2.1"], "direct"),
    ("https://192.0.2.1:8443/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "192.0.2.1:8443"], "direct"),
    (
      "https://192.0.2.1:8444/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "192.0.2.1:8443"],
      "CONNECT 192.0.2.1:8444 HTTP/1.1"
    ),
    ("https://[2001:db8::1]/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "2001:db8::/32"], "direct"),
    ("https://api.cluster.invalid/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": ".cluster.invalid"], "direct"),
    ("https://api.cluster.invalid/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "cluster.invalid"], "direct"),
    ("https://api.cluster.invalid/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "*.cluster.invalid"], "direct"),
    (
      "https://apicluster.invalid/x", ["HTTPS_PROXY": "http://PROXY", "NO_PROXY": "cluster.invalid"],
      "CONNECT apicluster.invalid:443 HTTP/1.1"
    ),
    ("https://127.0.0.1:1/x", ["HTTPS_PROXY": "http://PROXY"], "direct"),
    ("https://localhost:1/x", ["HTTPS_PROXY": "http://PROXY"], "direct"),
    ("https://[::1]:1/x", ["HTTPS_PROXY": "http://PROXY"], "direct"),
    ("https://169.254.1.1/x", ["HTTPS_PROXY": "http://PROXY"], "direct"),
  ])
  func theEnvironmentDecidesTheRoute(_ url: String, _ environment: [String: String], _ expected: String) async {
    // Nobody answers at the places that are asked directly; a proxy does, however busy the machine is.
    let deadlines =
      expected == "direct"
      ? Deadlines(connect: .milliseconds(150), total: .milliseconds(400)) : Deadlines(tls: .seconds(60))
    #expect(await route(url, environment, within: deadlines) == expected)
  }

  func failure(
    _ setting: String, to target: String = "https://192.0.2.1/", tls: Duration = .seconds(60),
    _ script: @escaping @Sendable (ScriptedServer.Connection) -> Void
  ) async -> TransportError? {
    let proxy = ScriptedServer(script)
    defer { proxy.stop() }
    let url = setting.replacing("PROXY", with: "\(proxy.authority)")
    let transport = CurlTransport(settings: ConnectionSettings(proxy: .url(Secret(url))))
    let deadlines = Deadlines(connect: .seconds(30), tls: tls)
    do {
      _ = try await transport.send(HTTPRequest(.get, target, deadlines: deadlines))
      return nil
    } catch {
      return error
    }
  }

  @Test func theProxysCredentialsAreSentToItAndToNobodyElse() async {
    let seen = Mutex("")
    let error = await failure("http://user:can%61ry@PROXY") { connection in
      let head = connection.readHead()
      seen.withLock { $0 = head }
      connection.answer("407 Proxy Authentication Required", headers: "Proxy-Authenticate: Basic realm=x\r\n")
    }
    #expect(seen.withLock { $0 }.contains("Proxy-Authorization: Basic dXNlcjpjYW5hcnk=\r\n"))
    #expect(error?.code == .proxy)
    #expect(error?.message.contains("407") == true)
    #expect(error.map { "\($0) \($0.underlying ?? "") \(String(reflecting: $0))".contains("canary") } == false)
  }

  @Test func aServersOwnProxyIsAskedForLocalhostWhereThatIsEncrypted() async {
    let seen = Mutex<[String]>([])
    for target in ["https://localhost:6443/", "https://127.0.0.1:6443/", "http://127.0.0.1:1/"] {
      let error = await failure("http://PROXY", to: target) { connection in
        let head = connection.readHead()
        seen.withLock { $0.append(String(head.prefix { $0 != "\r" && $0 != "\r\n" })) }
        connection.answer("403 Forbidden")
      }
      #expect(error != nil, "\(target)")
    }
    #expect(
      seen.withLock { $0 } == ["CONNECT localhost:6443 HTTP/1.1", "CONNECT 127.0.0.1:6443 HTTP/1.1"],
      "what is not encrypted stays on this machine")
  }

  @Test(arguments: ["http", "socks5", "socks5h"]) func aProxyThatHangsIsCut(_ scheme: String) async {
    let error = await failure("\(scheme)://PROXY", tls: .milliseconds(200)) { $0.waitForClose() }
    #expect(error?.code == .timedOut(.tls), "\(error as Any)")
  }

  @Test(arguments: ["socks5", "socks5h"]) func aSOCKSProxyThatRefusesIsNamed(_ scheme: String) async {
    let refused = await failure("\(scheme)://PROXY") { connection in
      _ = connection.openSOCKS(status: 5)
      connection.waitForClose()
    }
    #expect(refused?.code == .proxy, "\(refused as Any)")
    let wantsMore = await failure("\(scheme)://PROXY") { connection in
      _ = connection.openSOCKS(withCredentials: true)
      connection.waitForClose()
    }
    #expect(wantsMore?.code == .proxy, "\(wantsMore as Any)")
  }

  @Test func aProxyThatAnswersInPlaceOfTheServerIsNotBelieved() async {
    let error = await failure("http://PROXY") {
      $0.readHead()
      $0.write("HTTP/1.1 200 OK\r\n\r\n<html>login</html>")
      $0.waitForClose()
    }
    #expect(error?.code == .tls)
  }

  @Test(arguments: ["http://a\u{1b}[31m:80", "ftp://x:80", "http://", "http://x:port", "http://x y"])
  func aPoisonedSettingIsRefused(_ url: String) async {
    let transport = CurlTransport(environment: ["HTTPS_PROXY": url])
    do {
      _ = try await transport.send(HTTPRequest(.get, "https://192.0.2.1/"))
      Issue.record("accepted")
    } catch {
      #expect(error.code == .proxy)
      #expect(!error.description.contains("\u{1b}"))
    }
  }
}
