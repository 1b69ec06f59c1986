/// The front door: the configured planes as one mesh that can be read, followed, and edited through plans.
///
/// ```swift
/// let deck = try await Deck.connect()
/// try await deck.load()
/// for split in await deck.view.splits() { print(split.host, split.backends.map(\.name)) }
/// ```
public struct Deck: Sendable {
  /// The live store.
  public let live: LiveMesh
  /// The record of plans applied from here.
  public let journal: Journal
  /// The configuration it was made from.
  public let configuration: Configuration
  /// Who is written into receipts.
  public let author: String
  private let session = WriteSwitch()

  /// Creates a deck of connections made by the caller.
  public init(
    _ connections: [PlaneConnection], journal: Journal, configuration: Configuration = Configuration(),
    author: String = "meshdeck", window: Double = 60, interval: Double = 5
  ) {
    live = LiveMesh(connections, window: window, interval: interval)
    self.journal = journal
    self.configuration = configuration
    self.author = author
  }

  /// Where the findings are kept that are ignored, beside the journal.
  public var ignoreFile: IgnoreFile { IgnoreFile(directory: journal.directory) }

  /// Everything known now.
  public var view: MeshView { get async { await live.current() } }

  /// Reads configuration, traffic and proxies of every plane once.
  ///
  /// Fails only where not one plane could be read; a plane that failed among others stands in ``MeshView/planes``.
  public func load(_ kinds: Set<ObjectKind>? = nil, namespace: String? = nil, truths: Bool = true)
    async throws(MeshError)
  {
    await live.reconsider()
    let measuring = truths ? Task { await live.measure() } : nil
    let failure = await withTaskCancellationHandler {
      await live.load(kinds, namespace: namespace)
      let planes = await live.current().planes
      if let error = await live.failure, planes.allSatisfy({ $0.state == .down }) { return MeshError?.some(error) }
      if truths { await live.readProxies() }
      await measuring?.value
      return nil
    } onCancel: {
      measuring?.cancel()
    }
    guard let failure else { return }
    // What has no configuration needs no measurements.
    measuring?.cancel()
    throw failure
  }

  /// Asks proxies once for the TLS contexts they run, after ``load(_:namespace:truths:)``: what ``MeshView/mtlsMatrix(plane:namespace:)``
  /// and ``MeshView/mtlsRows(plane:namespace:)`` show as programmed. A following deck asks by itself.
  public func readProxyTLS(namespace: String? = nil) async { await live.readProxyTLS(namespace: namespace) }

  /// Asks the control planes behind proxies once what they hold and what troubles them, after ``load(_:namespace:truths:)``:
  /// what ``MeshView/disagreements(plane:namespace:)`` tells of them. A following deck asks by itself.
  public func readDistribution() async { await live.readDistribution() }

  /// The views of the mesh as it changes, coalesced; the first comes at once.
  public func follow() async -> AsyncStream<MeshView> {
    await live.start()
    return await live.views()
  }

  /// The connection of a plane.
  public func connection(_ plane: PlaneName) throws(MeshError) -> PlaneConnection {
    guard let connection = live.connections.first(where: { $0.name == plane }) else {
      let known = live.connections.map(\.name).joined(separator: ", ")
      throw MeshError(.notFound, "there is no plane \(plane)", remedy: "known are: \(known)")
    }
    return connection
  }

  /// The plan of an intent, over what is known now.
  public func plan(_ intent: Intent) async throws(MeshError) -> Plan { try await plan([intent]) }

  /// The one plan of several intents of a plane, whose steps come in the order in which they rest on each other.
  public func plan(_ intents: [Intent]) async throws(MeshError) -> Plan {
    guard let plane = intents.first?.plane, intents.allSatisfy({ $0.plane == plane }) else {
      throw MeshError(.usage, "a plan is for one plane", remedy: "plan the intents of each plane on their own")
    }
    return try await Planner(connection(plane).control).plan(intents, in: live.current())
  }

  /// A plan that was made elsewhere, such as one of a file, with its risk as its steps tell it here and now.
  public func weighed(_ plan: Plan) async throws(MeshError) -> Plan {
    try await Planner(connection(plan.intent.plane).control).weighed(plan, in: live.current())
  }

