import MeshModel
import Synchronization
import Testing

@testable import MeshEmulator

/// A Consul over an estate under a clock that tests move.
struct SimulatedConsul {
  let server: ConsulServer
  private let time = Clock()

  final class Clock: Sendable {
    let now = Mutex(1_795_000_000.0)
  }

  init() throws {
    let platform = try #require(try Scenario.builtIn("hybrid").platforms.first { $0.kind == .consul })
    let time = time
    let estate = try Estate(platform.scenario, seed: 7) { time.now.withLock(\.self) }
    server = try ConsulServer(platform, estate: estate)
  }

  /// Lets time pass.
  func run(_ seconds: Double) {
    let now = time.now.withLock { now in
      now += seconds
      return now
    }
    server.estate.simulation.advance(to: now)
  }

  func answer(
    _ method: String, _ path: String, _ query: [(name: String, value: String)] = [], _ body: JSONValue? = nil
  ) async -> PlainAnswer {
    await server.answer(
      PlainRequest(
        target: .server, method: method, path: path, query: query, body: body.map { JSONWriter.bytes($0) } ?? []))
  }

  func json(_ path: String, _ query: [(name: String, value: String)] = []) async throws -> JSONValue {
    try JSONValue(parsing: await answer("GET", path, query).body)
  }

  /// Writes an entry; the body and the code of the answer.
  func put(_ entry: JSONValue, cas: Int? = nil) async -> (status: Int, text: String) {
    let answer = await answer("PUT", "/v1/config", cas.map { [("cas", String($0))] } ?? [], entry)
    return (answer.status, String(decoding: answer.body, as: UTF8.self).filter { $0 != "\n" })
  }

  static func splitter(_ weights: String...) -> JSONValue {
    [
      "Kind": "service-splitter", "Name": "stock",
      "Splits": .array(
        zip(["v1", "v2", "v1"], weights).map { ["Weight": .number($1), "ServiceSubset": .string($0)] }),
    ]
  }
}

@Suite struct ConsulConfigTests {
  @Test(arguments: [
    (["90", "10"], "true"), (["99.99", "0.01"], "true"), (["100", "0"], "true"), (["99.999", "0.001"], "true"),
    (["90", "9.99"], "the sum of all split weights must be 100, not 99.990000"),
    (["50", "60"], "the sum of all split weights must be 100, not 110.000000"),
    (
      ["50", "0", "50"],
      #"split destination occurs more than once: service="stock", subset="v1", namespace="", partition="""#
    ), ([], "no splits configured"),
  ])
  func splitsAreTakenAndRefusedAsConsulDoes(weights: [String], words: String) async throws {
    let consul = try SimulatedConsul()
    var entry = SimulatedConsul.splitter()
    entry["Splits"] = .array(
      zip(["v1", "v2", "v1"], weights).map { ["Weight": .number($1), "ServiceSubset": .string($0)] })
    let answer = await consul.put(entry)
    #expect(answer.text == words && answer.status == (words == "true" ? 200 : 500))
  }

  @Test func aProviderOfTokensHasItsKeysFromOnePlace() async throws {
    let consul = try SimulatedConsul()
    let both = await consul.put([
      "Kind": "jwt-provider", "Name": "okta",
      "JSONWebKeySet": ["Local": ["JWKS": "e30="], "Remote": ["URI": "https://x"]],
    ])
    #expect(both.status == 500 && both.text == "must specify exactly one of Local or Remote JSON Web key set")
    let one = await consul.put([
      "Kind": "jwt-provider", "Name": "okta", "JSONWebKeySet": ["Remote": ["URI": "https://x"]],
    ])
    #expect(one.text == "true")
  }

