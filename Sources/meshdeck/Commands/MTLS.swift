import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck mtls`.
struct MTLS: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.mtls.rawValue, abstract: "Show, check and set mutual TLS.",
    discussion: """
      EXAMPLES
        meshdeck mtls matrix -A
        meshdeck mtls set namespace/shop STRICT --dry-run server
      """,
    subcommands: [Show.self, Matrix.self, Check.self, Set.self], defaultSubcommand: Show.self)

  /// `meshdeck mtls show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.show.rawValue,
      abstract: "Show what each workload accepts by policy, what its proxy runs, and why.",
      discussion: """
        EXAMPLES
          meshdeck mtls show -A
          meshdeck mtls show cart-v1 -o wide
        """)

    @Argument(help: "The workload, by name; all unless given.")
    var name: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      let namespace = options.namespace(of: deck)
      try await Deadline.run(options.timeout) {
        try await options.read(deck)
        await deck.readProxyTLS(namespace: namespace)
      }
      try Listing(kind: .mtls, name: name, namespace: namespace, options: options).write(await deck.view)
    }
  }

  /// `meshdeck mtls matrix`.
  struct Matrix: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.matrix.rawValue,
      abstract: "Show client by server: policy, what proxies run, and what traffic did; disagreements first.",
      discussion: """
        EXAMPLES
          meshdeck mtls matrix -A
          meshdeck mtls matrix -n payments -o json
        """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      let namespace = options.namespace(of: deck)
      try await Deadline.run(options.timeout) {
        try await options.read(deck)
        await deck.readProxyTLS(namespace: namespace)
      }
      let view = await deck.view
      let pairs = view.mtlsMatrix(plane: options.plane, namespace: namespace)
      try MatrixTable(options: options).write(pairs, view, kind: "MTLSMatrix")
    }
  }

  /// `meshdeck mtls check`.
  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.check.rawValue,
      abstract: "Say what breaks now, or what would break under another mode; exit 1 where anything does.",
      discussion: """
        Without a mode it is about now: of all calls, or of those into the scope.

        Exits 0 where nothing breaks, 1 where something does, and 6 where it cannot be told, because telemetry is not
        reachable, stale or incomplete: what is not measured is not proven.

        EXAMPLES
          meshdeck mtls check                            pairs that break now
          meshdeck mtls check namespace/shop             those calls into a scope
          meshdeck mtls check namespace/shop STRICT      callers that would break
          meshdeck mtls check namespace/shop STRICT -o json   plan, blast radius
        """)

    @Argument(help: "mesh, namespace/NAME, workload/NAME or port/WORKLOAD:PORT.")
    var scope: String?

    @Argument(help: "UNSET, DISABLE, PERMISSIVE or STRICT.")
    var mode: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      try await options.load(deck)
      let view = await deck.view
      if let scope, let mode {
        let intent = try ScopeText.intent(scope, mode, in: view, options: options)
        let plan = try await Deadline.run(options.timeout) { try await deck.plan(.mtls(intent)) }
        if options.output == .json || options.output == .yaml {
          try options.console.write(plan.json, as: options.output)
        } else {
          for line in plan.blastRadius.breaks { try options.console.line("would break: \(line)") }
          for workload in plan.blastRadius.others { try options.console.line("would change too: \(workload)") }
        }
        for reason in plan.blastRadius.unknowns {
          Console.note("who \(plan.blastRadius.breaks.isEmpty ? "" : "else ")would break cannot be told: \(reason)")
        }
        if !plan.blastRadius.breaks.isEmpty { throw Ending(code: 1) }
        if !plan.blastRadius.unknowns.isEmpty { throw Ending(code: MeshError.Code.unreachable.exitCode) }
        Console.note("no caller seen in the last window would break")
      } else {
        let wanted = try scope.map { try ScopeText.intent($0, .unset, in: view, options: options) }
        let plane = wanted?.plane ?? options.plane
        let namespace = wanted == nil ? options.namespace(of: deck) : nil
        let pairs = view.mtlsMatrix(plane: plane, namespace: namespace)
          .filter { $0.needsAttention && wanted?.concerns($0, in: view) != false }
        try MatrixTable(options: options).write(pairs, view, kind: "MTLSMatrix")
        if !pairs.isEmpty { throw Ending(code: 1) }
        let unknowns = view.unknownBreaks(plane: plane)
        for reason in unknowns { Console.note("whether anything breaks cannot be told: \(reason)") }
        if !unknowns.isEmpty { throw Ending(code: MeshError.Code.unreachable.exitCode) }
      }
    }
  }

  /// `meshdeck mtls set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.set.rawValue, abstract: "Set the mode of a scope through a plan.",
      discussion: """
        A mode that refuses plaintext is not set (exit 3) where callers would break, or where it cannot be told who
        would, unless --force is said. Loosening is refused only where it would leave errors in the configuration.

        EXAMPLES
          meshdeck mtls set namespace/shop STRICT
          meshdeck mtls set workload/ledger-v1 PERMISSIVE -n payments
          meshdeck mtls set port/cart-v1:9090 DISABLE -n shop
          meshdeck mtls set mesh UNSET
        """)

    @Argument(help: "mesh, namespace/NAME, workload/NAME or port/WORKLOAD:PORT.")
    var scope: String

    @Argument(help: "UNSET, DISABLE, PERMISSIVE or STRICT.")
    var mode: String

    @OptionGroup var write: WriteOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      try await options.load(deck)
      let intent = try ScopeText.intent(scope, mode, in: await deck.view, options: options)
      try await PlanRun(deck: deck, options: options, write: write).run(.mtls(intent))
    }
  }
}

