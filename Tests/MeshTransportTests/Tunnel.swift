import Glibc

/// What a proxy does with a connection that it carries on to a server.
extension ScriptedServer.Connection {
  /// What a client asked of a SOCKS proxy.
  struct SOCKSOrder: Sendable {
    /// Host and port as they came.
    var place = ""
    /// Whether the host came as a name, which the proxy is to look up.
    var isNamed = false
    /// User and password, where they were asked for.
    var credentials = ""
  }

  /// Takes an order of an HTTP proxy and grants it; the order's whole head.
  func openTunnel() -> String {
    let head = readHead()
    write("HTTP/1.1 200 Connection established\r\n\r\n")
    return head
  }

  /// Takes an order of a SOCKS proxy and answers it with a status, 0 to grant it. Sources: RFC 1928 and RFC 1929.
  func openSOCKS(withCredentials: Bool = false, status: UInt8 = 0) -> SOCKSOrder {
    var order = SOCKSOrder()
    let methods = read(Int(read(2).last ?? 0))
    let method: UInt8 = withCredentials ? 2 : 0
    guard methods.contains(method) else {
      write([5, 255])
      return order
    }
    write([5, method])
    if withCredentials {
      let user = read(Int(read(2).last ?? 0))
      let password = read(Int(read(1).last ?? 0))
      order.credentials = "\(String(decoding: user, as: UTF8.self)):\(String(decoding: password, as: UTF8.self))"
      write([1, 0])
    }
    let head = read(4)
    guard head.count == 4 else { return order }
    order.isNamed = head[3] == 3
    let host = read(order.isNamed ? Int(read(1).last ?? 0) : 4)
    let port: Int = read(2).reduce(0) { $0 << 8 | Int($1) }
    let shown =
      order.isNamed ? String(decoding: host, as: UTF8.self) : host.map { String($0) }.joined(separator: ".")
    order.place = "\(shown):\(port)"
    write([5, status, 0, 1, 0, 0, 0, 0, 0, 0])
    return order
  }

  /// Carries bytes to a server on loopback and back until one of the two ends.
  func carry(to host: String, _ port: Int) {
    let server = dialled(host, port)
    defer { close(server.number) }
    guard server.isConnected else { return }
    let ends = [self, ScriptedServer.Connection(socket: server.number, number: 0)]
    var states = ends.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
    while poll(&states, 2, -1) > 0 {
      for index in 0...1 where states[index].revents != 0 {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(ends[index].socket, &buffer, buffer.count, 0)
        guard count > 0, ends[1 - index].write(Array(buffer[..<count])) else { return }
      }
    }
  }
}

/// A socket that was sent to a server on loopback, and whether it is there already.
func dialled(_ host: String, _ port: Int, options: Int32 = 0) -> (number: Int32, isConnected: Bool) {
  let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | options, 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = inet_addr(host)
  let length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let result = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in connect(number, generic, length) }
  }
  return (number, result == 0)
}
