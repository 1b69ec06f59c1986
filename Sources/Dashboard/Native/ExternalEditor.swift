import Foundation
package import MeshKit

/// Hands a native object to the operator's editor as YAML and takes it back.
package struct ExternalEditor: Sendable {
  let environment: [String: String]

  /// An editor named by `VISUAL` or `EDITOR` in these variables.
  package init(environment: [String: String]) { self.environment = environment }

  /// The intent of an edit and the file that holds it, or `nil` where nothing was changed.
  ///
  /// The file stays until ``discard(_:)``: what somebody wrote is not lost where a server refuses it. A text that cannot be
  /// used is kept too, and its file named.
  @concurrent
  package func edit(_ native: NativeObject) async throws(MeshError) -> (intent: ObjectIntent, text: String)? {
    let editor = environment["VISUAL"] ?? environment["EDITOR"] ?? "vi"
    let folder = try folder()
    let safe = native.ref.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    let path = folder + "/\(safe.isEmpty ? "object" : safe).yaml"
    let text = YAMLText.text(native.json)
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { throw MeshError(.local, "cannot write \(path)") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The editor may carry arguments of its own; the path is handed over as an argument, never as shell text.
    process.arguments = ["-c", "\(editor) \"$1\"", "sh", path]
    do { try process.run() } catch { throw MeshError(.local, "cannot start \(editor)", underlying: error) }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw MeshError(
        .cancelled, "\(editor) ended with \(process.terminationStatus); nothing was sent, the text is kept in \(path)")
    }
    guard let edited = FileManager.default.contents(atPath: path) else {
      throw MeshError(.local, "cannot read \(path)")
    }
    if edited == Data(text.utf8) || edited.isEmpty {
      try? FileManager.default.removeItem(atPath: folder)
      return nil
    }
    let json: JSONValue
    do throws(MeshError) { json = try YAMLObject.read(String(decoding: edited, as: UTF8.self)) } catch {
      throw MeshError(.usage, "\(error.message); the text is kept in \(path)", remedy: error.remedy)
    }
    return (ObjectIntent(ref: native.ref, json: json, baseVersion: native.version), path)
  }

  /// Removes the file of an edit that was applied, with its folder.
  package static func discard(_ text: String) {
    try? FileManager.default.removeItem(atPath: (text as NSString).deletingLastPathComponent)
  }

  private func folder() throws(MeshError) -> String {
    var template = Array((FileManager.default.temporaryDirectory.path + "/meshdeck-XXXXXX").utf8CString)
    guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else {
      throw MeshError(.local, "cannot make a folder for the text: \(String(cString: strerror(errno)))")
    }
    return folder
  }
}
