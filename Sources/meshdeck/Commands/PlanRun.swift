import Foundation
import MeshKit

/// The one way a command changes anything: plan, show, rehearse, ask, apply, report.
struct PlanRun {
  let deck: Deck
  let options: GlobalOptions
  var write = TakeBackOptions()
  /// Whether a plan is applied whatever its risk.
  var force = false
  /// The time in which a plan is to be confirmed.
  var confirm: Interval?

  private var console: Console { options.console }
  private var isText: Bool { options.output == .table || options.output == .wide }

  /// Plans an intent and carries it out as the options say.
  func run(_ intent: Intent) async throws {
    let deck = deck
    let plan = try await Deadline.run(options.timeout) { try await deck.plan(intent) }
    if plan.steps.isEmpty {
      Console.note("nothing to do: \(plan.summary) is how it is")
      return
    }
    try await run(plan)
  }

  /// Carries a plan out as the options say.
  func run(_ plan: Plan) async throws { try await run([plan]) }

  /// Carries plans out as the options say, one plane after another; nothing is written before the servers accepted all.
  func run(_ plans: [Plan]) async throws {
    if write.dryRun == .client { return try plans.forEach(show) }
    if confirm != nil, plans.count > 1 {
      throw MeshError(
        .usage, "--confirm is for one plane, these are \(plans.count)", remedy: "apply what is for each on its own")
    }
    for plan in plans where deck.isReadOnly(plan.intent.plane) {
      throw MeshError(
        .refused, "read-only: nothing is written, and a dry run of the server is a request to write",
        plane: plan.intent.plane, remedy: "look with --dry-run=client")
    }
    var rehearsed: [Plan] = []
    for plan in plans { rehearsed.append(try await rehearse(plan)) }
    if write.dryRun == .server { return try rehearsed.forEach(show) }
    if isText { try rehearsed.forEach(show) }
    if !force, let risky = rehearsed.first(where: { $0.risk != nil }), let risk = risky.risk {
      throw risk.refusal(plane: risky.intent.plane, unless: "say --force")
    }
    if !write.yes { try ask() }
    if let confirm, let plan = rehearsed.first { return try await run(plan, confirmWithin: confirm) }
    var applied: [String] = []
    for plan in rehearsed {
      do {
        applied.append(try await apply(plan))
      } catch {
        guard !applied.isEmpty, (error as? Ending)?.code != 130 else { throw error }
        if let error = error as? MeshError { Console.note("meshdeck: \(error.description)") }
        let undos = applied.map { "meshdeck undo \($0)" }.joined(separator: "; ")
        Console.note("meshdeck: what was for other planes is applied; take it back with: \(undos)")
        throw Ending(code: 7)
      }
    }
  }

  /// Applies a plan for good; answers what it is called in the journal.
  private func apply(_ plan: Plan) async throws -> String {
    let (deck, reason, force, wait) = (deck, write.reason, force, wait)
    let (receipt, wasInterrupted) = try await Interruption.awaited {
      try await deck.apply(plan, reason: reason, force: force, wait: wait, progress: Progress.notes(plan.steps.count))
    }
    try report(receipt, wasInterrupted: wasInterrupted)
    return receipt.plan.id
  }

  /// The plan with the server's verdicts; a refusal is thrown with the code it deserves.
  private func rehearse(_ plan: Plan) async throws -> Plan {
    let deck = deck
    let rehearsed = try await Deadline.run(options.timeout) { try await deck.rehearse(plan) }
    guard let refusal = rehearsed.verdicts.first(where: { $0.accepted == false }) else { return rehearsed }
    if isText { try show(rehearsed) }
    let code = refusal.failure ?? .refused
    let remedy: String? =
      switch code {
      case .conflict: "somebody changed it since it was read: look at it and plan again"
      case .forbidden, .unauthenticated: "ask for the permission, or use another context"
      default: nil
      }
    throw MeshError(
      code, "the server refuses step \(refusal.step + 1), nothing was written: \(refusal.message)",
      object: rehearsed.steps.indices.contains(refusal.step) ? rehearsed.steps[refusal.step].object : nil,
      remedy: remedy)
  }

  /// Writes a plan in the form asked for.
  func show(_ plan: Plan) throws {
    switch options.output {
    case .json, .yaml: try console.write(plan.json, as: options.output)
    case .name: try console.line(plan.id)
    case .table, .wide: try PlanSheet(console: console).write(plan)
    }
  }

  /// Writes plans: one as itself, several as a list, which `apply -f` reads too.
  func show(_ plans: [Plan]) throws {
    guard plans.count > 1, options.output == .json || options.output == .yaml else { return try plans.forEach(show) }
    let list: JSONValue = ["apiVersion": "v1", "kind": "List", "items": .array(plans.map(\.json))]
    try console.write(list, as: options.output)
  }

