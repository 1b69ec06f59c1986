import Foundation
import Glibc
import Synchronization

/// A TCP server on loopback that does to each connection exactly what its script says, in raw bytes.
final class ScriptedServer: Sendable {
  /// One accepted connection.
  struct Connection: Sendable {
    let socket: Int32
    /// The place of this connection among those accepted, from 0.
    let number: Int

    /// Reads up to the blank line that ends a request's head; empty when the peer closed.
    @discardableResult
    func readHead() -> String {
      var bytes: [UInt8] = []
      var byte: UInt8 = 0
      while recv(socket, &byte, 1, 0) == 1 {
        bytes.append(byte)
        if bytes.count >= 4, bytes.suffix(4) == [13, 10, 13, 10] { break }
      }
      return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads exactly `count` bytes, fewer when the peer closed.
    func read(_ count: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      var have = 0
      while have < count {
        let part = recv(socket, &bytes[have], count - have, 0)
        guard part > 0 else { break }
        have += part
      }
      return Array(bytes[..<have])
    }

    /// Sends bytes; false when the peer is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
      var sent = 0
      while sent < bytes.count {
        let part = bytes[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard part > 0 else { return false }
        sent += part
      }
      return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Answers with a length and a body.
    func answer(_ status: String = "200 OK", headers: String = "", _ body: String = "") {
      write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Blocks until the peer closes; returns how long that took.
    @discardableResult
    func waitForClose() -> Duration {
      let start = ContinuousClock.now
      var byte: UInt8 = 0
      while recv(socket, &byte, 1, 0) > 0 {}
      return start.duration(to: .now)
    }

    /// Whether the socket takes more bytes within some milliseconds.
    func isWritable(within milliseconds: Int32) -> Bool {
      var state = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
      return poll(&state, 1, milliseconds) == 1
    }

    /// Makes the coming close a reset instead of an orderly end.
    func reset() {
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
  }

  let port: Int
  /// An address of this server alone, so that no kept connection of an earlier test is taken for one to it.
  let host: String
  private static let hosts = Mutex(1)
  private let listener: Int32
  private let accepted = Mutex(0)

  /// How many connections came.
  var connections: Int { accepted.withLock { $0 } }
  var authority: String { "\(host):\(port)" }
  var url: String { "http://\(authority)" }

  /// A server that runs `script` for every connection on a thread of its own and then closes it.
  init(_ script: @escaping @Sendable (Connection) -> Void) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    let number = Self.hosts.withLock { number in
      number += 1
      return number
    }
    host = "127.\(number >> 16 & 127).\(number >> 8 & 255).\(number & 255)"
    address.sin_addr.s_addr = UInt32(0x7f00_0000 + number).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = bind(listener, generic, length)
        _ = listen(listener, 64)
        _ = getsockname(listener, generic, &length)
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    self.listener = listener
    Thread.detachNewThread { [self] in
      while true {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else {
          // Closed here and not in `stop`, or its number could be another server's by the time it is used.
          close(listener)
          return
        }
        let number = accepted.withLock { count in
          defer { count += 1 }
          return count
        }
        Thread.detachNewThread {
          script(Connection(socket: peer, number: number))
          close(peer)
        }
      }
    }
  }

  /// Stops accepting.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
  }
}