  @Test func anEntryThatBreaksAChainIsRefused() async throws {
    let consul = try SimulatedConsul()
    let unknown = await consul.put([
      "Kind": "service-splitter", "Name": "stock", "Splits": [["Weight": 100, "ServiceSubset": "v9"]],
    ])
    #expect(unknown.text == #"service "stock" does not have a subset named "v9""#)
    let tcp = await consul.put([
      "Kind": "service-splitter", "Name": "ledger", "Splits": [["Weight": 100, "Service": "ledger"]],
    ])
    #expect(
      tcp.text
        == #"discovery chain "ledger" uses a protocol "tcp" that does not permit advanced routing or splitting behavior"#
    )
    let deleted = await consul.answer("DELETE", "/v1/config/service-resolver/stock")
    #expect(deleted.status == 500)
  }

  @Test func aWriteHoldsOnlyForTheIndexItWasMadeFor() async throws {
    let consul = try SimulatedConsul()
    let read = try await consul.json("/v1/config/service-splitter/stock")
    let index = try #require(read["ModifyIndex"]?.int)
    #expect(await consul.put(SimulatedConsul.splitter("80", "20"), cas: index + 1).text == "false")
    #expect(await consul.put(SimulatedConsul.splitter("80", "20"), cas: 0).text == "false")
    #expect(await consul.put(SimulatedConsul.splitter("80", "20"), cas: index).text == "true")
    let written = try await consul.json("/v1/config/service-splitter/stock")
    #expect(written["ModifyIndex"]?.int != index && written["CreateIndex"] == read["CreateIndex"])
    // What changes nothing is not written, and is true whatever the index.
    #expect(await consul.put(SimulatedConsul.splitter("80", "20"), cas: index).text == "true")
    #expect(try await consul.json("/v1/config/service-splitter/stock") == written)
    let stale = await consul.answer("DELETE", "/v1/config/service-splitter/stock", [("cas", String(index))])
    #expect(String(decoding: stale.body, as: UTF8.self) == "false\n")
  }

  @Test func aBlockingReadWaitsForTheNextWrite() async throws {
    let consul = try SimulatedConsul()
    let first = await consul.answer("GET", "/v1/config/service-splitter")
    let index = try #require(first.headers.first { $0.name == "X-Consul-Index" }?.value)
    let waited = await consul.answer("GET", "/v1/config/service-splitter", [("index", index), ("wait", "10ms")])
    #expect(waited.headers.first { $0.name == "X-Consul-Index" }?.value == index)
    async let next = consul.answer("GET", "/v1/config/service-splitter", [("index", index), ("wait", "20s")])
    #expect(await consul.put(SimulatedConsul.splitter("60", "40")).text == "true")
    let answered = try JSONValue(parsing: await next.body)
    #expect(answered[0]?["Splits"]?[1]?["Weight"] == 40)
  }

  @Test func requestsFollowTheSplitterTheIntentionAndTheRouter() async throws {
    let consul = try SimulatedConsul()
    consul.run(60)
    func rate(_ labels: String...) -> Double {
      consul.server.estate.state.flows.filter { flow in labels.allSatisfy { flow.labels.contains($0) } }
        .reduce(0) { $0 + $1.rate }
    }
    let canary = [#"reporter="destination""#, #"destination_workload="stock-v2""#]
    #expect(abs(rate(canary[0], canary[1]) - 45 * 0.025) < 0.01)
    #expect(rate(#"source_workload="reporting-v1""#, #"response_code="403""#, #"reporter="source""#) > 0.9)
    #expect(await consul.put(SimulatedConsul.splitter("50", "50")).text == "true")
    consul.run(30)
    #expect(abs(rate(canary[0], canary[1]) - 22.5) < 0.1)
    // What goes to the audit stays with v1.
    #expect(abs(rate(canary[0], #"destination_workload="stock-v1""#) - 26.5) < 0.1)
    let deny: JSONValue = [
      "Kind": "service-intentions", "Name": "stock", "Sources": [["Name": "orders", "Action": "deny"]],
    ]
    #expect(await consul.put(deny).text == "true")
    consul.run(30)
    #expect(rate(#"destination_canonical_service="stock""#, #"response_code="200""#) == 0)
  }
}
