import MeshModel
import Testing

@testable import MeshPlanes

/// Numbers that tenants' objects and proxies' answers may hold, and that no sum or conversion may end the program by.
@Suite struct HugeNumberTests {
  @Test(arguments: [("0.2", "budget 20%"), ("1e30", ""), ("-1e30", "")])
  func aRetryBudgetThatIsNoShareIsNotShown(ratio: String, words: String) throws {
    let text = """
      {"apiVersion":"linkerd.io/v1alpha2","kind":"ServiceProfile","metadata":{"name":"api.shop.svc.cluster.local",
       "namespace":"shop"},"spec":{"retryBudget":{"retryRatio":\(ratio)},"routes":[{"name":"all","isRetryable":true,
       "condition":{"pathRegex":"/.*"}}]}}
      """
    let routes = try LinkerdDialect().entities(from: JSONValue(parsing: text), plane: "lab").compactMap {
      entity -> Route? in
      if case .route(let route) = entity { route } else { nil }
    }
    #expect(routes.first?.rules.first?.retries?.retryOn == words)
  }

  @Test func percentsInKnativesStatusStayPercents() throws {
    let huge = String(Int.max)
    let text = DialectFixtures.knativeService.replacing(
      #"[{"revisionName":"thumb-1","percent":95}"#,
      with:
        #"[{"revisionName":"thumb-1","percent":\#(huge)},{"revisionName":"thumb-1","percent":\#(huge)},{"revisionName":"thumb-3","percent":-5}"#
    )
    let route = try KnativeDialect().route(of: DialectFixtures.native(text))
    #expect(route.status.first?.weights["thumb-1"] == 200)
    #expect(route.status.first?.weights["thumb-3"] == 0)
  }

  @Test func weightsInADumpOfAProxyCanBeAddedUp() throws {
    let cluster = #"{"name":"outbound|80||a.shop.svc","weight":"9223372036854775807"}"#
    let text = #"{"clusters":[\#(cluster),\#(cluster),{"name":"b","weight":-9223372036854775808}]}"#
    let read = try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in
      try EnvoyFields.weightedClusters(&reader)
    }
    #expect(read.map(\.weight) == [Int(UInt32.max), Int(UInt32.max), 0])
    let weighted = EnvoyRouteReader.weights(
      ["weighted_clusters": ["runtime_key_prefix": "w", "clusters": [["name": "a", "weight": .int(.max)]]]], "/route")
    #expect(weighted.clusters.map(\.weight) == [Int(UInt32.max)])
    #expect(weighted.effective(["w.a": String(Int.max)]) == [Int(UInt32.max)])
    #expect(weighted.effective(["w.a": String(Int.min)]) == [0])
  }

  @Test(arguments: [(Int.min, [0, 100]), (30, [30, 70]), (Int.max, [100, 0])])
  func aShareOfRequestsIsAtMostTheWhole(numerator: Int, weights: [Int]) {
    let share: JSONValue = ["runtime_key": "k", "default_value": ["numerator": .int(numerator)]]
    let host = EnvoyRouteReader.host([
      "name": "all",
      "routes": [
        ["match": ["prefix": "/", "runtime_fraction": share], "route": ["cluster": "a"]],
        ["match": ["prefix": "/"], "route": ["cluster": "b"]],
      ],
    ])
    #expect(host.entries.map { $0.weights.clusters.map(\.weight) } == [weights])
  }

  @Test func countersOfRejectionsStopAtTheLargestNumber() throws {
    let one = #"{"name":"cluster_manager.cds.update_rejected","value":9223372036854775807}"#
    let read = try EnvoyAdminAnswers.rejectedUpdates(Array(#"{"stats":[\#(one),\#(one)]}"#.utf8))
    #expect(read == [.cds: .max])
  }

  @Test func aProxyThatRunsForEverIsReadAllTheSame() async throws {
    let ports = AdminPorts { origin, path in
      guard let answer = FleetSizeTests.answer(origin, path) else { return nil }
      return (answer.status, answer.text.replacing(#""9s""#, with: #""1e300s""#))
    }
    let plane = try EnvoyPlane(
      name: "edge", places: ["http://10.0.0.1:9901"], options: ports.options, now: { Instant(seconds: 1000) })
    #expect(await plane.programmed(for: [], in: MeshSnapshot()).asked.count == 1)
  }
}
