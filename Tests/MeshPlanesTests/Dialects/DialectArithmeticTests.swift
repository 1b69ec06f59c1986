import MeshModel
import Testing

@testable import MeshPlanes

/// The weight rules of each plane: what is taken, what is refused and in which words.
@Suite struct DialectArithmeticTests {
  /// The object an edit is tried on.
  enum Subject: String, Sendable { case gateway, linkerd, smi, quantity, knative }

  static func text(_ subject: Subject) -> (object: String, names: [String]) {
    switch subject {
    case .gateway: (DialectFixtures.httpRoute, ["api-v1", "api-v2"])
    case .linkerd:
      (
        DialectFixtures.httpRoute.replacing("gateway.networking.k8s.io/v1", with: "policy.linkerd.io/v1beta3"),
        ["api-v1", "api-v2"]
      )
    case .smi: (DialectFixtures.split("v1alpha4", "75", "25"), ["site-v1", "site-v2"])
    case .quantity: (DialectFixtures.split("v1alpha1", "\"900m\"", "\"100m\""), ["site-v1", "site-v2"])
    case .knative: (DialectFixtures.knativeService, ["thumb-1", "latest"])
    }
  }

  @Test(
    arguments: [
      (.gateway, [9, 1], ""), (.gateway, [0, 5], ""), (.gateway, [0, 0], ""), (.gateway, [300, 100], ""),
      (.gateway, [1_000_000, 1], ""), (.gateway, [1_000_001, 1], "weight 1000001 is above 1000000"),
      (.gateway, [-1, 2], "weight -1 is below 0"), (.linkerd, [70, 30], ""),
      (.linkerd, [1_000_001, 0], "weight 1000001 is above 1000000"), (.smi, [1000, 500], ""), (.smi, [0, 1], ""),
      (.smi, [-5, 105], "weight -5 is below 0"), (.quantity, [500, 1500], ""),
      (.quantity, [-1, 1], "weight -1 is below 0"),
      (.knative, [70, 30], ""), (.knative, [100, 0], ""), (.knative, [60, 30], "Traffic targets sum to 90, want 100"),
      (.knative, [80, 30], "Traffic targets sum to 110, want 100"),
      (.knative, [120, -20], "percent 120 is not from 0 to 100"),
      (.knative, [0, 0], "Traffic targets sum to 0, want 100"),
    ] as [(Subject, [Int], String)])
  func takesExactlyWhatThePlaneTakes(subject: Subject, weights: [Int], refusal: String) async {
    let (object, names) = Self.text(subject)
    #expect(await DialectFixtures.refusal(object, Array(zip(names, weights))) == refusal)
  }

  @Test(
    arguments: [
      (.gateway, [0.9, 0.1]), (.linkerd, [0.9, 0.1]), (.smi, [0.75, 0.25]), (.quantity, [0.9, 0.1]),
      (.knative, [0.9, 0.1]),
    ] as [(Subject, [Double])])
  func sharesFollowThePlanesOwnUnit(subject: Subject, shares: [Double]) throws {
    let object = try DialectFixtures.native(Self.text(subject).object)
    let dialect = try #require(DialectFixtures.dialects.first { $0.resources.contains { $0.kind == object.ref.kind } })
    let route = try dialect.route(of: object)
    let found = dialect.shares(of: try #require(route.rules.first))
    #expect(zip(found, shares).allSatisfy { abs($0 - $1) < 1e-9 } && found.count == 2)
  }

  @Test func aBackendWithoutAWeightHasWeightOne() throws {
    let text = DialectFixtures.httpRoute.replacing(",\"weight\":9", with: "").replacing(",\"weight\":1}", with: "}")
    let route = try GatewayAPIDialect().route(of: DialectFixtures.native(text))
    #expect(GatewayAPIDialect().shares(of: try #require(route.rules.first)) == [0.5, 0.5])
  }

  @Test(
    arguments: [
      ("\"500m\"", 500), ("\"1\"", 1000), ("2", 2000), ("\"0.25\"", 250), ("\"1k\"", 1_000_000), ("\"x\"", nil),
      ("\"0.0001\"", nil),
    ] as [(String, Int?)])
  func quantitiesAreCountedInThousandths(text: String, thousandths: Int?) throws {
    #expect(Quantity.thousandths(try JSONValue(parsing: text)) == thousandths)
  }
}