/// A scope of mTLS as typed.
enum ScopeText {
  static func intent(_ scope: String, _ typed: String, in view: MeshView, options: GlobalOptions) throws(MeshError)
    -> MTLSIntent
  {
    guard let mode = MTLSMode(rawValue: typed.uppercased()) else {
      throw MeshError(.usage, "there is no mode \(typed)", remedy: "one of UNSET, DISABLE, PERMISSIVE, STRICT")
    }
    return try intent(scope, mode, in: view, options: options)
  }

  static func intent(_ scope: String, _ mode: MTLSMode, in view: MeshView, options: GlobalOptions) throws(MeshError)
    -> MTLSIntent
  {
    let parts = scope.split(separator: "/", maxSplits: 1).map(String.init)
    let planes = view.planes.map(\.plane.name)
    func plane() throws(MeshError) -> PlaneName {
      if let plane = options.plane { return plane }
      guard planes.count == 1, let only = planes.first else {
        throw MeshError(
          .usage, "there are several planes", remedy: "say which with -p: \(planes.joined(separator: ", "))")
      }
      return only
    }
    switch (parts.first, parts.count) {
    case ("mesh", 1): return MTLSIntent(plane: try plane(), scope: .mesh, mode: mode)
    case ("namespace", 2):
      let name = parts[1]
      let known = view.snapshot.namespaces.keys
      // Who may not list namespaces is not told of any.
      guard known.isEmpty || known.contains(where: { $0.name == name }) else {
        throw MeshError(.notFound, "there is no namespace \(name)", remedy: "see `meshdeck get workloads -A`")
      }
      return MTLSIntent(plane: try plane(), scope: .namespace, namespace: name, mode: mode)
    case ("workload", 2):
      let ref = try workload(parts[1], view, options)
      return MTLSIntent(plane: ref.plane, scope: .workload, namespace: ref.namespace, workload: ref.name, mode: mode)
    case ("port", 2):
      guard let colon = parts[1].lastIndex(of: ":"), let port = Int(parts[1][parts[1].index(after: colon)...]),
        (1...65535).contains(port)
      else { throw MeshError(.usage, "\(parts[1]) is not WORKLOAD:PORT") }
      let ref = try workload(String(parts[1][..<colon]), view, options)
      return MTLSIntent(
        plane: ref.plane, scope: .port, namespace: ref.namespace, workload: ref.name, port: port, mode: mode)
    default:
      throw MeshError(
        .usage, "\(scope) is no scope", remedy: "mesh, namespace/NAME, workload/NAME or port/WORKLOAD:PORT")
    }
  }

  private static func workload(_ typed: String, _ view: MeshView, _ options: GlobalOptions) throws(MeshError)
    -> ObjectRef
  {
    try ObjectRef.one(typed, among: view.snapshot.workloads.keys, namespace: options.namespace, what: "workload")
  }
}

extension MTLSIntent {
  /// Whether a call on its plane is to what its scope holds; a scope's port is the container's.
  fileprivate func concerns(_ pair: MTLSPair, in view: MeshView) -> Bool {
    guard scope != .mesh else { return true }
    guard pair.server.namespace == namespace, scope == .namespace || pair.server.name == workload else { return false }
    let ports = view.snapshot.services[pair.service]?.ports ?? []
    return port == nil || port == ports.first { $0.port == pair.port }?.targetPort ?? pair.port
  }
}

/// The client by server matrix as a table.
struct MatrixTable {
  let options: GlobalOptions

  func write(_ pairs: [MTLSPair], _ view: MeshView, kind: String) throws {
    let console = options.console
    switch options.output {
    case .json, .yaml:
      var writer = ListWriter(kind: kind)
      for pair in pairs { writer.append(pair) }
      try console.write(list: writer.finish(view.planes, measured: view), as: options.output)
    case .name: for pair in pairs { try console.line("\(pair.client) \(pair.server):\(pair.port)") }
    case .table, .wide:
      var table = TextTable(
        console, ["SERVER:PORT", "CLIENT", "POLICY", "SENDS", "OUTCOME", "PROGRAMMED", "OBSERVED", ">RPS", "VERDICT"])
      for pair in pairs {
        let observed = pair.observed.value.map { "mTLS \(Figures.percent($0.share)) n=\(Figures.compact($0.n))" } ?? "–"
        table.row([
          console.paint("\(pair.server.shortName):\(pair.port)", .plain),
          console.paint(pair.client.shortName, .plain),
          console.paint(pair.policy.server.rawValue, .plain), console.paint(pair.policy.client, .plain),
          console.paint(pair.policy.outcome.rawValue, .plain),
          console.paint(pair.programmed.value?.outcome.rawValue ?? "–", .plain), console.paint(observed, .plain),
          console.paint(Figures.compact(pair.rps), .plain),
          console.paint(pair.verdict, pair.needsAttention ? .bad : .good),
        ])
      }
      try table.write()
      let reasons = Set(pairs.compactMap(\.programmed.reason))
      if !reasons.isEmpty {
        let more = reasons.count > 3 ? " (and \(reasons.count - 3) more; see -o json)" : ""
        Console.note("– under PROGRAMMED means unknown: \(reasons.sorted().prefix(3).joined(separator: "; "))\(more)")
      }
      for (name, traffic) in view.traffic.sorted(by: { $0.key < $1.key }) {
        if let reason = traffic.reason { Console.note("\(name): callers are not known: \(reason)") }
      }
    }
  }
}
