import ArgumentParser
import MeshKit

/// `meshdeck confirm`.
struct Confirm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm", abstract: "Let a plan stand that was applied with --confirm.",
    discussion: """
      A command with --confirm DURATION applies its plan, stays in the foreground, and takes the plan back once the time is
      over, or when it is interrupted or its terminal goes away, unless this command came first. Any terminal of the same
      user will do: both speak through the journal.

      EXAMPLES
        meshdeck canary set reviews v1=70 v2=30 --confirm 5m
        meshdeck confirm                   the newest that waits
        meshdeck confirm pt1abc2
      """)

  @Argument(help: "The plan, by its id; the newest that waits unless given, with -n or -p of those.")
  var id: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let meant = try MeantPlans(options)
    let receipt = try Deck.confirm(id, in: Deck.journal(), where: meant.includes)
    switch options.output {
    case .json, .yaml: try options.console.write(receipt.json, as: options.output)
    case .name: try options.console.line(receipt.plan.id)
    case .table, .wide: try options.console.line("confirmed \(receipt.plan.id): \(receipt.plan.summary)")
    }
  }
}

extension PlanRun {
  /// Applies a plan and takes it back unless it is confirmed in time.
  func run(_ plan: Plan, confirmWithin limit: Interval) async throws {
    let (deck, reason, force, wait) = (deck, write.reason, force, wait)
    let (outcome, wasInterrupted) = try await Interruption.awaited { () async throws -> (Receipt, Receipt?) in
      let receipt = try await deck.apply(
        plan, reason: reason, force: force, wait: wait, confirmWithin: limit.seconds,
        progress: Progress.notes(plan.steps.count))
      guard receipt.result == .applied else { return (receipt, nil) }
      let id = receipt.plan.id
      Console.note("applied \(id), for \(limit) unless confirmed: meshdeck confirm \(id)")
      return (receipt, try await deck.settle(receipt, progress: Progress.countdown(id)))
    }
    guard let undone = outcome.1 else {
      try report(outcome.0)
      return
    }
    let id = outcome.0.plan.id
    guard undone.result == .applied else {
      Console.note("meshdeck: \(id) was not confirmed and could not be taken back; it may still be applied")
      return try report(undone)
    }
    let isLate = outcome.0.confirmBy.map { $0 <= .now } ?? true
    let how = wasInterrupted ? ", interrupted" : isLate ? " in time" : ""
    Console.note("meshdeck: \(id) was not confirmed\(how): taken back")
    for (index, step) in undone.plan.steps.enumerated() {
      Console.note("  step \(index + 1) \(step.object): as it was before")
    }
    // What was done is done before anything is printed that may fail, such as on a terminal that went away.
    if options.output == .json || options.output == .yaml { try write(undone) }
    throw Ending(code: wasInterrupted ? 130 : 7)
  }

  /// Tells how many proxies run what was applied, and ends with 6 where not all are known to.
  func tell(_ acknowledgement: Acknowledgement?, of receipt: Receipt) throws {
    guard let acknowledgement else { return }
    let undo = "take it back with: meshdeck undo \(receipt.plan.id)"
    let words = acknowledgement.words(within: options.timeout.seconds)
    guard !acknowledgement.isComplete else { return Console.note(words) }
    Console.note("meshdeck: applied, but \(words); \(undo)")
    throw Ending(code: MeshError.Code.unreachable.exitCode)
  }
}
