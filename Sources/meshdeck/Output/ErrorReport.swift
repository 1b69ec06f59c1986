import ArgumentParser
import Foundation
import MeshKit

/// Tells an error in one line on standard error and gives the exit code.
enum ErrorReport {
  /// What other programs take credentials by.
  private static let credentials = ["--token", "--bearer-token", "--password", "--client-key"]

  static func tell(
    _ error: any Error, verbose: Bool, isSuccess: (any Error) -> Bool, full: (any Error) -> String
  ) -> Int32 {
    switch error {
    case let ending as Ending: return ending.code
    case let error as MeshError:
      Console.note("meshdeck: \(error.description)")
      if verbose, let underlying = error.underlying { Console.note("  because: \(underlying)") }
      return error.exitCode
    case is CancellationError:
      return 130
    case let error as WriteFailure:
      Console.note("meshdeck: \(error)")
      return 1
    default:
      let message = full(error)
      if isSuccess(error) {
        // Help and version: data, so to standard output.
        let console = Console(noColor: true)
        try? console.write(Array((message + "\n").utf8))
        return 0
      }
      for line in message.split(separator: "\n", omittingEmptySubsequences: false) { Console.note(String(line)) }
      if credentials.contains(where: { message.contains("Unknown option '\($0)'") }) {
        Console.note(
          "Credentials are never arguments, which every user of a machine can read: they come from the kubeconfig, a file or a variable (see `meshdeck planes add --help`)."
        )
      }
      return error is ExitCode ? (error as? ExitCode)?.rawValue ?? 1 : 2
    }
  }
}