  /// A plan that was made elsewhere, with its steps on the objects as they are now; a conflict where somebody changed since
  /// what a step changes.
  public func current(_ plan: Plan) async throws(MeshError) -> Plan {
    try await Planner(connection(plan.intent.plane).control).current(plan)
  }

  /// The intent that fixes a finding whose fix takes no decision, from its object as it is now.
  public func intent(fixing finding: Finding) async throws(MeshError) -> ObjectIntent {
    let native = try await connection(finding.object.plane).control.native(finding.object)
    return try await live.current().fix(finding, in: native)
  }

  /// The plan with the server's verdict on each step; refused where it was made for another cluster.
  public func rehearse(_ plan: Plan) async throws(MeshError) -> Plan {
    let control = try connection(plan.intent.plane).control
    try await control.accept(plan)
    return await Planner(control).rehearsed(plan, isReadOnly: isReadOnly(plan.intent.plane))
  }

  /// Applies a plan; what became of it stands in the receipt.
  ///
  /// A plan that would break callers, or of which it cannot be told who would break, or that brings errors to the
  /// configuration, is refused unless `force` is said: ``MeshModel/Plan/risk`` tells what speaks against it.
  ///
  /// - Parameters:
  ///   - wait: The seconds to wait until the proxies concerned acknowledged; one that rejects takes the plan back.
  ///   - confirmWithin: The seconds in which it is to be confirmed; call ``settle(_:progress:)`` with the receipt then.
  public func apply(
    _ plan: Plan, reason: String = "", force: Bool = false, wait: Double? = nil, confirmWithin: Double? = nil,
    progress: @escaping @Sendable (Executor.Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    try checkWritable(plan.intent.plane)
    if !force, let risk = plan.risk { throw risk.refusal(plane: plan.intent.plane, unless: "apply it with force") }
    return try await executor(plan.intent.plane).apply(
      plan, reason: reason, wait: wait, confirmWithin: confirmWithin, progress: progress)
  }

  /// Takes an applied plan back: the one of an id, or the newest that was applied and not taken back.
  ///
  /// - Parameters:
  ///   - wait: The seconds to wait until the proxies concerned acknowledged; one that rejects leaves the plan applied.
  public func undo(
    _ id: String? = nil, reason: String = "", wait: Double? = nil,
    progress: @escaping @Sendable (Executor.Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    let receipt = try undoable(id)
    try checkWritable(receipt.plan.intent.plane)
    let executor = try executor(receipt.plan.intent.plane)
    // Whoever waits for its confirmation learns that it is being taken back already, once it is known that it can be.
    if receipt.confirmBy != nil, receipt.result == .applied {
      _ = try await executor.undoPlan(receipt)
      _ = try journal.decide(.expired, on: receipt)
    }
    return try await executor.undo(receipt, reason: reason, wait: wait, progress: progress)
  }

  /// The plan that would take a receipt back, from the objects as they are now; nothing is written.
  public func undoPlan(of receipt: Receipt) async throws(MeshError) -> Plan {
    try await executor(receipt.plan.intent.plane).undoPlan(receipt)
  }

  /// Whether nothing may be written to a plane.
  public func isReadOnly(_ plane: PlaneName) -> Bool { configuration.refusesWrites(to: plane) || session.isRefusing }

  /// Refuses writes to every plane from now on, or allows again those that the configuration allows; for this deck and its
  /// copies. It holds for plans that are applied, rehearsed or taken back, those that nobody confirmed in time among them.
  public func refuseWrites(_ refuses: Bool) { session.isRefusing = refuses }

  private func checkWritable(_ plane: PlaneName) throws(MeshError) {
    guard isReadOnly(plane) else { return }
    throw MeshError(
      .refused, "read-only: nothing is written", plane: plane,
      remedy: configuration.refusesWrites(to: plane)
        ? "start without --read-only, or take readOnly out of the configuration"
        : "it was switched on in this session: switch it off again")
  }

  /// The receipt that ``undo(_:reason:wait:progress:)`` would take back; without an id, of the plans that are meant.
  public func undoable(
    _ id: String? = nil, where isMeant: (Plan) -> Bool = { _ in true }
  ) throws(MeshError) -> Receipt {
    try journal.receipts().undoable(id, remedy: "see `meshdeck history`", where: isMeant)
  }

  private func executor(_ plane: PlaneName) throws(MeshError) -> Executor {
    Executor(control: try connection(plane).control, journal: journal, author: author)
  }
}
