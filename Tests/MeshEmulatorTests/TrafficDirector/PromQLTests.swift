import MeshModel
import Testing

@testable import MeshEmulator

/// The PromQL that the embedded mesh evaluates, over counters written down here.
@Suite struct PromQLEvaluationTests {
  /// Two counters that grow by 10 and 1 a second, read every five seconds, the second set back once; and a histogram.
  static func history() -> SeriesHistory {
    let history = SeriesHistory()
    for tick in 0...24 {
      let up = tick * 5
      history.take(at: 1_000 + Double(up)) {
        Array(
          """
          # TYPE rq counter
          rq{code="200",cluster="a"} \(up * 10)
          rq{code="503",cluster="a"} \(up < 60 ? up : up - 60)
          up{cluster="b"} 1
          time_bucket{cluster="a",le="10"} \(up * 5)
          time_bucket{cluster="a",le="20"} \(up * 10)
          time_bucket{cluster="a",le="+Inf"} \(up * 10)
          """.utf8)
      }
    }
    return history
  }

  static func ask(_ query: String, at seconds: Double = 1_120) throws -> [[String: String]: Double] {
    let evaluation = PromQLEvaluation(series: history().all, seconds: seconds)
    let elements = try evaluation.vector(try PromQLParser.parse(query))
    return Dictionary(elements.map { ($0.labels, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  static let rows: [(String, [[String: String]: Double])] = [
    ("sum by (code) (rate(rq[60s]))", [["code": "200"]: 10, ["code": "503"]: 1]),
    ("sum(rate(rq{code=~\"5..\"}[1m]))", [[:]: 1]), ("sum(rate(rq[1m])) by (cluster) > 11", [:]),
    ("sum(rate(rq[1m])) by (cluster) > 10", [["cluster": "a"]: 11]),
    ("histogram_quantile(0.75, sum by (cluster, le) (rate(time_bucket[1m]))) >= 0", [["cluster": "a"]: 15]),
    (
      "label_replace(up > 0, \"kind\", \"$1-x\", \"cluster\", \"(.+)\")",
      [["__name__": "up", "cluster": "b", "kind": "b-x"]: 1]
    ),
    ("label_join(up, \"id\", \"@\", \"cluster\", \"none\")", [["__name__": "up", "cluster": "b", "id": "b@"]: 1]),
    ("time() - max(timestamp(rq{cluster!=\"\"}))", [[:]: 0]),
    ("count by (__name__) ({__name__=~\"rq|up\"})", [["__name__": "rq"]: 2, ["__name__": "up"]: 1]),
    ("rq{code=\"200\"} unless on (cluster) up", [["__name__": "rq", "cluster": "a", "code": "200"]: 1200]),
    (
      "rq{code=\"200\"} or up",
      [["__name__": "rq", "cluster": "a", "code": "200"]: 1200, ["__name__": "up", "cluster": "b"]: 1]
    ),
    ("1 + 2 * 3 - 4 / 2", [[:]: 5]), ("nothing{a=\"b\"}", [:]),
  ]

  @Test(arguments: rows)
  func queriesComeToWhatPrometheusMakesOfThem(_ query: String, _ expected: [[String: String]: Double]) throws {
    let answer = try Self.ask(query)
    #expect(Set(answer.keys) == Set(expected.keys), "\(query): \(answer)")
    for (labels, value) in expected { #expect(abs((answer[labels] ?? .nan) - value) < 0.001, "\(query): \(answer)") }
  }

  @Test func aRateMakesUpForResetsAndNeedsTwoSamples() throws {
    // The counter of 503 begins anew at 1060.
    #expect(abs((try Self.ask("rate(rq{code=\"503\"}[1m])", at: 1_090).values.first ?? 0) - 1) < 0.1)
    #expect(try Self.ask("rate(rq[1m])", at: 1_002).isEmpty)
    #expect(try Self.ask("rq", at: 1_000 + 120 + 301).isEmpty, "a sample counts for five minutes")
  }

  @Test(arguments: [
    ("rate(rq[5x])", "bad number or duration"), ("sum by code (rq)", "expected '('"),
    ("deriv(rq[5m])", "unknown function"),
    ("rq offset 5m", "unexpected character"), ("{}", "at least one non-empty matcher"), ("sum(", "end of input"),
    ("rate(rq)", "expected type range vector"), ("\"open", "unterminated quoted string"), ("time(1)", "expected 0"),
    (String(repeating: "(", count: 100), "too deeply"), ("up == bool 1", "unexpected character"),
  ])
  func whatIsNotUnderstoodIsRefused(_ query: String, _ words: String) {
    #expect { try Self.ask(query) } throws: { error in
      let failure = error as? PromQLFailure
      return failure?.type == "bad_data" && failure?.message.contains(words) == true
    }
  }

  @Test func cloudMonitoringAnswersAsPrometheusDoes() async throws {
    let project = try SimulatedProject()
    let root = "/v1/projects/shop-prod/location/global/prometheus/api/v1/"
    let query = #"sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq{envoy_cluster_name!=""}[60s])) > 0"#
    for _ in 0..<12 {
      _ = try await project.ask("GET", root + "query", [("query", "time()")])
      project.run(5)
    }
    let answer = try await project.ask("GET", root + "query", [("query", query)]).json
    #expect(answer["status"] == "success" && answer["data"]?["resultType"] == "vector")
    func rate(_ service: String) -> Double {
      let element = (answer["data"]?["result"]?.array ?? []).first {
        $0["metric"]?["envoy_cluster_name"]?.string?.hasSuffix("/backendServices/\(service)") == true
      }
      return element?["value"]?[1]?.string.flatMap(Double.init) ?? 0
    }
    // Nine in ten, beside what the first rule sends.
    let share = rate("reviews-v1") / (rate("reviews-v1") + rate("reviews-v2"))
    #expect(rate("reviews-v1") > 10 && abs(share - 0.9) < 0.06, "\(answer)")
    let over = try await project.ask(
      "GET", root + "query_range",
      [
        ("query", "sum(rate(envoy_cluster_upstream_rq[30s]))"), ("start", "1795000040"), ("end", "1795000060"),
        ("step", "10"),
      ])
    #expect(over.json["data"]?["result"]?[0]?["values"]?.array?.count == 3, "\(over.json)")
    let refused = try await project.ask("GET", root + "query", [("query", "sum(")])
    #expect(refused.status == 400 && refused.json["errorType"] == "bad_data")
    #expect(try await project.ask("POST", root + "query").status == 404)
  }
}
