import Glibc

/// A listener on loopback that takes nobody in and whose queue is full, so that whoever comes gets no answer at all.
///
/// Source: Linux, `tcp_conn_request`: while the queue is full (`sk_acceptq_is_full`), what asks for a connection is dropped.
struct CrowdedListener: Sendable {
  let host = "127.0.0.1"
  let port: Int
  private let sockets: [Int32]

  /// A listener with as many guests as it takes until one is left waiting; nil where none ever is.
  init?() {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = bind(listener, generic, length)
        _ = listen(listener, 0)
        _ = getsockname(listener, generic, &length)
      }
    }
    let place = Int(UInt16(bigEndian: address.sin_port))
    var all = [listener]
    var isFull = false
    while !isFull, all.count < 64 {
      let guest = dialled("127.0.0.1", place, options: Int32(SOCK_NONBLOCK.rawValue))
      all.append(guest.number)
      var state = pollfd(fd: guest.number, events: Int16(POLLOUT), revents: 0)
      let answers = poll(&state, 1, 300)
      isFull = !guest.isConnected && answers == 0
    }
    port = place
    sockets = all
    guard isFull else {
      stop()
      return nil
    }
  }

  /// Lets everybody go.
  func stop() {
    for number in sockets { close(number) }
  }
}
