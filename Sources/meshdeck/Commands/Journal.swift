import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck history`.
struct History: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.history.rawValue, abstract: "List the plans applied from here, newest first.",
    discussion: """
      EXAMPLES
        meshdeck history
        meshdeck history -n shop                what wrote in a namespace
        meshdeck history pt1abc2 -o json        one plan, whole
      """)

  @Argument(help: "One plan, by its id.")
  var id: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let meant = try MeantPlans(options)
    let journal = try Deck.journal()
    var receipts = try journal.receipts()
    if let id {
      receipts = receipts.filter { $0.plan.id == id }
      if receipts.isEmpty { throw MeshError(.notFound, "the journal holds no plan \(id)") }
    }
    receipts.removeAll { !meant.includes($0.plan) }
    let console = options.console
    switch options.output {
    case .json, .yaml:
      var writer = ListWriter(kind: "ReceiptList")
      for receipt in receipts { writer.append(receipt) }
      try console.write(list: writer.finish([]), as: options.output)
    case .name: for receipt in receipts { try console.line(receipt.plan.id) }
    case .table, .wide:
      if id != nil, let receipt = receipts.first {
        try PlanSheet(console: console).write(receipt.plan)
        try console.line(
          "\(receipt.result.rawValue) at \(receipt.at.rfc3339) by \(receipt.author)\(receipt.reason.isEmpty ? "" : ": \(receipt.reason)")"
        )
        if let error = receipt.error { try console.line(error) }
        return
      }
      var table = TextTable(console, ["!ID", "!AT", "BY", "RESULT", "WHAT", "WHY"])
      for receipt in receipts {
        table.row([
          receipt.plan.id, receipt.at.rfc3339, receipt.author, receipt.result.rawValue, receipt.plan.summary,
          receipt.reason,
        ])
      }
      try table.write()
    }
    let unreadable = try journal.entries().unreadable
    if unreadable > 0 { Console.note("\(unreadable) lines of \(journal.path) cannot be read and were passed over") }
  }
}

/// `meshdeck undo`.
struct Undo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Take a plan back exactly; refuses where somebody changed since what it set.",
    discussion: """
      EXAMPLES
        meshdeck undo                the newest plan that was applied
        meshdeck undo -n shop        the newest that wrote there
        meshdeck undo pt1abc2 -y --wait
      """)

  @Argument(help: "The plan, by its id; the newest applied unless given, with -n or -p of those.")
  var id: String?

  @OptionGroup var write: TakeBackOptions
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let meant = try MeantPlans(options)
    let deck = try await options.connect()
    let receipt = try deck.undoable(id, where: meant.includes)
    try await PlanRun(deck: deck, options: options, write: write).takeBack(receipt)
  }
}
