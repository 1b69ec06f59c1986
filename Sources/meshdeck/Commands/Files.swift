import ArgumentParser
import Foundation
import MeshKit

/// `meshdeck plan -f INTENT`.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Make a plan from an intent or from native objects, and write it down.",
    discussion: """
      An intent is JSON or YAML such as
        {"set": "weights", "route": "prod/shop/virtualservice/reviews",
         "weights": {"v1": 70, "v2": 30}}
      Native objects (YAML, several documents) work too. With -o json the plan
      is a file that `meshdeck apply -f` accepts, preconditions included.

      All of a file is one plan: what is referred to is written first, what is
      taken away last, and where a step fails the steps before it are taken back.

      EXAMPLES
        meshdeck plan -f intent.yaml -o json > plan.json
        meshdeck apply -f plan.json
      """)

  @Option(name: .shortAndLong, help: "The file, or - for standard input.", completion: .file())
  var file: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let deck = try await options.connect(isInputFree: file != InputFile.standardInput)
    try await options.load(deck)
    let run = PlanRun(deck: deck, options: options)
    var plans: [Plan] = []
    for plan in try await InputFile(path: file).plans(in: deck, options: options) {
      plans.append(try await Deadline.run(options.timeout) { try await deck.rehearse(plan) })
    }
    try run.show(plans)
  }
}

/// `meshdeck diff -f FILE`.
struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show what applying a file would change; exit 1 where it would change anything.",
    discussion: """
      EXAMPLES
        meshdeck diff -f virtualservice.yaml
        kubectl get vs reviews -o yaml | meshdeck diff -f -
      """)

  @Option(name: .shortAndLong, help: "The file, or - for standard input.", completion: .file())
  var file: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let deck = try await options.connect(isInputFree: file != InputFile.standardInput)
    try await options.load(deck, truths: false)
    let run = PlanRun(deck: deck, options: options)
    var plans: [Plan] = []
    for plan in try await InputFile(path: file).plans(in: deck, options: options) where !plan.steps.isEmpty {
      plans.append(try await Deadline.run(options.timeout) { try await deck.current(plan) })
    }
    if plans.isEmpty { return Console.note("no difference") }
    try run.show(plans)
    throw Ending(code: 1)
  }
}

/// `meshdeck apply -f FILE`.
struct Apply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Apply a plan, an intent or native objects from a file.",
    discussion: """
      All of a file is one plan: what is referred to is written first, what is taken away last, and where a step fails
      the steps before it are taken back. `meshdeck undo` takes back the whole.

      EXAMPLES
        meshdeck apply -f plan.json
        meshdeck apply -f virtualservice.yaml --dry-run server
        meshdeck get splits -A -o json | transform | meshdeck apply -f - -y
      """)

  @Option(name: .shortAndLong, help: "The file, or - for standard input.", completion: .file())
  var file: String

  @OptionGroup var write: WriteOptions
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let deck = try await options.connect(isInputFree: file != InputFile.standardInput)
    try await options.load(deck)
    let run = PlanRun(deck: deck, options: options, write: write)
    let plans = try await InputFile(path: file).plans(in: deck, options: options)
    for plan in plans where plan.steps.isEmpty { Console.note("nothing to do: \(plan.summary) is how it is") }
    try await run.run(plans.filter { !$0.steps.isEmpty })
  }
}
