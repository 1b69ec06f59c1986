import MeshKit
import Testing

@testable import Dashboard

@Suite struct FilterTests {
  private struct Subject: FilterSubject {
    var searchText = "shop/reviews prod"
    var fields: [FilterField: FilterValue] = [
      .rps: .number(54), .err: .number(0.029), .p99: .number(310), .ns: .text("shop"), .name: .text("reviews"),
    ]
    func value(of field: FilterField) -> FilterValue? { fields[field] }
  }

  @Test(arguments: [
    ("", true), ("reviews", true), ("REVIEWS", true), ("cart", false), ("!cart", true), ("!reviews", false),
    ("shop reviews", true), ("shop cart", false), ("shop OR cart", true), ("cart or shop AND reviews", true),
    ("rps > 5", true), ("rps>54", false), ("rps >= 54", true), ("err > 1%", true), ("err > 3%", false),
    ("err > 1", true),
    ("p99 > 500", false), ("p99 > 300ms", true), ("p99 > 0.3s", true), ("rt > 300", true), ("ns = shop", true),
    ("ns = sho", false), ("ns ~ sho", true), ("ns != data", true), ("name ~ view", true), ("hide: idle", true),
    ("idle", false), ("hide: reviews", false), ("find: ns = shop hide: p99 > 300", false),
    ("find: ns = shop hide: p99 > 400", true), ("(rps > 100 OR err > 1%) AND ns = shop", true),
    ("NOT (ns = shop)", false),
    ("mtls > 50%", false), ("!mtls > 50%", true), ("\"shop/rev\"", true),
  ])
  func languageSelects(_ text: String, _ shows: Bool) throws {
    #expect(try Filter(text).matches(Subject()) == shows, "\(text)")
  }

  @Test(arguments: ["rps >", "> 5", "(a", "a)", "colour = red", "a OR", "!"])
  func whatIsNoLanguageIsRefusedWithAReason(_ text: String) {
    #expect(throws: FilterError.self) { try Filter(text) }
  }

  @Test func whatIsNoLanguageIsLookedForAsItStands() {
    #expect(!Filter.lenient("a(").matches(Subject()))
    #expect(Filter.lenient("(").isEmpty == false)
  }

  @Test func nestingIsBounded() {
    #expect(throws: FilterError.self) { try Filter(String(repeating: "(", count: 500)) }
  }
}

@Suite struct CommandTests {
  private let view = ShopMesh.view()

  @Test func wordsOfTheCommandLineAreUnderstood() throws {
    let reviews = ShopMesh.ref("shop", "virtualservice", "reviews")
    let weights = WeightsIntent(
      route: reviews, weights: [.init(backend: "v1", weight: 70), .init(backend: "v2", weight: 30)])
    #expect(try Command("canary set reviews v1=70 v2=30", in: view) == .intent(.weights(weights)))
    #expect(try Command("canary set shop/reviews v1=70 v2=30", in: view) == .intent(.weights(weights)))
    #expect(
      try Command("mtls set namespace/shop strict", in: view)
        == .intent(.mtls(MTLSIntent(plane: "prod", scope: .namespace, namespace: "shop", mode: .strict))))
    #expect(
      try Command("mtls set port/shop/cart-v1:9090 DISABLE", in: view)
        == .intent(
          .mtls(
            MTLSIntent(plane: "prod", scope: .port, namespace: "shop", workload: "cart-v1", port: 9090, mode: .disable))
        ))
    #expect(try Command("undo pt1", in: view) == .undo("pt1"))
    #expect(try Command("can", in: view) == .screen(.canaries))
    #expect(try Command("theme mono", in: view) == .theme("mono"))
    #expect(try Command("q", in: view) == .quit)
  }

  @Test(arguments: [
    "canary set", "canary set nobody v1=1", "canary set reviews v1=x", "mtls set moon STRICT", "p", "frobnicate",
    "get", "get gateways", "get moons", "get services -n", "describe", "describe route/nobody", "route set reviews",
    "route set nobody --retries 2", "route set shop/reviews --colour red", "route set shop/reviews --retries",
    "route set shop/reviews --retries many", "route set shop/reviews --abort 99", "route set shop/reviews --delay soon",
  ])
  func otherWordsAreRefused(_ line: String) {
    #expect(throws: MeshError.self) { try Command(line, in: view) }
  }

  @Test func completionOffersWhatIsThere() {
    #expect(Command.completions(of: "ca", in: view).first == "canary set ")
    #expect(Command.completions(of: "canary set re", in: view) == ["canary set reviews "])
    #expect(Command.completions(of: "canary set reviews v1=70 ", in: view).contains("canary set reviews v1=70 v2="))
    #expect(Command.completions(of: "theme mi", in: view) == ["theme midnight"])
    #expect(Command.completions(of: "route set shop/rev", in: view) == ["route set shop/reviews "])
    #expect(
      Command.completions(of: "route set reviews --request", in: view) == ["route set reviews --request-timeout "])
    #expect(Command.completions(of: "route set reviews --retries ", in: view).isEmpty, "a value comes here")
    #expect(Command.completions(of: "get sp", in: view) == ["get splits "])
    #expect(Command.completions(of: "get gate", in: view).isEmpty, "no screen lists gateways")
    #expect(Command.completions(of: "describe ro", in: view) == ["describe route/"])
    #expect(Command.completions(of: "describe route/shop/rev", in: view) == ["describe route/shop/reviews "])
  }
}

@Suite struct WeightDraftTests {
  private func draft(_ weights: [(String, Int)]) throws -> WeightDraft {
    let splits = ShopMesh.view(reviews: weights).splits(namespace: "shop")
    return WeightDraft(try #require(splits.first))
  }

  @Test func weightMovesFromAndToTheLargestOther() throws {
    var draft = try draft([("v1", 80), ("v2", 15), ("v3", 5)])
    draft.move(1, at: 1)
    #expect(draft.entries.map(\.weight) == [75, 20, 5])
    draft.move(-1, at: 2)
    #expect(draft.entries.map(\.weight) == [80, 20, 0])
    draft.move(-1, at: 2)
    #expect(draft.entries.map(\.weight) == [80, 20, 0])
    #expect(draft.total == 100)
  }

  @Test func smallWeightsMoveByOne() throws {
    var draft = try draft([("v1", 9), ("v2", 1)])
    draft.move(1, at: 1)
    #expect(draft.entries.map(\.weight) == [8, 2])
  }

  @Test func aTypedWeightKeepsTheSum() throws {
    var draft = try draft([("v1", 80), ("v2", 15), ("v3", 5)])
    draft.set(97, at: 1)
    #expect(draft.entries.map(\.weight) == [0, 97, 3])
    draft.set(1000, at: 1)
    #expect(draft.entries.map(\.weight) == [0, 100, 0])
    draft.set(0, at: 1)
    #expect(draft.total == 100)
    #expect(draft.entries[1].weight == 0)
  }
}
