#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder of a test's own, removed with it.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/meshdeck-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
    }
  }

  deinit {
    guard path.hasPrefix("/tmp/meshdeck-test-"), let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { unlink("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }

  /// Writes a file and gives its path.
  @discardableResult
  func write(_ name: String, _ text: String, mode: UInt32 = 0o600) -> String {
    write(name, Array(text.utf8), mode: mode)
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o600) -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(0o600))
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { buffer in
        #if canImport(Glibc)
        Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        Musl.write(descriptor, buffer.baseAddress, buffer.count)
        #else
        Darwin.write(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    close(descriptor)
    chmod(file, mode_t(mode))
    if mode & 0o111 != 0 { awaitWriters(of: file) }
    return file
  }

  /// Waits until nobody has a program open for writing, which no system runs: another test may have started a process
  /// while it was written, which had it open too until it became what it was to be.
  private func awaitWriters(of file: String) {
    #if os(Linux)
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    // `F_SETLEASE`, whose name the module of the C library hides. A lease for reading is given where nobody writes.
    while fcntl(descriptor, 1024, Int32(F_RDLCK)) == -1, errno == EAGAIN { usleep(1000) }
    close(descriptor)
    #endif
  }

  /// Makes a named pipe, on which a careless reader waits for ever.
  func pipe(_ name: String) -> String {
    mkfifo("\(path)/\(name)", 0o600)
    return "\(path)/\(name)"
  }
}
