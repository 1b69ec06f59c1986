import MeshModel
import MeshTransport

/// A program that prints keys, as `credential_process` of a profile names it.
///
/// Source: AWS SDKs and Tools Reference Guide, "Process credential provider": it prints JSON with `Version` 1. It gets
/// the bounds of every credential program here: 30 s, 1 MiB, a process group of its own, no terminal. What it prints is
/// never repeated.
struct AWSCredentialProcess: Sendable {
  let command: String
  let profile: String
  let variables: [String: String]

  func keys() async throws(MeshError) -> AWSKeys {
    let words = try Self.words(command)
    guard let program = words.first else {
      throw MeshError(.usage, "credential_process of profile \(profile) is empty")
    }
    let environment = ExecEnvironment(variables: variables)
    let plugin = ExecPlugin(
      command: program, arguments: Array(words.dropFirst()), environment: [], apiVersion: .v1, interactiveMode: .never,
      installHint: nil, providesClusterInfo: false)
    let path: String
    do throws(MeshError) { path = try environment.locate(plugin) } catch {
      throw MeshError(
        .unauthenticated, "credential_process of profile \(profile) cannot run: \(error.message)",
        remedy: "correct it in the shared AWS files")
    }
    let what = "credential_process of profile \(profile)"
    let outcome = await ExecCredentials.run(
      path, plugin.arguments, environment.reduced, inheritsTerminal: false, timeLimit: ExecCredentials.timeLimit)
    switch outcome {
    case .printed(let bytes):
      guard let json = try? JSONValue(parsing: bytes), json["Version"]?.int == 1 else {
        throw MeshError(
          .unauthenticated, "\(what) printed no JSON of version 1", remedy: "run it by hand and look at what it prints")
      }
      return try AWSKeys(document: bytes, what: what, source: "profile \(profile) by credential_process")
    case .timedOut: throw refusal("\(what) did not answer within 30 s and was stopped")
    case .failed(let status, _): throw refusal("\(what) failed (\(status))")
    case .tooMuch: throw refusal("\(what) printed more than \(ExecCredentials.outputLimit) bytes")
    case .notStarted(let reason): throw refusal("\(what) could not be started: \(reason)")
    }
  }

  private func refusal(_ message: String) -> MeshError {
    MeshError(.unauthenticated, message, remedy: "run it by hand and look at what it prints")
  }

  /// The words of a command line as a POSIX shell splits them, without expansions.
  static func words(_ line: String) throws(MeshError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        // In double quotes a backslash protects only what would end or escape.
        if quote == "\"", character != "\"", character != "\\" { word = (word ?? "") + "\\" }
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil, !isEscaped else { throw MeshError(.usage, "credential_process has a quote without an end") }
    if let word { words.append(word) }
    return words
  }
}
