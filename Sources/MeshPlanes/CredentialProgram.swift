import MeshModel

/// A program that prints a credential, run within the bounds of every such program here: 30 s unless said otherwise, 1 MiB,
/// a process group of its own, no terminal, a reduced environment. What it prints is never repeated.
struct CredentialProgram: Sendable {
  /// The program and its arguments.
  let words: [String]
  /// What it is, for errors: `credential_process of profile dev`.
  let what: String
  /// The variables of this process.
  let variables: [String: String]
  /// Variables given to it besides.
  var added: [String: String] = [:]
  /// How long it may take.
  var timeLimit = ExecCredentials.timeLimit

  /// The absolute path of the program, or why it may not run.
  func located() throws(MeshError) -> String {
    let plugin = ExecPlugin(
      command: words.first ?? "", arguments: [], environment: [], apiVersion: .v1, interactiveMode: .never,
      installHint: nil, providesClusterInfo: false)
    return try ExecEnvironment(variables: variables).locate(plugin)
  }

  /// What it prints; `remedy` says where it is named.
  func output(remedy: String) async throws(MeshError) -> [UInt8] {
    let path: String
    do throws(MeshError) { path = try located() } catch {
      throw MeshError(.unauthenticated, "\(what) cannot run: \(error.message)", remedy: remedy)
    }
    let environment = ExecEnvironment(variables: variables).reduced.merging(added) { $1 }
    let outcome = await ExecCredentials.run(
      path, Array(words.dropFirst()), environment, inheritsTerminal: false, timeLimit: timeLimit)
    switch outcome {
    case .printed(let bytes): return bytes
    case .timedOut: throw refusal("\(what) did not answer within \(timeLimit.components.seconds) s and was stopped")
    case .failed(let status, _): throw refusal("\(what) failed (\(status))")
    case .tooMuch: throw refusal("\(what) printed more than \(ExecCredentials.outputLimit) bytes")
    case .notStarted(let reason): throw refusal("\(what) could not be started: \(reason)")
    }
  }

  private func refusal(_ message: String) -> MeshError {
    MeshError(.unauthenticated, message, remedy: "run it by hand and look at what it prints")
  }

  /// The words of a command line as a POSIX shell splits them, without expansions.
  static func words(_ line: String, of what: String) throws(MeshError) -> [String] {
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
    guard quote == nil, !isEscaped else { throw MeshError(.usage, "\(what) has a quote without an end") }
    if let word { words.append(word) }
    return words
  }
}
