import MeshModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A small file read whole, without ever waiting on a pipe or a device (faults C1).
enum LocalFile {
  /// What `stat` tells of a file.
  struct Facts {
    var mode: UInt32
    var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
    var isWorldWritable: Bool { mode & 0o002 != 0 }
    var isExecutable: Bool { mode & 0o111 != 0 }
  }

  /// The facts of a path, links followed; `nil` where there is nothing.
  static func facts(_ path: String) -> Facts? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Facts(mode: UInt32(status.st_mode))
  }

  /// The bytes of a regular file of at most `limit` bytes.
  static func read(_ path: String, limit: Int = 4 << 20) throws(MeshError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw MeshError(
        .usage, "cannot read \(path): \(reason(errno))", remedy: "check that the file exists and that you may read it")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Facts(mode: UInt32(status.st_mode)).isRegular else {
      throw MeshError(.usage, "\(path) is not a regular file")
    }
    guard status.st_size <= limit else {
      throw MeshError(.usage, "\(path) holds \(status.st_size) bytes, more than the \(limit) allowed")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = chunk.withUnsafeMutableBytes { buffer in
        #if canImport(Glibc)
        Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
        Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      if count == 0 { return bytes }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw MeshError(.usage, "cannot read \(path): \(reason(errno))")
      }
      guard bytes.count + count <= limit else {
        throw MeshError(.usage, "\(path) grew beyond the \(limit) bytes allowed")
      }
      bytes += chunk[..<count]
    }
  }

  /// The system's words for an error number.
  static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }

  /// A path relative to a directory; an absolute one stays.
  static func resolve(_ path: String, against directory: String) -> String {
    path.hasPrefix("/") || directory.isEmpty ? path : "\(directory)/\(path)"
  }

  /// The directory part of a path; `.` where it has none.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
