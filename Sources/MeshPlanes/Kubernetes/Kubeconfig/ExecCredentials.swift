import MeshModel
import MeshTransport
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Credentials of an exec plugin: run when needed, kept until they expire, run once more when the server refuses them.
///
/// The plugin gets 30 s, a process group of its own that is killed with it, at most 1 MiB of output, a reduced environment,
/// and no terminal unless the caller owns one and says so: then it reads our standard input, writes its questions to our
/// standard error and has five minutes.
actor ExecCredentials: CredentialSource {
  /// How long a plugin may take.
  static let timeLimit = Duration.seconds(30)
  /// How long a plugin may take that may ask the operator.
  static let askingLimit = Duration.seconds(300)
  /// How much it may print.
  static let outputLimit = 1 << 20

  private let plugin: ExecPlugin
  private let cluster: Kubeconfig.Cluster
  private let environment: ExecEnvironment
  private let policy: ExecPolicy
  /// Whether the plugin may ask the operator in the terminal.
  private let mayAsk: Bool
  /// A limit in place of those above.
  private let timeLimit: Duration?
  private let clock: any TransportClock
  private var current: ExecExchange.Answer?
  private var running: Task<Result<ExecExchange.Answer, MeshError>, Never>?

  init(
    _ plugin: ExecPlugin, cluster: Kubeconfig.Cluster, environment: [String: String], policy: ExecPolicy,
    interactive: Bool, timeLimit: Duration? = nil, clock: any TransportClock = SystemClock()
  ) {
    let mayAsk = interactive && plugin.interactiveMode != .never
    self.plugin = plugin
    self.cluster = cluster
    self.environment = ExecEnvironment(variables: environment)
    self.policy = policy
    self.mayAsk = mayAsk
    self.timeLimit = timeLimit
    self.clock = clock
  }

  func credential(refresh: Bool) async throws(TransportError) -> Credential {
    if !refresh, let current, isFresh(current) { return current.credential }
    let task = running ?? Task { await self.run() }
    running = task
    // Who gives up waiting stops the program too: nothing of it outlives the command that started it.
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    if running == task { running = nil }
    if task.isCancelled, !Task.isCancelled { return try await credential(refresh: refresh) }
    switch result {
    case .success(let answer):
      current = answer
      return answer.credential
    case .failure(let error):
      throw TransportError(.credentials, error.message, remedy: error.remedy)
    }
  }

  /// Whether credentials still hold for a moment.
  private func isFresh(_ answer: ExecExchange.Answer) -> Bool {
    guard let expires = answer.expires else { return true }
    return expires.seconds - 10 > Double(clock.wallSeconds())
  }

  private func run() async -> Result<ExecExchange.Answer, MeshError> {
    do throws(MeshError) {
      let path = try environment.locate(plugin)
      guard policy.permits(path) else {
        throw MeshError(
          .unauthenticated, "the credential plugin \(path) is not allowed to run",
          remedy: "allow it in the exec policy, or use another user")
      }
      guard mayAsk || plugin.interactiveMode != .always else {
        throw MeshError(
          .unauthenticated,
          "the credential plugin \(plugin.command) asks in a terminal (interactiveMode: Always) and is given none: "
            + "standard input is no terminal, or something else reads it, as the dashboard does",
          remedy: "\(Self.login); for the dashboard set interactiveMode: IfAvailable for it in the kubeconfig too")
      }
      return .success(try await answer(of: path, asking: plugin.interactiveMode == .always))
    } catch {
      return .failure(error)
    }
  }

  /// What the plugin answers. One that need not ask is run without the terminal first, beside those of other planes: mostly it
  /// has what it needs. Only where it fails does it get its turn.
  private func answer(of path: String, asking: Bool) async throws(MeshError) -> ExecExchange.Answer {
    var variables = environment.reduced
    for variable in plugin.environment { variables[variable.name] = variable.value.reveal }
    variables["KUBERNETES_EXEC_INFO"] = try ExecExchange.request(plugin, cluster: cluster, interactive: asking)
    let limit = timeLimit ?? (asking ? Self.askingLimit : Self.timeLimit)
    if asking { await TerminalTurn.shared.take() }
    let outcome = await Self.run(path, plugin.arguments, variables, inheritsTerminal: asking, timeLimit: limit)
    if asking { await TerminalTurn.shared.giveBack() }
    if case .failed = outcome, mayAsk, !asking { return try await answer(of: path, asking: true) }
    return try ExecExchange.answer(try output(of: outcome, within: limit), of: plugin)
  }

  /// What to do where a plugin can ask nobody.
  private static let login = "log in by a command in a terminal, such as `meshdeck planes check`"

  private func output(of outcome: Outcome, within limit: Duration) throws(MeshError) -> [UInt8] {
    func refusal(_ message: String, remedy: String? = nil) -> MeshError {
      MeshError(
        .unauthenticated, "the credential plugin \(plugin.command) \(message)",
        remedy: remedy ?? plugin.installHint ?? "run it by hand and look at what it prints")
    }
    switch outcome {
    case .printed(let bytes): return bytes
    case .timedOut: throw refusal("did not answer within \(limit.components.seconds) s and was stopped")
    case .failed(let status, let words):
      let couldAsk = mayAsk || plugin.interactiveMode == .never
      throw refusal(
        "failed (\(status))\(words.isEmpty ? "" : ": \(words)")",
        remedy: couldAsk ? nil : "it could ask nobody, since it was given no terminal: \(Self.login)")
    case .tooMuch: throw refusal("printed more than \(Self.outputLimit) bytes")
    case .notStarted(let reason): throw refusal("could not be started: \(reason)")
    }
  }

  /// Runs a credential program within its bounds; it is killed with its process group when the time is over.
  nonisolated static func run(
    _ path: String, _ arguments: [String], _ variables: [String: String], inheritsTerminal: Bool, timeLimit: Duration
  ) async -> Outcome {
    await withTaskGroup(of: Outcome.self) { group in
      group.addTask { await spawn(path, arguments, variables, inheritsTerminal: inheritsTerminal) }
      group.addTask {
        try? await Task.sleep(for: timeLimit)
        return .timedOut
      }
      let first = await group.next() ?? .timedOut
      group.cancelAll()
      return first
    }
  }

  /// How a credential program ended.
  enum Outcome: Sendable {
    case printed([UInt8])
    case failed(String, String)
    case timedOut
    case tooMuch
    case notStarted(String)
  }

  private nonisolated static func spawn(
    _ path: String, _ arguments: [String], _ variables: [String: String], inheritsTerminal: Bool
  ) async -> Outcome {
    var pairs: [Environment.Key: String] = [:]
    for (name, value) in variables { if let key = Environment.Key(rawValue: name) { pairs[key] = value } }
    var options = PlatformOptions()
    // A foreground program that talks to the terminal must stay in the terminal's process group.
    if !inheritsTerminal { options.processGroupID = 0 }
    options.teardownSequence = [
      .send(signal: .kill, toProcessGroup: !inheritsTerminal, allowedDurationToNextStep: .milliseconds(200))
    ]
    let configuration = Configuration(
      executable: .path(FilePath(path)), arguments: Arguments(arguments), environment: .custom(pairs),
      platformOptions: options)
    do {
      if inheritsTerminal {
        let result = try await Subprocess.run(
          configuration, input: .currentStandardInput, output: .bytes(limit: outputLimit), error: .currentStandardError)
        return outcome(result.terminationStatus, result.standardOutput, [])
      }
      let result = try await Subprocess.run(
        configuration, input: .none, output: .bytes(limit: outputLimit), error: .bytes(limit: outputLimit))
      return outcome(result.terminationStatus, result.standardOutput, result.standardError)
    } catch let error as SubprocessError where error.code == .outputLimitExceeded {
      return .tooMuch
    } catch {
      return .notStarted("\(error)")
    }
  }

  private nonisolated static func outcome(
    _ status: TerminationStatus, _ output: [UInt8], _ complaint: [UInt8]
  ) -> Outcome {
    if status.isSuccess { return .printed(output) }
    let words = String(decoding: complaint.suffix(2048), as: UTF8.self).split(whereSeparator: \.isNewline)
    return .failed("\(status)", words.last.map(String.init) ?? "")
  }
}
