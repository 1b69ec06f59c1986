#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the system knows of a socket by its number, and does with what is written to it.
enum SocketState {
  /// What tells this socket from a later one of the same number.
  static func inode(_ number: Int32) -> UInt64? {
    var status = stat()
    return fstat(number, &status) == 0 ? UInt64(status.st_ino) : nil
  }

  /// Whether this socket is open and has a peer.
  static func isConnected(_ number: Int32, inode: UInt64) -> Bool {
    guard Self.inode(number) == inode else { return false }
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(number, $0, &length) == 0 }
    }
  }

  /// Has this socket keep what does not fill a packet, or send what it kept. Only Linux can do that.
  static func gather(_ number: Int32, inode: UInt64, _ isGathering: Bool) {
    #if os(Linux)
    guard Self.inode(number) == inode else { return }
    var value: Int32 = isGathering ? 1 : 0
    _ = setsockopt(number, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }
}
