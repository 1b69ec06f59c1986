import ArgumentParser
import MeshKit

/// `meshdeck completion SHELL`.
struct Completion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion", abstract: "Print the completion script of a shell, or the manual page.",
    discussion: """
      EXAMPLES
        meshdeck completion bash > /etc/bash_completion.d/meshdeck
        meshdeck completion zsh > "${fpath[1]}/_meshdeck"
        meshdeck completion man > meshdeck.1
      """)

  /// The shells.
  enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish, man }

  @Argument(help: "bash, zsh, fish, or man for the manual page.")
  var shell: Shell

  func run() throws {
    if shell == .man { return try Console(noColor: true).write(Array(try ManualPage.text().utf8)) }
    guard let completions = CompletionShell(rawValue: shell.rawValue) else {
      throw MeshError(.usage, "no completions for \(shell.rawValue)")
    }
    try Console(noColor: true).write(Array((Meshdeck.completionScript(for: completions) + "\n").utf8))
  }
}
