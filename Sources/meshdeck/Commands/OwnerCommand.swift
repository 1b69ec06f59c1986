import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck owner`.
struct OwnerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "owner",
    abstract: "Show what else writes an object, and hold it: Flagger, Argo Rollouts, Argo CD, Flux.",
    discussion: """
      EXAMPLES
        meshdeck owner show virtualservice/reviews -n shop
        meshdeck owner suspend canary/reviews -n shop
        meshdeck owner resume kustomization/apps --dry-run server
        meshdeck owner promote rollout/reviews -n shop
      """,
    subcommands: [Show.self, Suspend.self, Resume.self, Promote.self, Abort.self, Retry.self, Sync.self],
    defaultSubcommand: Show.self)

  /// `meshdeck owner show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.show.rawValue, abstract: "Show who else writes an object and what they do to an edit.",
      discussion: """
        EXAMPLES
          meshdeck owner show virtualservice/reviews -n shop
          meshdeck owner show service/ledger -o json
        """)

    @Argument(help: "KIND/NAME, or any unambiguous part of plane/namespace/kind/name.")
    var thing: String
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      try await options.load(deck, truths: false)
      let snapshot = await deck.view.snapshot
      let all =
        snapshot.routes.keys.map(\.self) + snapshot.services.keys + snapshot.destinations.keys
        + snapshot.gateways.keys + snapshot.mtlsPolicies.keys + snapshot.accessPolicies.keys + snapshot.workloads.keys
      let ref = try ObjectRef.one(
        thing, among: all, namespace: options.allNamespaces ? nil : options.namespace, what: "object")
      let owners = try await Deadline.run(options.timeout) { try await deck.owners(of: ref) }
      let console = options.console
      switch options.output {
      case .json, .yaml:
        let items = owners.map { known -> JSONValue in
          var value = known.owner.json
          switch known.isHeld {
          case .known(let held, _, _): value["held"] = .bool(held)
          case .unknown(let reason): value["held"] = ["unknown": .string(reason)]
          }
          value["consequence"] = .string(known.owner.consequence)
          return value
        }
        let list: JSONValue = [
          "apiVersion": "meshdeck/v1", "kind": "OwnerList", "object": .string(ref.description), "items": .array(items),
        ]
        try console.write(list, as: options.output)
      case .name: for known in owners { try console.line("\(known.owner.tool) \(known.owner.name)") }
      case .table, .wide:
        if owners.isEmpty { try console.line("\(ref): nobody else is known to write it") }
        for known in owners { try console.line(known.warning) }
      }
    }
  }

  /// `meshdeck owner suspend`.
  struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "suspend",
      abstract: "Hold an owner, so that it leaves its objects as they are: through a plan, with undo.",
      discussion: """
        Flagger's Canary and Flux's Kustomization and HelmRelease are suspended, a Rollout is paused at its step, and
        an Argo CD Application stops healing by itself.

        EXAMPLES
          meshdeck owner suspend canary/reviews -n shop
          meshdeck owner suspend application/shop -y
        """)

    @Argument(help: "canary/NAME, rollout/NAME, application/NAME, kustomization/NAME or helmrelease/NAME.")
    var owner: String
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws { try await OwnerCommand.run(owner, isHeld: true, write, options) }
  }

  /// `meshdeck owner resume`.
  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "resume", abstract: "Let a held owner work again.",
      discussion: """
        EXAMPLES
          meshdeck owner resume canary/reviews -n shop
        """)

    @Argument(help: "canary/NAME, rollout/NAME, application/NAME, kustomization/NAME or helmrelease/NAME.")
    var owner: String
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws { try await OwnerCommand.run(owner, isHeld: false, write, options) }
  }

  /// `meshdeck owner promote`.
  struct Promote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "promote", abstract: "Let an Argo Rollout or Flagger's Canary go on.",
      discussion: """
        The pause, or the step, that a Rollout is in ends. Of a Canary the gate it waits at is opened; one that is being
        analysed is promoted without the rest of its analysis.

        EXAMPLES
          meshdeck owner promote rollout/reviews -n shop
          meshdeck owner promote canary/reviews -n shop
        """)

    @Argument(help: "rollout/NAME or canary/NAME.")
    var owner: String
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws { try await OwnerCommand.run(owner, .promote, write, options) }
  }

  /// `meshdeck owner abort`.
  struct Abort: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "abort", abstract: "Give all traffic of an Argo Rollout back to its stable version.",
      discussion: """
        A Canary of Flagger has no field for it: the command that does it is told instead.

        EXAMPLES
          meshdeck owner abort rollout/reviews -n shop
        """)

    @Argument(help: "rollout/NAME.")
    var owner: String
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws { try await OwnerCommand.run(owner, .abort, write, options) }
  }

  /// `meshdeck owner retry`.
  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry", abstract: "Let an Argo Rollout that was aborted begin again.",
      discussion: """
        EXAMPLES
          meshdeck owner retry rollout/reviews -n shop
        """)

    @Argument(help: "rollout/NAME.")
    var owner: String
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws { try await OwnerCommand.run(owner, .retry, write, options) }
  }

  /// `meshdeck owner sync`.
  struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sync", abstract: "Have Argo CD or Flux make the cluster what Git says, now.",
      discussion: """
        EXAMPLES
          meshdeck owner sync application/shop
          meshdeck owner sync kustomization/apps -n flux-system
        """)

    @Argument(help: "application/NAME, kustomization/NAME or helmrelease/NAME.")
    var owner: String
    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws { try await OwnerCommand.run(owner, .sync, write, options) }
  }

  private static func run(
    _ typed: String, _ move: OwnerMove, _ write: WriteOptions, _ options: GlobalOptions
  ) async throws {
    try await run(typed, write, options) { deck, owner in try deck.intent(moving: owner, move) }
  }

  private static func run(
    _ typed: String, isHeld: Bool, _ write: WriteOptions, _ options: GlobalOptions
  ) async throws {
    try await run(typed, write, options) { deck, owner in try deck.intent(holding: owner, isHeld) }
  }

  private static func run(
    _ typed: String, _ write: WriteOptions, _ options: GlobalOptions,
    _ intent: @escaping @Sendable (Deck, NativeObject) throws -> Intent
  ) async throws {
    let deck = try await options.connect()
    let namespace = options.allNamespaces ? nil : options.namespace
    let wanted = try await Deadline.run(options.timeout) { () async throws -> Intent in
      try intent(deck, try await deck.owner(typed, namespace: namespace))
    }
    try await PlanRun(deck: deck, options: options, write: write).run(wanted)
  }
}
