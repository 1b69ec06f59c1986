import ArgumentParser
import Dashboard
import Foundation
import MeshKit
import TerminalUI

/// `meshdeck dashboard`, and `meshdeck` alone.
struct DashboardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "The dashboard on the configured planes (also without any command).",
    discussion: """
      EXAMPLES
        meshdeck
        meshdeck dashboard --context prod --read-only
        meshdeck dashboard --context east --context 'west-*'
      """)

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try Self.check(options)
    // The terminal is the screen's: a credential plugin that would ask in it says why it cannot.
    try await Self.open(try await options.connect(isInputFree: false), options: options)
  }

  /// Refuses what only commands heed.
  static func check(_ options: GlobalOptions) throws(MeshError) {
    guard options.record == nil, options.replay == nil else {
      throw MeshError(.usage, "the dashboard is neither recorded nor replayed", remedy: "record a command, such as get")
    }
    guard options.output == .table else {
      throw MeshError(
        .usage, "the dashboard has no form \(options.output.rawValue)",
        remedy: "say a command, such as `meshdeck get splits -o \(options.output.rawValue)`")
    }
  }

  /// Opens the dashboard on a deck and returns when the operator leaves it.
  static func open(_ deck: Deck, options: GlobalOptions) async throws {
    var terminal = TerminalOptions(environment: ProcessInfo.processInfo.environment)
    if options.noColor { terminal.color = false }
    do {
      let code = try await runDashboard(deck: deck, options: DashboardOptions(terminal: terminal))
      if code != 0 { throw Ending(code: code) }
    } catch let error as ScreenError {
      throw MeshError(.usage, "\(error)", remedy: "the commands work without a terminal: see `meshdeck --help`")
    } catch let error as ThemeError {
      throw MeshError(.usage, "\(error)")
    } catch let error as KeymapError {
      throw MeshError(.usage, "\(error)")
    }
  }
}
