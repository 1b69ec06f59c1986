import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck canary`.
struct Canary: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.canary.rawValue, abstract: "Show and set the weights of a split.",
    discussion: """
      EXAMPLES
        meshdeck canary show reviews
        meshdeck canary set reviews v1=70 v2=30
      """,
    subcommands: [Show.self, Set.self], defaultSubcommand: Show.self)

  /// `meshdeck canary show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.show.rawValue, abstract: "Show splits with their three truths.",
      discussion: """
        EXAMPLES
          meshdeck canary show
          meshdeck canary show reviews -n shop -o json
        """)

    @Argument(help: "The route, by name; all splits unless given.")
    var name: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      try await options.load(deck)
      try Listing(kind: .splits, name: name, namespace: options.namespace(of: deck), options: options).write(
        await deck.view)
    }
  }

  /// `meshdeck canary set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.set.rawValue, abstract: "Set the weights of a split through a plan.",
      discussion: """
        Weights are in the plane's own unit: in Istio they are proportions and need not add up to 100; in Consul they
        are percentages of two decimals, and their sum is 100.

        EXAMPLES
          meshdeck canary set reviews v1=70 v2=30
          meshdeck canary set shop/reviews v1=0 v2=1 --dry-run server
          meshdeck canary set reviews v1=9 v2=1 --rule primary -y --reason "CHG-1234"
          meshdeck canary set stock v1=97.5 v2=2.5 -p vms
        """)

    @Argument(help: "The route, by name.")
    var route: String

    @Argument(help: "BACKEND=WEIGHT, one or more; a backend not named keeps its weight.")
    var weights: [String]

    @Option(name: .customLong(CommandOption.rule.rawValue), help: "The rule, by name or by its number from 0.")
    var rule: String?

    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func validate() throws {
      for text in weights { _ = try Self.entry(text) }
    }

    func run() async throws {
      let entries = try weights.map(Self.entry)
      let deck = try await options.connect()
      try await options.load(deck)
      let route = try Lookup.weightedRoute(
        route, in: await deck.view, namespace: options.allNamespaces ? nil : options.namespace)
      guard let intent = WeightsIntent(route: route.ref, rule: rule, typed: entries) else {
        throw MeshError(.usage, "a weight is no number of at most two decimals", remedy: "write for example v2=2.5")
      }
      try await PlanRun(deck: deck, options: options, write: write).run(.weights(intent))
    }

    static func entry(_ text: String) throws -> (backend: String, weight: String) {
      guard let equals = text.lastIndex(of: "="), equals > text.startIndex else {
        throw MeshError(.usage, "\(text) is not BACKEND=WEIGHT", remedy: "write for example v2=30")
      }
      let number = text[text.index(after: equals)...]
      guard WeightText.hundredths(number) != nil else {
        throw MeshError(
          .usage, "\(number) is not a number of at most two decimals", remedy: "write for example v2=30 or v2=2.5")
      }
      return (String(text[..<equals]), String(number))
    }
  }
}
