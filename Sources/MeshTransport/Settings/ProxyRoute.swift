/// The proxy of one request, its credentials apart from its address.
struct ProxyRoute: Sendable, Hashable {
  /// `http`, `https`, `socks5` or `socks5h`.
  var scheme: String
  /// Host and port, as in a URL.
  var authority: String
  var user: Secret?
  var password: Secret?

  /// What may be printed.
  var shown: String { "\(scheme)://\(authority)" }

  /// The proxy for `target`, nil for a direct connection. Link-local hosts are never proxied, nor is this machine by the
  /// environment's. A proxy that was named for a server is asked for `https://localhost` too, as client-go does: beyond a tunnel a
  /// cluster may call itself so. What is not encrypted does not leave this machine.
  ///
  /// Of the environment, only `HTTPS_PROXY` counts for https and only `HTTP_PROXY` for http, lower case first.
  static func route(
    to target: TargetURL, setting: ProxySetting, environment: [String: String]
  ) throws(TransportError) -> ProxyRoute? {
    if HostRules.isLinkLocal(target.host) { return nil }
    switch setting {
    case .none: return nil
    case .url(let url):
      if target.isLoopback, target.scheme != "https" { return nil }
      return try ProxyRoute(parsing: url.reveal, origin: target.origin)
    case .environment:
      if target.isLoopback { return nil }
      let name = target.scheme == "https" ? "https_proxy" : "http_proxy"
      guard let url = value(name, environment) else { return nil }
      if let exceptions = value("no_proxy", environment), NoProxy(exceptions).covers(target) { return nil }
      return try ProxyRoute(parsing: url, origin: target.origin)
    }
  }

  private static func value(_ name: String, _ environment: [String: String]) -> String? {
    let value = environment[name] ?? environment[name.uppercased()]
    return value.flatMap { $0.isEmpty ? nil : $0 }
  }

  init(parsing url: String, origin: String) throws(TransportError) {
    func refuse(_ message: String) -> TransportError {
      TransportError(
        .proxy, message, origin: origin, remedy: "correct the proxy setting, HTTPS_PROXY or HTTP_PROXY")
    }
    guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw refuse("the proxy's URL holds a blank, a control character or text outside ASCII")
    }
    var (scheme, rest) = TargetURL.split(url, at: "://")
    if rest == nil { (scheme, rest) = ("http", url) }
    self.scheme = ASCII.lowercased(scheme)
    guard let rest, ["http", "https", "socks5", "socks5h"].contains(self.scheme) else {
      throw refuse("the proxy's scheme is none of http, https, socks5 and socks5h")
    }
    var authority = String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
    if let at = authority.lastIndex(of: "@") {
      let (user, password) = TargetURL.split(String(authority[..<at]), at: ":")
      self.user = Secret(PercentCoding.decode(user))
      self.password = password.map { Secret(PercentCoding.decode($0)) }
      authority = String(authority[authority.index(after: at)...])
    }
    guard let (host, port) = try? TargetURL.hostAndPort(authority), !host.isEmpty else {
      throw refuse("the proxy's host or port is malformed")
    }
    let shown = host.contains(":") ? "[\(host)]" : host
    let usual = self.scheme == "https" ? 443 : self.scheme == "http" ? 80 : 1080
    self.authority = "\(ASCII.lowercased(shown)):\(port ?? usual)"
  }
}

/// The hosts that `NO_PROXY` excepts: names with everything under them, addresses, blocks, each with an optional port,
/// and `*` for all.
struct NoProxy: Sendable {
  private let entries: [String]

  init(_ list: String) {
    entries = list.split(whereSeparator: { $0 == "," || $0 == " " }).map { ASCII.lowercased($0) }
  }

  func covers(_ target: TargetURL) -> Bool { entries.contains { Self.matches($0, target) } }

  private static func matches(_ entry: String, _ target: TargetURL) -> Bool {
    if entry == "*" { return true }
    let address = HostRules.address(target.host)
    if entry.contains("/") { return address.map { HostRules.contains(block: entry, $0) } ?? false }
    if let own = HostRules.address(entry) { return own == address }
    guard let (name, port) = try? TargetURL.hostAndPort(wildcardFree(entry)) else { return false }
    if let port, port != target.port { return false }
    if let own = HostRules.address(name) { return own == address }
    guard address == nil, !name.isEmpty else { return false }
    if name.hasPrefix(".") { return target.host.hasSuffix(name) }
    return target.host == name || target.host.hasSuffix("." + name)
  }

  /// `*.svc` means what `.svc` means.
  private static func wildcardFree(_ entry: String) -> String {
    entry.hasPrefix("*.") ? String(entry.dropFirst()) : entry
  }
}
