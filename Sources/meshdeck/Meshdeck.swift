import ArgumentParser
import Foundation
import MeshKit
import MeshTransport

/// The program: without a command it opens the dashboard.
@main
struct Meshdeck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meshdeck",
    abstract:
      "The operator's deck for service meshes: see what is desired, programmed and observed, and change it safely.",
    discussion: """
      Without a command it opens the dashboard on the configured planes, or on the current kubeconfig context.

      EXAMPLES
        meshdeck demo                  the dashboard on the embedded mesh
        meshdeck get splits -A         every weighted route with its three truths
        meshdeck canary set reviews v1=70 v2=30
                                       shift a canary, through a plan
        meshdeck mtls set namespace/shop STRICT --dry-run server
        meshdeck undo                  take the last plan back

      EXIT CODES
        0 done · 1 a difference or finding, or a fault of this machine
        2 usage · 3 refused by validation or policy
        4 conflict · 5 not authenticated or not permitted
        6 unreachable or timed out · 7 applied in part · 130 interrupted
      """,
    version: Version.text,
    subcommands: [
      DashboardCommand.self, Demo.self, Planes.self, Get.self, Describe.self, Graph.self, Top.self, RouteCommand.self,
      Canary.self, MTLS.self, OwnerCommand.self, Analyze.self, PlanCommand.self, Diff.self, Apply.self, History.self,
      Undo.self,
      Confirm.self,
      Completion.self, VersionCommand.self,
    ],
    defaultSubcommand: DashboardCommand.self)

  static func main() async {
    boundHeap()
    hardenProcess()
    // A file that reached its limit is an error to tell, not a death.
    signal(SIGXFSZ, SIG_IGN)
    let exitCode = await run(Array(CommandLine.arguments.dropFirst()))
    // Not `exit`: what it tears down, such as OpenSSL's tables, is still in use on the network's thread.
    fflush(nil)
    _exit(exitCode)
  }

  /// Runs the command line and gives the exit code (design: exit codes).
  static func run(_ arguments: [String]) async -> Int32 {
    let verbose = arguments.contains("-v") || arguments.contains("--verbose")
    do {
      var command = try parseAsRoot(settled(arguments))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return 0
    } catch {
      return ErrorReport.tell(error, verbose: verbose) {
        self.exitCode(for: $0) == .success
      } full: {
        self.fullMessage(for: $0)
      }
    }
  }
}

extension Meshdeck {
  /// The arguments with the global options that stand before the command moved behind it, where the parser wants them.
  static func settled(_ arguments: [String]) -> [String] {
    let valued = [
      "-p", "--plane", "-n", "--namespace", "--context", "--config", "-o", "--output", "--timeout", "--record",
      "--replay",
    ]
    let plain = ["-A", "--all-namespaces", "--read-only", "--no-color", "-v", "--verbose"]
    var leading = 0
    while leading < arguments.count {
      let word = arguments[leading]
      if valued.contains(word) {
        leading += 2
      } else if plain.contains(word) || valued.contains(where: { word.hasPrefix($0 + "=") }) {
        leading += 1
      } else {
        break
      }
    }
    // A command takes them at its end, but before a `--` that ends all options.
    guard leading > 0, leading < arguments.count, !arguments[leading].hasPrefix("-") else { return arguments }
    let command = arguments[leading...]
    let end = command.firstIndex(of: "--") ?? command.endIndex
    return Array(command[..<end] + arguments[..<leading] + command[end...])
  }
}

/// An ending that is no error and not success either: a difference, a finding.
struct Ending: Error {
  let code: Int32
}
