import ArgumentParser
import MeshKit

/// `meshdeck completion SHELL`.
struct Completion: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the completion script of a shell.",
    discussion: """
      EXAMPLES
        meshdeck completion bash > /etc/bash_completion.d/meshdeck
        meshdeck completion zsh > "${fpath[1]}/_meshdeck"
      """)

  /// The shells.
  enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func run() throws {
    guard let completions = CompletionShell(rawValue: shell.rawValue) else {
      throw MeshError(.usage, "no completions for \(shell.rawValue)")
    }
    try Console(noColor: true).write(Array((Meshdeck.completionScript(for: completions) + "\n").utf8))
  }
}
