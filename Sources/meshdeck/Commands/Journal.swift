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
        meshdeck history pt1abc2 -o json        one plan, whole
      """)

  @Argument(help: "One plan, by its id.")
  var id: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let journal = try Deck.journal()
    var receipts = try journal.receipts()
    if let id {
      receipts = receipts.filter { $0.plan.id == id }
      if receipts.isEmpty { throw MeshError(.notFound, "the journal holds no plan \(id)") }
    }
    if !options.planes.isEmpty {
      receipts.removeAll { receipt in
        !options.planes.contains { NamePattern.isMatch($0, receipt.plan.intent.plane) }
      }
    }
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
      var table = TextTable(console, ["ID", "AT", "BY", "RESULT", "WHAT", "WHY"])
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
        meshdeck undo pt1abc2 -y
      """)

  @Argument(help: "The plan, by its id; the newest applied unless given.")
  var id: String?

  @OptionGroup var write: WriteOptions
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let deck = try await options.connect()
    let receipt = try deck.undoable(id)
    let run = PlanRun(deck: deck, options: options, write: write)
    try await run.takeBack(receipt)
  }
}
