import Foundation
import MeshKit

/// The one way a command changes anything: plan, show, rehearse, ask, apply, report.
struct PlanRun {
  let deck: Deck
  let options: GlobalOptions
  let write: WriteOptions

  private var console: Console { options.console }
  private var isText: Bool { options.output == .table || options.output == .wide }

  /// Plans an intent and carries it out as the options say.
  func run(_ intent: Intent) async throws {
    let plan = try await deck.plan(intent)
    if plan.steps.isEmpty {
      Console.note("nothing to do: \(plan.summary) is how it is")
      return
    }
    try await run(plan)
  }

  /// Carries a plan out as the options say.
  func run(_ plan: Plan) async throws {
    if write.dryRun == .client { return try show(plan) }
    if deck.configuration.refusesWrites(to: plan.intent.plane), write.dryRun == nil {
      throw MeshError(.refused, "read-only: nothing is written", remedy: "look with --dry-run")
    }
    let rehearsed = try await deck.rehearse(plan)
    if let refusal = rehearsed.verdicts.first(where: { $0.accepted == false }) {
      if isText { try show(rehearsed) }
      throw refusal.error(plane: plan.intent.plane)
    }
    if write.dryRun == .server { return try show(rehearsed) }
    if !write.yes {
      if isText { try show(rehearsed) }
      try ask()
    } else if isText {
      try show(rehearsed)
    }
    let receipt = try await deck.apply(rehearsed, reason: write.reason, progress: Self.progress(plan.steps.count))
    try report(receipt)
  }

  /// Writes a plan in the form asked for.
  func show(_ plan: Plan) throws {
    switch options.output {
    case .json: try console.write(JSONWriter.bytes(plan.json, indent: 2) + [0x0A])
    case .yaml: try console.write(Array(YAMLText.text(plan.json).utf8))
    case .name: try console.line(plan.id)
    case .table, .wide: try PlanSheet(console: console).write(plan)
    }
  }

  /// Writes plans: one as itself, several as a list, which `apply -f` reads too.
  func show(_ plans: [Plan]) throws {
    guard plans.count > 1, options.output == .json || options.output == .yaml else { return try plans.forEach(show) }
    let list: JSONValue = ["apiVersion": "v1", "kind": "List", "items": .array(plans.map(\.json))]
    try console.write(
      options.output == .json ? JSONWriter.bytes(list, indent: 2) + [0x0A] : Array(YAMLText.text(list).utf8))
  }

  /// Writes a receipt, and ends with the exit code it deserves.
  func report(_ receipt: Receipt) throws {
    switch options.output {
    case .json: try console.write(JSONWriter.bytes(receipt.json, indent: 2) + [0x0A])
    case .yaml: try console.write(Array(YAMLText.text(receipt.json).utf8))
    case .name: try console.line(receipt.plan.id)
    case .table, .wide:
      if receipt.result == .applied {
        try console.line("applied \(receipt.plan.id); take it back with: meshdeck undo \(receipt.plan.id)")
      }
    }
    guard receipt.result != .applied else { return }
    let states = receipt.plan.steps.enumerated().map {
      "step \($0.offset + 1) \($0.element.object): \($0.element.state.rawValue)"
    }
    Console.note("meshdeck: \(receipt.error ?? "the plan did not go through")")
    for state in states { Console.note("  \(state)") }
    switch receipt.result {
    case .partial, .unknown, .rolledBack: throw Ending(code: 7)
    default: throw Ending(code: Self.exitCode(of: receipt))
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

  private static func progress(_ steps: Int) -> @Sendable (Executor.Progress) -> Void {
    guard isatty(STDERR_FILENO) == 1 else { return { _ in } }
    return { progress in
      switch progress {
      case .writing(let step): Console.note("step \(step + 1) of \(steps): writing")
      case .written(let step): Console.note("step \(step + 1) of \(steps): written")
      case .waiting(let step, let acknowledged, let proxies):
        Console.note("step \(step + 1) of \(steps): \(acknowledged)/\(proxies) proxies acknowledged")
      case .rollingBack(let step): Console.note("step \(step + 1) of \(steps): taking back")
      }
    }
  }
}

extension PlanRun {
  /// Takes an applied plan back as the options say.
  func takeBack(_ receipt: Receipt) async throws {
    let isText = options.output == .table || options.output == .wide
    if isText {
      try options.console.line(
        "undo \(receipt.plan.id): \(receipt.plan.summary) (\(receipt.at.rfc3339) by \(receipt.author))")
    }
    if write.dryRun != nil { return try show(receipt.reversed) }
    if !write.yes { try ask() }
    let undone = try await deck.undo(receipt.plan.id, reason: write.reason)
    try report(undone)
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
