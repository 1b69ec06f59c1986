import MeshModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where the proxies of a fleet are: addresses as written, a name that resolves to them, or a file that lists them.
///
/// `http://host:port` and `host:port` are one proxy; `dns://name:port` is every address the name has now;
/// `file:///path` is every line of the file that is neither empty nor a comment; `pods://` is what ``EnvoyPods`` finds.
/// Names, files and pods are read anew each time.
struct EnvoyPlaces: Sendable {
  let places: [String]
  /// Where pods are found; `nil` for a fleet without.
  var pods: EnvoyPods?

  /// The most proxies of a fleet.
  static let limit = 10_000

  /// The addresses now, each once, and what could not be resolved.
  @concurrent
  func resolved() async -> (addresses: [String], gaps: [String]) {
    var addresses: [String] = []
    var gaps: [String] = []
    for place in places {
      do throws(MeshError) {
        if EnvoyPods.isPlace(place), let pods {
          addresses += try await pods.addresses(of: place)
        } else {
          addresses += try Self.addresses(of: place)
        }
      } catch {
        gaps.append(error.message)
      }
    }
    var seen: Set<String> = []
    addresses = addresses.filter { seen.insert($0).inserted }
    if addresses.count > Self.limit {
      gaps.append("\(addresses.count) proxies are listed; the first \(Self.limit) are read")
      addresses = Array(addresses.prefix(Self.limit))
    }
    return (addresses, gaps)
  }

  private static func addresses(of place: String) throws(MeshError) -> [String] {
    if place.hasPrefix("dns://") { return try named(String(place.dropFirst(6))) }
    guard place.hasPrefix("file://") else { return [normal(place)] }
    let path = String(place.dropFirst(7))
    let bytes: [UInt8]
    do { bytes = try LocalFile.read(path, limit: 4 << 20) } catch {
      throw MeshError(.local, "the list of proxies \(path) cannot be read: \(error)")
    }
    var result: [String] = []
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let text = line.prefix { $0 != "#" }.filter { !$0.isWhitespace }
      if !text.isEmpty { result.append(normal(text)) }
    }
    return result
  }

  private static func normal(_ address: String) -> String {
    var text = address.contains("://") ? address : "http://\(address)"
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }

  /// Every address a name has.
  private static func named(_ text: String) throws(MeshError) -> [String] {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw MeshError(.usage, "dns://\(text) names no port", remedy: "write it as dns://name:port")
    }
    let name = String(text[..<colon])
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, nil, &hints, &list)
    guard status == 0 else {
      throw MeshError(.unreachable, "\(name) does not resolve: \(String(cString: gai_strerror(status)))")
    }
    defer { freeaddrinfo(list) }
    var result: Set<String> = []
    var next = list
    while let info = next {
      var host = [CChar](repeating: 0, count: 256)
      if getnameinfo(
        info.pointee.ai_addr, info.pointee.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
      {
        let length = host.firstIndex(of: 0) ?? host.count
        let shown = String(decoding: host[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        result.insert("http://\(shown.contains(":") ? "[\(shown)]" : shown):\(port)")
      }
      next = info.pointee.ai_next
    }
    return result.sorted()
  }
}
