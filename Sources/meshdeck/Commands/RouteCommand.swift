import ArgumentParser
import Dashboard
import Foundation
import MeshKit

/// `meshdeck route`.
struct RouteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "route", abstract: "Show and change the rules of routes: timeouts, retries, faults, mirrors, headers.",
    discussion: """
      EXAMPLES
        meshdeck route show reviews
        meshdeck route set reviews --rule primary --request-timeout 3s
      """,
    subcommands: [Show.self, Set.self, Edit.self, Create.self, Delete.self], defaultSubcommand: Show.self)

  /// `meshdeck route show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show the rules of a route in the order proxies try them.",
      discussion: """
        EXAMPLES
          meshdeck route show reviews
          meshdeck route show -A
        """)

    @Argument(help: "The route, by name; all routes unless given.")
    var name: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      let truths = name != nil && options.output != .json && options.output != .yaml
      try await options.load(deck, truths: truths)
      let view = await deck.view
      guard let name, options.output == .table || options.output == .wide else {
        return try Listing(kind: .routes, name: name, namespace: options.namespace(of: deck), options: options).write(
          view)
      }
      let route = try Lookup.route(name, in: view, namespace: options.namespace)
      try RuleSheet(console: options.console).write(route, in: view)
    }
  }

  /// `meshdeck route set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract: "Change the settings of one rule through a plan; what is not named stays, `none` takes a setting away.",
      discussion: """
        EXAMPLES
          meshdeck route set reviews --rule primary --request-timeout 3s --retries 2
          meshdeck route set cart --rule 0 --abort 503 --abort-percent 10
          meshdeck route set reviews --rule primary --mirror reviews:v3
          meshdeck route set reviews --rule primary --request-timeout none --fault none
          meshdeck route set reviews --rule primary --set-header x-canary=true
        """)

    @Argument(help: "The route, by name.")
    var route: String

    @Option(help: "The rule, by name or by its number from 0.")
    var rule: String?

    @OptionGroup(title: "Settings") var settings: RuleOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let (deck, route) = try await options.route(route)
      try await PlanRun(deck: deck, options: options, write: write)
        .run(.rule(try settings.typed.intent(for: route, rule: rule)))
    }
  }

  /// `meshdeck route edit`.
  struct Edit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "edit", abstract: "Edit the native object in $EDITOR; validated on return, applied through a plan.",
      discussion: """
        EXAMPLES
          meshdeck route edit reviews
          EDITOR=nano meshdeck route edit reviews -n shop
        """)

    @Argument(help: "The route, by name.")
    var route: String

    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let (deck, route) = try await options.route(route)
      let native = try await Deadline.run(options.timeout) {
        try await deck.connection(route.ref.plane).control.native(route.ref)
      }
      guard let edited = try await ExternalEditor(environment: ProcessInfo.processInfo.environment).edit(native) else {
        return Console.note("not changed")
      }
      do { try await PlanRun(deck: deck, options: options, write: write).run(.object(edited.intent)) } catch {
        Console.note("what you wrote is kept in \(edited.text)")
        throw error
      }
      if write.common.dryRun == nil { ExternalEditor.discard(edited.text) }
    }
  }

  /// `meshdeck route create`.
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create", abstract: "Create routes from a file through a plan.",
      discussion: """
        EXAMPLES
          meshdeck route create -f virtualservice.yaml
          cat virtualservice.yaml | meshdeck route create -f - -y
        """)

    @Option(name: .shortAndLong, help: "The file, or - for standard input.", completion: .file())
    var file: String

    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect(isInputFree: file != InputFile.standardInput)
      try await options.load(deck)
      let plans = try await InputFile(path: file).plans(in: deck, options: options)
      for plan in plans {
        let made = plan.steps.filter { if case .create = $0.write { true } else { false } }.map(\.object)
        for intent in [plan.intent] + plan.furtherIntents {
          var wanted: ObjectRef?
          if case .object(let intent) = intent { wanted = intent.ref }
          if let wanted, made.contains(wanted) { continue }
          throw MeshError(.refused, "it is there already", object: wanted, remedy: "use `meshdeck apply -f`")
        }
      }
      try await PlanRun(deck: deck, options: options, write: write).run(plans)
    }
  }

  /// `meshdeck route delete`.
  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Delete a route through a plan that can be taken back.",
      discussion: """
        EXAMPLES
          meshdeck route delete reviews -n shop
          meshdeck route delete reviews --dry-run server
        """)

    @Argument(help: "The route, by name.")
    var route: String

    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let (deck, route) = try await options.route(route)
      try await PlanRun(deck: deck, options: options, write: write).run(.delete(route.ref))
    }
  }
}
