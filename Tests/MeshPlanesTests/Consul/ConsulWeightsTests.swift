import MeshModel
import Testing

@testable import MeshPlanes

/// The arithmetic of Consul's weights: hundredths of a percent whose sum is exactly 100.00, without floating point.
@Suite struct ConsulWeightsTests {
  static let faults: [([Int], ConsulWeights.Fault?)] = [
    ([9_000, 1_000], nil), ([10_000], nil), ([10_000, 0], nil), ([9_999, 1], nil), ([3_333, 3_333, 3_334], nil),
    ([9_750, 250], nil), ([9_000, 999], .sum(9_999)), ([9_000, 1_001], .sum(10_001)),
    ([-1, 10_001], .outOfRange(-1)), ([10_001], .outOfRange(10_001)), ([0, 0], .sum(0)), ([], ConsulWeights.Fault.none),
  ]

  @Test(arguments: faults) func weightsAreTakenOrRefused(_ weights: [Int], _ fault: ConsulWeights.Fault?) {
    #expect(ConsulWeights.fault(weights) == fault)
  }

  @Test func theFaultIsSaidInConsulsWords() {
    #expect(ConsulWeights.Fault.sum(9_999).description == "the sum of all split weights must be 100, not 99.99")
    #expect(ConsulWeights.Fault.none.description == "no splits configured")
  }

  static let spellings: [(String, Int?)] = [
    ("90", 9_000), ("97.5", 9_750), ("2.5", 250), ("0.01", 1), ("99.99", 9_999), ("33.33", 3_333), ("0.29", 29),
    ("99.999", 10_000), ("0.001", 0), ("1e1", 1_000), ("1e99", nil),
  ]

  @Test(arguments: spellings) func aWeightIsReadInHundredths(_ spelling: String, _ hundredths: Int?) {
    #expect(ConsulWeights.hundredths(.number(spelling)) == hundredths)
  }

  @Test func everyHundredthIsWrittenAndReadBackAsItself() {
    for weight in 0...10_000 {
      let text = Dialect.consul.text(ofWeight: weight)
      #expect(WeightText.hundredths(text) == weight && ConsulWeights.hundredths(.number(text)) == weight)
    }
  }

  static let typed: [(String, Int?)] = [
    ("30", 3_000), ("2.5", 250), ("2.50", 250), ("0.05", 5), ("-1", -100), ("-0.5", -50), ("2.555", nil), ("2.", nil),
    (".5", nil), ("a", nil), ("1e3", nil), ("", nil), ("99999999999999999999", nil),
  ]

  @Test(arguments: typed) func aTypedNumberHasTwoDecimalsAtMost(_ text: String, _ hundredths: Int?) {
    #expect(WeightText.hundredths(text) == hundredths)
  }

  @Test func anIntentOfFractionsIsRefusedWhereWeightsAreWhole() {
    let ref = ObjectRef(plane: "p", namespace: "n", kind: "k", name: "r")
    let whole = WeightsIntent(route: ref, typed: [("v1", "70"), ("v2", "30")])
    #expect(whole?.scale == 1 && whole?.weights.map(\.weight) == [70, 30])
    let fine = WeightsIntent(route: ref, typed: [("v1", "97.5"), ("v2", "2.5")])
    #expect(fine?.weights.map { fine?.weight(of: $0, in: .consul) } == [9_750, 250])
    #expect(fine?.weights.map { fine?.weight(of: $0, in: .istio) } == [nil, nil])
    #expect(whole?.weights.map { whole?.weight(of: $0, in: .consul) } == [7_000, 3_000])
    #expect(fine?.weights.map { fine?.text(of: $0) } == ["97.5", "2.5"])
    #expect(WeightsIntent(route: ref, typed: [("v1", "1.234")]) == nil)
  }
}

/// The rules of blocking queries.
@Suite struct ConsulIndexTests {
  @Test func anIndexThatGrowsIsNewsAndOneThatStaysIsNone() {
    var index = ConsulIndex()
    #expect(index.take("12") == .changed && index.value == 12)
    #expect(index.take("12") == .unchanged && index.value == 12)
    #expect(index.take("13") == .changed && index.value == 13)
  }

  @Test func anIndexThatGoesBackwardsBeginsAnew() {
    var index = ConsulIndex()
    _ = index.take("500")
    #expect(index.take("7") == .reset && index.value == 0)
    #expect(index.take("7") == .changed && index.value == 7)
  }

  @Test(arguments: ["0", "-3", "many", ""]) func anIndexThatIsNoneCountsAsOne(header: String) {
    var index = ConsulIndex()
    _ = index.take("500")
    #expect(index.take(header) == .reset && index.value == 1)
    #expect(index.take(header) == .unchanged && index.value == 1)
    #expect(index.take("9") == .changed)
  }

  @Test func withoutAHeaderNothingIsWaitedFor() {
    var index = ConsulIndex()
    #expect(index.take(nil) == .unchanged && index.value == 0)
    _ = index.take("4")
    #expect(index.take(nil) == .reset && index.value == 0)
  }
}
