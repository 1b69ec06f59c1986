import Foundation
public import MeshModel

/// The folder that holds the journal and the ignored findings: `$XDG_STATE_HOME/meshdeck`, mode 0700.
///
/// A folder or file that is a link or belongs to somebody else is refused, never followed.
public struct StateDirectory: Sendable {
  /// The folder's path.
  public let path: String

  /// A folder at a path of the caller's.
  public init(path: String) { self.path = path }

  /// No folder: there is nothing to read in it, and what is to be written is refused with the reason.
  public static let nowhere = StateDirectory(path: "")

  /// The error of ``nowhere``.
  static var missing: MeshError {
    MeshError(
      .local, "there is nowhere to keep the journal: neither XDG_STATE_HOME nor HOME is an absolute path",
      remedy: "set XDG_STATE_HOME to a folder of yours; nothing is changed on a mesh without a journal")
  }

  /// The folder the XDG base directory specification names for these environment variables, or an error where neither
  /// `XDG_STATE_HOME` nor `HOME` is an absolute path.
  public init(environment: [String: String]) throws(MeshError) {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      path = state + "/meshdeck"
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      path = home + "/.local/state/meshdeck"
    } else {
      throw Self.missing
    }
  }

  /// Makes the folder where it is missing and checks that it is ours alone.
  func prepare() throws(MeshError) {
    guard !path.isEmpty else { throw Self.missing }
    do {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    } catch {
      throw MeshError(
        .local, "cannot make the folder above \(path)", remedy: "check its permissions", underlying: error)
    }
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("make the folder \(path)") }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw failure("look at \(path)") }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw MeshError(.local, "\(path) is not a folder", remedy: "move it away")
    }
    guard status.st_uid == geteuid() else {
      throw MeshError(.local, "\(path) belongs to somebody else", remedy: "set XDG_STATE_HOME to a folder of yours")
    }
    if status.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 { throw failure("close \(path) to others") }
  }

  /// Puts a file of lines, mode 0600, in the place of one in the folder; where that fails, the old one stays.
  func replace(_ path: String, with lines: [[UInt8]]) throws(MeshError) {
    let temporary = path + ".\(getpid()).new"
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("make \(temporary)") }
    var isWhole = true
    for line in lines where isWhole {
      var written = 0
      while written < line.count {
        let count = line[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          isWhole = false
          break
        }
        written += count
      }
    }
    if isWhole, fdatasync(file) == 0, rename(temporary, path) == 0 {
      close(file)
      return
    }
    let error = failure("write \(path)")
    close(file)
    unlink(temporary)
    throw error
  }

  /// An error of the last system call.
  func failure(_ attempt: String) -> MeshError {
    MeshError(.local, "cannot \(attempt): \(String(cString: strerror(errno)))")
  }
}
