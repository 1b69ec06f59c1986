import MeshKit

/// Lists the weighted routes; with a name, shifts ten percent of one to its second backend and follows what comes of it.
@main
struct Shift {
  static func main() async throws {
    let deck = try await Deck.connect()
    try await deck.load()
    let splits = await deck.view.splits()
    for split in splits {
      print(split.route)
      for backend in split.backends {
        let observed = backend.share.value.map { Figures.proportion($0) } ?? backend.share.reason ?? ""
        print(
          "  \(backend.name): desired \(Figures.percent(backend.desired.value?.share)), observed \(observed), \(backend.verdict)"
        )
      }
    }
    guard CommandLine.arguments.count > 1 else { return }
    guard let split = splits.first(where: { $0.route.matches(CommandLine.arguments[1]) }), split.backends.count == 2
    else {
      return print("there is no route of two backends named \(CommandLine.arguments[1])")
    }
    try await shift(split, by: 0.1, in: deck)
  }

  /// Plans, has the server judge, applies, and follows the views of the mesh until the proxies acknowledged.
  static func shift(_ split: Split, by share: Double, in deck: Deck) async throws {
    let second = min(1, (split.backends[1].desired.value?.share ?? 0) + share)
    let weight = Int((second * 100).rounded())
    let intent = Intent.weights(
      WeightsIntent(
        route: split.route, rule: split.rule,
        weights: [
          .init(backend: split.backends[0].name, weight: 100 - weight),
          .init(backend: split.backends[1].name, weight: weight),
        ]))
    let plan = try await deck.rehearse(try await deck.plan(intent))
    for line in plan.blastRadius.lines { print(line) }
    let receipt = try await deck.apply(plan, reason: "the example")
    print("\(receipt.plan.id): \(receipt.result.rawValue)")
    for await view in await deck.follow() {
      guard let now = view.splits().first(where: { $0.route == split.route && $0.ruleIndex == split.ruleIndex }) else {
        continue
      }
      let programmed = now.backends[1].programmed.value
      print("programmed on \(programmed?.acknowledged ?? 0) of \(programmed?.proxies ?? 0) proxies")
      if let programmed, programmed.weight == weight, programmed.acknowledged == programmed.proxies { break }
      if now.backends[1].programmed.reason != nil { break }
    }
    let undone = try await deck.undo(receipt.plan.id, reason: "it was only an example")
    print("taken back: \(undone.result.rawValue)")
  }
}
