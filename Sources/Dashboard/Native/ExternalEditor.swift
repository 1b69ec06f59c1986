import Foundation
package import MeshKit
import Subprocess
import SystemPackage

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
    try await Self.run(editor, on: path)
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

  /// Runs the editor in the foreground: in this process's own group, since one of its own would be stopped as soon as it turned to
  /// the terminal. Until it ends, the keys that interrupt are for it alone.
  private static func run(_ editor: String, on path: String) async throws(MeshError) {
    let keys = [SIGINT, SIGQUIT].map { number in
      var before = sigaction()
      sigaction(number, nil, &before)
      signal(number, SIG_IGN)
      return (number: number, before: before)
    }
    defer {
      for key in keys {
        var before = key.before
        sigaction(key.number, &before, nil)
      }
    }
    let ending: TerminationStatus
    do {
      // The editor may carry arguments of its own; the path is handed over as an argument, never as shell text.
      ending = try await Subprocess.run(
        .path("/bin/sh"), arguments: ["-c", "\(editor) \"$1\"", "sh", path], input: .currentStandardInput,
        output: .currentStandardOutput, error: .currentStandardError
      ).terminationStatus
    } catch {
      throw MeshError(.local, "cannot start \(editor)", underlying: error)
    }
    guard ending.isSuccess else {
      throw MeshError(
        .cancelled, "\(editor) ended with \(ending); nothing was sent, the text is kept in \(path)")
    }
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
