import CNCurses

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard error kept off the screen while it is up, and shown, escaped, afterwards.
struct ErrorCapture {
  private var file: Int32 = -1
  private var original: Int32 = -1

  /// The most that is shown afterwards, in bytes.
  static let limit = 64 * 1024

  /// Begins, where standard error is a terminal; elsewhere it disturbs nobody.
  mutating func begin() {
    guard file < 0, isatty(2) == 1 else { return }
    file = cn_memory_file()
    guard file >= 0 else { return }
    original = dup(2)
    guard original >= 0 else {
      _ = close(file)
      file = -1
      return
    }
    dup2(file, 2)
    cn_guard_errors(file, original)
  }

  /// Ends, and prints what was written meanwhile.
  mutating func end() {
    guard file >= 0 else { return }
    cn_guard_errors(-1, -1)
    dup2(original, 2)
    let size = max(Int(lseek(file, 0, SEEK_END)), 0)
    var bytes = [UInt8](repeating: 0, count: min(size, ErrorCapture.limit))
    let count = bytes.isEmpty ? 0 : pread(file, &bytes, bytes.count, off_t(size - bytes.count))
    if count > 0 {
      for line in bytes.prefix(count).split(separator: 0x0A) {
        let text = Array((SafeText.escape(bytes: line) + "\n").utf8)
        _ = write(2, text, text.count)
      }
    }
    _ = close(file)
    _ = close(original)
    (file, original) = (-1, -1)
  }
}
