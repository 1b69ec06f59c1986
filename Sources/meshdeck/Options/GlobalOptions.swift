import ArgumentParser
import Dashboard
import Foundation
import MeshKit

/// The forms of output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, wide, json, yaml, name
}

/// The options every command takes.
struct GlobalOptions: ParsableArguments {
  @Option(
    name: [.customShort("p"), .customLong(CommandOption.plane.rawValue)],
    help: ArgumentHelp("A plane, or a pattern; several times for several; all unless given.", valueName: "plane"))
  var planes: [String] = []

  @Option(
    name: [.customShort("n"), .customLong(CommandOption.namespace.rawValue)],
    help: "The namespace; the context's own, or all where it has none.")
  var namespace: String?

  @Flag(name: [.customShort("A"), .customLong(CommandOption.allNamespaces.rawValue)], help: "All namespaces.")
  var allNamespaces = false

  @Option(
    name: .customLong("context"),
    help: ArgumentHelp(
      "A kubeconfig context, or a pattern, in place of the configured planes; several times for several.",
      valueName: "context"))
  var contexts: [String] = []

  @Option(help: "The configuration file.", completion: .file(extensions: ["yaml"]))
  var config: String?

  @Option(name: [.customShort("o"), .customLong(CommandOption.output.rawValue)], help: "The form of output.")
  var output: OutputFormat = .table

  @Option(help: "Give up after this long, such as 10s or 2m.")
  var timeout: Interval = Interval(seconds: Executor.usualWait)

  @Flag(help: "Let no write leave the process.")
  var readOnly = false

  @Option(
    help: ArgumentHelp(
      "Add every exchange with the servers to a file, without its secrets, for `--replay`.", valueName: "file"),
    completion: .file())
  var record: String?

  @Option(
    help: ArgumentHelp(
      "Answer from a file that `--record` made, without a network; nothing is written.", valueName: "file"),
    completion: .file())
  var replay: String?

  @Flag(help: "No colours (as does NO_COLOR).")
  var noColor = false

  @Flag(name: .shortAndLong, help: "Tell what lies beneath an error.")
  var verbose = false

  /// The one plane that is named; `nil` for several or for all of the deck's.
  var plane: PlaneName? {
    guard planes.count == 1, let only = planes.first, !NamePattern.isPattern(only) else { return nil }
    return only
  }

  /// The console the options ask for.
  var console: Console { Console(noColor: noColor) }
}

/// What a command does before and after it writes.
struct WriteOptions: ParsableArguments {
  @OptionGroup var common: TakeBackOptions

  @Flag(
    help: ArgumentHelp(
      """
      Apply although callers would break, or it cannot be told who would, or no instance is ready for what moves, or \
      configuration would have errors that it has not now.
      """))
  var force = false

  @Option(
    help: ArgumentHelp(
      """
      Take it back unless `meshdeck confirm` comes within this time. The command stays in the foreground until then; an \
      interrupt, a hang-up or the deadline takes the plan back.
      """, valueName: "duration"))
  var confirm: Interval?
}

/// What of it taking back knows too: no risk holds that up, and it stands without a confirmation.
struct TakeBackOptions: ParsableArguments {
  @Option(
    defaultAsFlag: DryRun.client, parsing: .next,
    help: ArgumentHelp(
      "Only show what would be done: here (client, also without a value), or as the server judges it (server).",
      valueName: "where"))
  var dryRun: DryRun?

  @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
  var yes = false

  @Flag(help: "Wait until the proxies concerned acknowledged, up to --timeout; where one rejects, all is put back.")
  var wait = false

  @Option(help: "Why, for the journal.")
  var reason: String = ""

  /// Where a dry run is judged.
  enum DryRun: String, ExpressibleByArgument, CaseIterable { case client, server }
}
