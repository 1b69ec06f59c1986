import Foundation
import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshTelemetry

@Suite("Prometheus")
struct PrometheusTests {
  static func source(
    _ server: FakeServer, url: String = "http://127.0.0.1:9090/prom/",
    _ change: (inout PrometheusSettings) -> Void = { _ in }
  ) throws -> Prometheus {
    var settings = PrometheusSettings(url: url)
    change(&settings)
    return try Prometheus(settings, options: server.options, now: { Instant(seconds: 1000) })
  }

  static func code(_ body: () async throws(MeshError) -> Void) async -> MeshError? {
    do throws(MeshError) {
      try await body()
      return nil
    } catch { return error }
  }

  @Test(
    "values are typed, whatever the server sends (H1)",
    arguments: [
      ("\"1.5\"", Sample.value(1.5)), ("\"NaN\"", .nan), ("\"+Inf\"", .positiveInfinity),
      ("\"-Inf\"", .negativeInfinity),
      ("\"\"", .unreadable("")), ("\"1e400\"", .unreadable("1e400")), ("1.5", .unreadable("1.5")),
      ("null", .unreadable("null")), ("{\"a\":1}", .unreadable("{\"a\":1}")),
    ])
  func values(_ text: String, _ expected: Sample) async throws {
    let server = FakeServer { _ in FakeServer.vector(#"{"metric":{},"value":[1.5,"# + text + "]}") }
    #expect(try await Self.source(server).single("x") == expected)
  }

  @Test("no series is absent, one is the sample, several are an error (H2, H3)")
  func single() async throws {
    let one = #"{"metric":{"a":"b"},"value":[1,"2"]}"#
    #expect(try await Self.source(FakeServer { _ in FakeServer.vector("") }).single("x") == .absent)
    #expect(try await Self.source(FakeServer { _ in FakeServer.vector(one) }).single("x") == .value(2))
    let scalar = FakeServer { _ in
      FakeServer.json(#"{"status":"success","data":{"resultType":"scalar","result":[1.25,"7"]}}"#)
    }
    #expect(try await Self.source(scalar).single("x") == .value(7))
    let several = try Self.source(FakeServer { _ in FakeServer.vector(one + "," + one) })
    let error = await Self.code { () async throws(MeshError) in _ = try await several.single("x") }
    #expect(error?.message.contains("ambiguous: the query gave 2 series") == true)
  }

  @Test("warnings, remarks and partial answers are gaps; native histograms too (H5)")
  func partial() async throws {
    let server = FakeServer { _ in
      FakeServer.vector(
        #"{"metric":{},"histogram":[1,{"count":"3"}]}"#,
        #","warnings":["store b is down"],"infos":["metric is no counter"],"isPartial":true"#)
    }
    let report = try await Self.source(server).traffic(window: 60, plane: "p")
    for words in ["store b is down", "metric is no counter", "partial", "native histograms"] {
      #expect(report.gaps.contains { $0.contains(words) }, "\(words)")
    }
    #expect(report.edges.isEmpty)
    #expect(report.sampleAge == nil)
  }

  @Test(
    "a refusal has the server's words and the right kind (H6)",
    arguments: [
      (
        400, #"{"status":"error","errorType":"bad_data","error":"parse error at char 3"}"#, MeshError.Code.refused,
        "parse error"
      ),
      (401, "Unauthorized", .unauthenticated, "credentials"), (403, "no", .forbidden, "no"),
      (404, "<html>\nnothing", .notFound, "<html>"),
      (422, #"{"status":"error","errorType":"execution","error":"too many samples"}"#, .refused, "too many samples"),
      (429, "", .unreachable, "429"), (500, "", .unreachable, "500"),
      (503, #"{"status":"error","errorType":"timeout","error":"query timed out"}"#, .unreachable, "query timed out"),
      (200, "<html>login</html>", .malformed, "no answer of Prometheus"),
      (200, #"{"status":"error","error":"odd"}"#, .malformed, "odd"),
      (200, #"{"status":"success","data":{"result":["#, .malformed, "JSON"),
    ])
  func refusals(_ status: Int, _ body: String, _ code: MeshError.Code, _ words: String) async throws {
    let source = try Self.source(FakeServer { _ in FakeServer.json(body, status: status) })
    let error = await Self.code { () async throws(MeshError) in _ = try await source.traffic(window: 60, plane: "p") }
    #expect(error?.code == code)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
  }

  @Test("an answer that is too large is cut with advice (H7)")
  func tooLarge() async throws {
    let server = FakeServer { request throws(TransportError) in
      guard request.limits.bytes == 32 << 20 else { throw TransportError(.malformed, "another limit") }
      throw TransportError(.tooLarge, "the answer exceeds 33554432 bytes", origin: "http://127.0.0.1:9090")
    }
    let source = try Self.source(server)
    let error = await Self.code { () async throws(MeshError) in _ = try await source.single("x") }
    #expect(error?.code == .malformed)
    #expect(error?.remedy?.contains("narrow") == true)
  }

  @Test("queries are forms by POST, and GET from the first 405 on; path prefix and headers are kept")
  func methods() async throws {
    let server = FakeServer { request in
      request.method == .post ? FakeServer.json("", status: 405) : FakeServer.vector("")
    }
    let source = try Self.source(server) { $0.headers = [(name: "X-Scope-OrgID", value: "team-a")] }
    _ = try await source.single("up + 1")
    _ = try await source.single("up")
    let requests = server.requests.withLock { $0 }
    #expect(requests.map(\.method) == [.post, .get, .get])
    #expect(requests[0].url == "http://127.0.0.1:9090/prom/api/v1/query")
    #expect(FakeServer.field("query", requests[0]) == "up + 1")
    #expect(FakeServer.field("query", requests[1]) == "up + 1")
    #expect(requests.allSatisfy { $0.headers["X-Scope-OrgID"] == "team-a" })
  }

  @Test("a token file is read anew for each request; an empty or missing one is said so without its content")
  func tokens() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let server = FakeServer { _ in FakeServer.vector("") }
    let source = try Self.source(server) { $0.authorization = .tokenFile(file.path) }
    for token in ["one", "two"] {
      try Data("\(token)\n".utf8).write(to: file)
      _ = try await source.single("x")
    }
    #expect(server.requests.withLock { $0.map { $0.headers["Authorization"] } } == ["Bearer one", "Bearer two"])
    try Data("a b".utf8).write(to: file)
    let spaced = await Self.code { () async throws(MeshError) in _ = try await source.single("x") }
    #expect(spaced?.code == .unauthenticated)
    #expect(spaced?.description.contains("a b") == false)
    try FileManager.default.removeItem(at: file)
    let missing = await Self.code { () async throws(MeshError) in _ = try await source.single("x") }
    #expect(missing?.message.contains("cannot be read") == true)
    let basic = try Self.source(server) { $0.authorization = .basic(user: "u", password: Secret("p")) }
    _ = try await basic.single("x")
    #expect(server.requests.withLock { $0.last?.headers["Authorization"] } == "Basic dTpw")
  }

  @Test("a refresh is six queries of the whole mesh, at most four at once, each recorded with what it counts")
  func budget() async throws {
    let server = FakeServer { _ in FakeServer.vector("") }
    let source = try Self.source(server)
    let report = try await source.traffic(window: 30, plane: "p")
    // Two more ask which other meshes' metrics there are, and whose proxies have counters: once a minute.
    #expect(server.requests.withLock { $0.count } == 8)
    _ = try await source.traffic(window: 30, plane: "p")
    #expect(server.requests.withLock { $0.count } == 14)
    #expect(server.mostAtOnce <= 4)
    #expect(report.queries.map(\.id) == ["requests", "latency-p50", "latency-p95", "latency-p99", "flows", "age"])
    #expect(report.queries[0].purpose.contains("an error is"))
    #expect(report.queries[0].text.contains("[30s]"))
    #expect(report.queries[1].text.contains("istio_request_duration_seconds_bucket"))
    #expect(report.gaps.contains { $0.contains("no proxy of the mesh reported") })
  }

  @Test("proxies whose counters do not move are told from those that have none")
  func idle() async throws {
    let server = FakeServer { request in
      let query = FakeServer.field("query", request) ?? ""
      guard query.hasPrefix("count by (reporter") else { return FakeServer.vector("") }
      return FakeServer.vector(
        #"{"metric":{"reporter":"destination","destination_workload_namespace":"shop","#
          + #""destination_workload":"reviews-v1"},"value":[1,"4"]},{"metric":{"reporter":"source","#
          + #""source_workload_namespace":"shop","source_workload":"web"},"value":[1,"2"]},"#
          + #"{"metric":{"reporter":"destination","destination_workload":"unknown"},"value":[1,"2"]}"#)
    }
    let report = try await Self.source(server).traffic(window: 30, plane: "p")
    #expect(
      report.reporting == [
        EdgeEnd(namespace: "shop", workload: "reviews-v1"), EdgeEnd(namespace: "shop", workload: "web"),
      ])
  }

  @Test("that nobody could tell which proxies report is a gap, and is asked again")
  func unknownReporters() async throws {
    let asked = Mutex(0)
    let server = FakeServer { request in
      guard (FakeServer.field("query", request) ?? "").hasPrefix("count by (reporter") else {
        return FakeServer.vector("")
      }
      asked.withLock { $0 += 1 }
      return HTTPResponse(
        status: 422, body: Array(#"{"status":"error","errorType":"execution","error":"too many"}"#.utf8))
    }
    let source = try Self.source(server)
    let report = try await source.traffic(window: 30, plane: "p")
    #expect(report.gaps.contains { $0.hasPrefix("which proxies report could not be asked") })
    _ = try await source.traffic(window: 30, plane: "p")
    #expect(asked.withLock { $0 } == 2)
  }

  @Test("of other meshes' metrics those that are there are asked for, and no others")
  func otherMeshes() async throws {
    let server = FakeServer { request in
      let query = FakeServer.field("query", request) ?? ""
      if query.hasPrefix("count by (__name__)") {
        return FakeServer.vector(#"{"metric":{"__name__":"response_total"},"value":[1,"4"]}"#)
      }
      guard query.contains("rate(response_total[") else { return FakeServer.vector("") }
      return FakeServer.vector(
        #"{"metric":{"direction":"outbound","namespace":"shop","deployment":"web","dst_namespace":"shop","#
          + #""dst_deployment":"books","authority":"books.shop.svc.cluster.local:80","tls":"true","status_code":"200"},"#
          + #""value":[1,"7"]}"#)
    }
    let report = try await Self.source(server).traffic(window: 30, plane: "p")
    let asked = server.requests.withLock { $0.compactMap { FakeServer.field("query", $0) } }
    #expect(asked.filter { $0.contains("response_total") && !$0.hasPrefix("count by") }.count == 2, "with the age")
    #expect(!asked.contains { $0.contains("rate(tcp_open_total") || $0.contains("rate(revision_request_count") })
    let edge = try #require(report.edges.first)
    #expect(edge.source.workload == "web" && edge.destination.workload == "books")
    #expect(edge.traffic.requestsPerSecond == 7)
    #expect(report.queries.contains { $0.id == "response_total" && $0.purpose.hasPrefix("Linkerd's responses") })
  }

  @Test(
    "an old newest sample is stale and said so; a time in the future is age zero (H4)",
    arguments: [(600.0, 600.0, true), (5, 5, false), (-30, 0, false)])
  func staleness(_ age: Double, _ expected: Double, _ isStale: Bool) async throws {
    let server = FakeServer { request in
      let isAge = FakeServer.field("query", request)?.hasPrefix("time()") == true
      return FakeServer.vector(isAge ? #"{"metric":{},"value":[1,"\#(age)"]}"# : "")
    }
    let report = try await Self.source(server).traffic(window: 60, plane: "p")
    #expect(report.sampleAge == expected)
    #expect(report.gaps.contains { $0.contains("stale 600 s") } == isStale)
  }

  @Test("a history has the points there are, in a step the server can answer")
  func history() async throws {
    let server = FakeServer { request in
      let isFailures = FakeServer.field("query", request)?.contains("response_code") == true
      let values = isFailures ? #"[[20,"1"]]"# : #"[[10,"5"],[20,"NaN"]]"#
      return FakeServer.json(
        #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":"# + values + "}]}}")
    }
    let history = try await Self.source(server).history(
      of: FlowSelector(namespace: "shop", service: "a\"b"), span: 86_400, step: 1)
    #expect(history.points.map(\.requests) == [.value(5), .nan])
    #expect(history.points.map(\.failures) == [.absent, .value(1)])
    #expect(history.step == 8)
    #expect(history.queries[0].text.contains(#"destination_service_name="a\"b""#))
  }

  @Test(
    "an address that makes no sense is refused at once",
    arguments: ["", "ftp://x", "http://", "http://user:p@x", "http://x:99999"])
  func addresses(_ url: String) {
    #expect(throws: MeshError.self) { try Self.source(FakeServer { _ in FakeServer.vector("") }, url: url) }
  }

  @Test(
    "why a row is empty",
    arguments: [
      (NoData.Evidence(allSeries: 0, window: 60), "does not scrape the proxies"),
      (NoData.Evidence(allSeries: 0, newestAge: 600, window: 60), "newest sample of the mesh is 600s old"),
      (NoData.Evidence(allSeries: 9, scrapes: 1, window: 60), "needs two samples"),
      (NoData.Evidence(allSeries: 9, labelledSeries: 0, window: 60), "label destination_service_name is dropped"),
      (NoData.Evidence(allSeries: 9, labelledSeries: 9, window: 60), "no proxy ever reported"),
      (NoData.Evidence(allSeries: 9, labelledSeries: 9, tcpSeries: 2, window: 60), "only TCP"),
      (
        NoData.Evidence(allSeries: 9, flowSeriesByReporter: ["destination": 1], flowSeriesInWindow: 0, window: 15),
        "fewer than two samples in 15s"
      ),
      (
        NoData.Evidence(allSeries: 9, flowSeriesByReporter: ["source": 1], flowSeriesInWindow: 1, window: 60),
        "only callers report it"
      ),
      (
        NoData.Evidence(allSeries: 9, flowSeriesByReporter: ["destination": 1], flowSeriesInWindow: 1, window: 60),
        "no requests in the last 60s"
      ),
    ])
  func noData(_ evidence: NoData.Evidence, _ words: String) {
    #expect(NoData.reason(evidence).contains(words), "\(NoData.reason(evidence))")
  }
}
