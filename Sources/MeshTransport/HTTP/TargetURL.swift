/// The parts of an absolute `http` or `https` URL.
public struct TargetURL: Sendable, Hashable {
  /// `http` or `https`.
  public let scheme: String
  /// The host in lower case, an IPv6 address without brackets.
  public let host: String
  /// The port, the scheme's own where the URL names none.
  public let port: Int
  /// The path, at least `/`, as written.
  public let path: String
  /// The query without its question mark, as written; nil for none.
  public let query: String?

  /// The parts of a URL; throws `malformed` for anything that is not a plain absolute URL: user information, control
  /// bytes, blanks, non-ASCII text, another scheme, a port out of range.
  public init(parsing url: String) throws(TransportError) {
    let bytes = Array(url.utf8)
    guard bytes.allSatisfy({ (0x21...0x7e).contains($0) }), !bytes.contains(0x5c), !bytes.contains(0x22) else {
      throw Self.malformed("the URL holds a blank, a control character or text outside ASCII")
    }
    let (scheme, afterScheme) = Self.split(url, at: "://")
    guard let afterScheme else { throw Self.malformed("the URL has no scheme") }
    self.scheme = ASCII.lowercased(scheme)
    guard self.scheme == "http" || self.scheme == "https" else {
      throw Self.malformed("the URL's scheme is neither http nor https")
    }
    let withoutFragment = Self.split(afterScheme, at: "#").0
    let authorityEnd = withoutFragment.firstIndex { $0 == "/" || $0 == "?" } ?? withoutFragment.endIndex
    let authority = String(withoutFragment[..<authorityEnd])
    guard !authority.contains("@") else { throw Self.malformed("the URL holds user information") }
    let (host, port) = try Self.hostAndPort(authority)
    guard !host.isEmpty else { throw Self.malformed("the URL has no host") }
    self.host = ASCII.lowercased(host)
    self.port = port ?? (self.scheme == "https" ? 443 : 80)
    let (path, query) = Self.split(String(withoutFragment[authorityEnd...]), at: "?")
    self.path = path.isEmpty ? "/" : path
    self.query = query
  }

  /// Host and port as in a URL, without the scheme's own port.
  public var authority: String {
    let shown = host.contains(":") ? "[\(host)]" : host
    return port == (scheme == "https" ? 443 : 80) ? shown : "\(shown):\(port)"
  }

  /// Scheme, host and port: what shares connections, limits and pauses.
  public var origin: String { "\(scheme)://\(authority)" }

  /// Whether the host is this machine.
  public var isLoopback: Bool { HostRules.isLoopback(host) }

  static func hostAndPort(_ authority: String) throws(TransportError) -> (String, Int?) {
    var host = authority
    var port: String?
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { throw malformed("the URL's IPv6 address has no end") }
      host = String(authority[authority.index(after: authority.startIndex)..<close])
      let rest = authority[authority.index(after: close)...]
      guard host.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == 0x3a || $0 == 0x2e }), host.contains(":") else {
        throw malformed("the URL's host is not an IPv6 address")
      }
      if !rest.isEmpty {
        guard rest.hasPrefix(":") else { throw malformed("the URL's host is malformed") }
        port = String(rest.dropFirst())
      }
    } else {
      (host, port) = split(authority, at: ":")
      guard host.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-._~%".utf8.contains($0) }) else {
        throw malformed("the URL's host is malformed")
      }
    }
    guard let port, !port.isEmpty else { return (host, nil) }
    guard port.utf8.allSatisfy(ASCII.isDigit), let number = Int(port), (1...65535).contains(number) else {
      throw malformed("the URL's port is not between 1 and 65535")
    }
    return (host, number)
  }

  /// The text before and after the first `separator`; nil after where there is none.
  static func split(_ text: String, at separator: String) -> (String, String?) {
    let bytes = Array(text.utf8)
    let mark = Array(separator.utf8)
    guard bytes.count >= mark.count else { return (text, nil) }
    for start in 0...(bytes.count - mark.count) where bytes[start..<(start + mark.count)].elementsEqual(mark) {
      return (
        String(decoding: bytes[..<start], as: UTF8.self),
        String(decoding: bytes[(start + mark.count)...], as: UTF8.self)
      )
    }
    return (text, nil)
  }

  private static func malformed(_ message: String) -> TransportError { TransportError(.malformed, message) }
}
