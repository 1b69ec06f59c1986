import Foundation
import MeshKit

/// Hands a text to the operator's editor and takes it back.
enum ExternalEditor {
  /// An edited text, kept in a file of ours until it has served.
  struct Edited {
    let path: String
    let text: String

    /// Takes the file and its folder away.
    func discard() { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
  }

  /// The text as edited, or `nil` where it was left as it was. The file is made 0600 in a folder of ours.
  static func edit(_ text: String, name: String) throws -> Edited? {
    let environment = ProcessInfo.processInfo.environment
    let editor = environment["VISUAL"] ?? environment["EDITOR"] ?? "vi"
    var template = Array((FileManager.default.temporaryDirectory.path + "/meshdeck-XXXXXX").utf8CString)
    guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else {
      throw MeshError(.local, "cannot make a folder for the text: \(String(cString: strerror(errno)))")
    }
    let safe = name.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }
    let path = folder + "/\(safe.isEmpty ? "object" : safe).yaml"
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { throw MeshError(.local, "cannot write \(path)") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The editor may carry arguments of its own; the path is handed over as an argument, never as shell text.
    process.arguments = ["-c", "\(editor) \"$1\"", "sh", path]
    do { try process.run() } catch { throw MeshError(.local, "cannot start \(editor)", underlying: error) }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw MeshError(.cancelled, "\(editor) ended with \(process.terminationStatus); nothing was sent, your text is kept in \(path)")
    }
    let edited = try String(contentsOfFile: path, encoding: .utf8)
    if edited == text || edited.allSatisfy(\.isWhitespace) {
      try? FileManager.default.removeItem(atPath: folder)
      return nil
    }
    return Edited(path: path, text: edited)
  }
}
