import Foundation
import MeshModel

/// A lock between processes: a file beside what it protects; the system frees it with the process.
struct FileLock: Sendable {
  private let file: Int32

  /// Takes the lock at a path; waits for another process that holds it.
  init(_ path: String) throws(MeshError) {
    guard let lock = try FileLock(path, LOCK_EX) else {
      throw MeshError(.local, "cannot take the lock \(path)")
    }
    self = lock
  }

  /// Takes the lock at a path; `nil` where somebody holds it.
  init?(ifFree path: String) throws(MeshError) { try self.init(path, LOCK_EX | LOCK_NB) }

  private init?(_ path: String, _ operation: Int32) throws(MeshError) {
    file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw MeshError(.local, "cannot open the lock \(path): \(String(cString: strerror(errno)))")
    }
    while flock(file, operation) != 0 {
      let code = errno
      if code == EINTR { continue }
      close(file)
      if code == EWOULDBLOCK { return nil }
      throw MeshError(.local, "cannot take the lock \(path): \(String(cString: strerror(code)))")
    }
  }

  /// Frees the lock.
  func release() { close(file) }

  /// Runs a body while no other process holds the lock at a path; waits for one that does.
  static func held<Result>(
    _ path: String, _ body: () throws(MeshError) -> Result
  ) throws(MeshError) -> Result {
    let lock = try FileLock(path)
    defer { lock.release() }
    return try body()
  }

  /// Whether somebody holds the lock at a path.
  static func isHeld(_ path: String) -> Bool {
    let file = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}