  /// Writes a receipt, and ends with the exit code it deserves.
  func report(_ receipt: Receipt, wasInterrupted: Bool = false) throws {
    do { try write(receipt) } catch {
      // What is done is done, whether its report can be read or not.
      Console.note(
        "meshdeck: \(receipt.plan.id): \(receipt.result.rawValue); see `meshdeck history \(receipt.plan.id)`")
      throw error
    }
    guard receipt.result != .applied else {
      if let gap = receipt.error { Console.note("meshdeck: \(gap)") }
      guard wasInterrupted else { return try tell(receipt.acknowledgement, of: receipt) }
      Console.note(
        "meshdeck: interrupted when it was applied already; take it back with: meshdeck undo \(receipt.plan.id)")
      throw Ending(code: 130)
    }
    let states = receipt.plan.steps.enumerated().map {
      "step \($0.offset + 1) \($0.element.object): \($0.element.state.rawValue)"
        + ($0.element.state == .rolledBack ? ", it is as it was before" : "")
    }
    Console.note("meshdeck: \(receipt.error ?? "the plan did not go through")")
    for state in states { Console.note("  \(state)") }
    switch receipt.result {
    case .rolledBack where receipt.failure == .cancelled: throw Ending(code: 130)
    case .partial, .unknown, .rolledBack: throw Ending(code: 7)
    default: throw Ending(code: Self.exitCode(of: receipt))
    }
  }

  func write(_ receipt: Receipt) throws {
    switch options.output {
    case .json, .yaml: try console.write(receipt.json, as: options.output)
    case .name: try console.line(receipt.plan.id)
    case .table, .wide:
      if receipt.wroteNothing {
        try console.line("\(receipt.plan.id): nothing to write, all was as before already; it counts as taken back")
      } else if receipt.result == .applied {
        try console.line("applied \(receipt.plan.id); take it back with: meshdeck undo \(receipt.plan.id)")
      }
    }
  }

  private static func exitCode(of receipt: Receipt) -> Int32 {
    receipt.failure?.exitCode ?? 6
  }

  func ask() throws {
    guard isatty(STDIN_FILENO) == 1 else {
      throw MeshError(
        .usage, "nobody can be asked: standard input is no terminal", remedy: "say --yes to apply, or --dry-run to look"
      )
    }
    _ = Array("apply? [y/N] ".utf8).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    guard let answer = readLine()?.lowercased(), answer == "y" || answer == "yes" else {
      throw MeshError(.cancelled, "not applied")
    }
  }
}

extension PlanRun {
  /// Creates one that applies as the options say.
  init(deck: Deck, options: GlobalOptions, write: WriteOptions) {
    self.init(deck: deck, options: options, write: write.common, force: write.force, confirm: write.confirm)
  }

  /// The seconds to wait until the proxies concerned acknowledged; `nil` does not wait.
  var wait: Double? { write.wait ? options.timeout.seconds : nil }

  /// Takes an applied plan back as the options say.
  func takeBack(_ receipt: Receipt) async throws {
    let isText = options.output == .table || options.output == .wide
    if isText {
      try options.console.line(
        "undo \(receipt.plan.id): \(receipt.plan.summary) (\(receipt.at.rfc3339) by \(receipt.author))")
    }
    if write.dryRun == .client { return try show(receipt.reversed) }
    let (deck, reason, wait) = (deck, write.reason, wait)
    let plane = receipt.plan.intent.plane
    if deck.isReadOnly(plane) {
      throw MeshError(.refused, "read-only: nothing is written", plane: plane, remedy: "look with --dry-run=client")
    }
    let undo = try await Deadline.run(options.timeout) { try await deck.undoPlan(of: receipt) }
    if write.dryRun == .server { return try show(try await rehearse(undo)) }
    if !write.yes { try ask() }
    let (undone, wasInterrupted) = try await Interruption.awaited {
      try await deck.undo(receipt.plan.id, reason: reason, wait: wait, progress: Progress.notes(undo.steps.count))
    }
    try report(undone, wasInterrupted: wasInterrupted)
  }
}

extension Receipt {
  /// The plan that takes this one back, as far as it can be told without reading.
  fileprivate var reversed: Plan {
    var plan = plan
    plan.summary = "undo: \(plan.summary)"
    plan.steps = plan.steps.reversed().map { step in
      var undo = step
      undo.write = step.inverse
      undo.inverse = step.write
      undo.before = step.after
      undo.after = step.before
      return undo
    }
    return plan
  }
}
