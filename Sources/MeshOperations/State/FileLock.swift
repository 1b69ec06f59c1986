import Foundation
import MeshModel

/// A lock between processes: a file beside what it protects, locked while a body runs; the system frees it with the process.
enum FileLock {
  /// Runs a body while no other process holds the lock at a path; waits for one that does.
  static func held<Result>(
    _ path: String, _ body: () throws(MeshError) -> Result
  ) throws(MeshError) -> Result {
    let file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw MeshError(.local, "cannot open the lock \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    while flock(file, LOCK_EX) != 0 {
      guard errno == EINTR else {
        throw MeshError(.local, "cannot take the lock \(path): \(String(cString: strerror(errno)))")
      }
    }
    return try body()
  }
}
