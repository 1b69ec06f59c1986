import Foundation
import Glibc
import Synchronization

/// A server on loopback that answers every request with the text of a function: what a proxy's metrics endpoint is.
final class MetricsServer: Sendable {
  let port: Int
  private let listener: Int32

  init(_ text: @escaping @Sendable () -> String) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = bind(listener, generic, length)
        _ = listen(listener, 16)
        _ = getsockname(listener, generic, &length)
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    self.listener = listener
    Thread.detachNewThread {
      while true {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else { return }
        var request = [UInt8](repeating: 0, count: 8192)
        _ = recv(peer, &request, request.count, 0)
        let body = text()
        let answer =
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
        let bytes = Array(answer.utf8)
        var sent = 0
        while sent < bytes.count {
          let part = bytes[sent...].withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
          guard part > 0 else { break }
          sent += part
        }
        shutdown(peer, Int32(SHUT_RDWR))
        close(peer)
      }
    }
  }

  /// A port that nothing listens on at the moment. It is given to one test alone, and is none of those that the system
  /// gives to connections and to servers that leave the choice to it, so that nothing takes it before its server is up.
  static func freePort() -> Int {
    ports.withLock { port in
      repeat { port = port < 31_999 ? port + 1 : 20_000 } while !isFree(port)
      return port
    }
  }

  /// The port given last.
  private static let ports = Mutex(20_000 + Int(getpid()) % 12_000)

  private static func isFree(_ port: Int) -> Bool {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(probe, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
