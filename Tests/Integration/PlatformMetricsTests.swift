import Foundation
import MeshModel
import Testing

/// A real Prometheus that scrapes the Envoys of the embedded Consul and Traffic Director, and the rates read back from it.
@Suite("Real Prometheus over other platforms", .serialized)
struct PlatformMetricsTests {
  static let server = DemoServer.hybrid

  /// A tool that knows the plane of a kind alone, measured by a Prometheus.
  private static func tool(_ kind: String, _ prometheus: String) async throws -> (deck: Tool, scraped: String) {
    let planes = try await server.endpoints().planes
    var plane = try #require(planes.array?.first { $0["kind"]?.string == kind })
    let scrape = plane["telemetry"]?["scrape"]
    let scraped = try #require(scrape?["url"]?.string ?? scrape?["urls"]?[0]?.string)
    plane["telemetry"] = ["prometheus": ["url": .string(prometheus)]]
    let deck = try Tool(kubeconfig: nil)
    _ = try deck.file("config/meshdeck/config.yaml", JSONWriter.text(["planes": [plane]]))
    return (deck, scraped)
  }

  /// The answer of a list once it satisfies a condition; the last one if it never does.
  private static func until(
    _ deck: Tool, _ words: [String], _ condition: ([JSONValue]) -> Bool
  ) async throws -> [JSONValue] {
    let deadline = ContinuousClock.now.advanced(by: .seconds(300))
    while true {
      let run = try await deck.run([Program.meshdeck] + words + ["-A", "-o", "json"])
      let items = try run.code == 0 ? run.json["items"]?.array ?? [] : []
      if condition(items) || ContinuousClock.now > deadline { return items }
      try await Task.sleep(for: .seconds(1))
    }
  }

  private static func edge(_ edges: [JSONValue], _ source: String, _ destination: String) -> JSONValue? {
    edges.first { edge in
      edge["source"]?.string?.hasSuffix("/" + source) == true
        && edge["destination"]?.string?.hasSuffix("/" + destination) == true
    }
  }

  /// The requests a second between two workloads; 0 where there are none.
  private static func rate(_ edges: [JSONValue], _ source: String, _ destination: String) -> Double {
    edge(edges, source, destination)?["rps"]?.double ?? 0
  }

  /// The requests that a rate is of: of a few nothing can be said.
  private static func count(_ edges: [JSONValue], _ source: String, _ destination: String) -> Double {
    edge(edges, source, destination)?["n"]?.double ?? 0
  }

  private static func scraping(_ addresses: [String]) -> String {
    let targets = addresses.compactMap { $0.split(separator: "/").dropFirst().first.map { "'\($0)'" } }
    return "static_configs: [{targets: [\(targets.joined(separator: ", "))]}]"
  }

  @Test("Consul's calls, their outcomes, latencies and the share of a split come of PromQL")
  func consul() async throws {
    let scraped = try await Self.tool("consul", "http://127.0.0.1:1").scraped
    try await PrometheusTests.withPrometheus(scraping: Self.scraping([scraped])) { url, _ in
      let (deck, _) = try await Self.tool("consul", url)
      let edges = try await Self.until(deck, ["get", "edges"]) { items in
        Self.rate(items, "orders", "stock-v2") > 0 && Self.count(items, "orders", "payments") >= 100
      }
      // Of 49 calls a second of the stock all but 1.1 go to v1, and 20 to the payments; a young window sees less of all alike.
      let ratio = Self.rate(edges, "orders", "stock-v1") / Self.rate(edges, "orders", "payments")
      #expect((1.5...4).contains(ratio), "\(edges)")
      let first = edges.first { $0["destination"]?.string?.hasSuffix("/stock-v1") == true }
      #expect((first?["p99ms"]?.double ?? 0) > 0, "\(edges)")
      #expect(edges.contains { JSONWriter.text($0).contains("ledger") && ($0["bytesPerSecond"]?.double ?? 0) > 0 })
      func stock(_ items: [JSONValue]) -> JSONValue? {
        items.first { $0["name"]?.string == "stock" }?["backends"]?[1]?["observed"]
      }
      let splits = try await Self.until(deck, ["get", "splits"]) { (stock($0)?["n"]?.double ?? 0) > 0 }
      let canary = try #require(stock(splits), "\(splits)")
      #expect((0.001...0.1).contains(canary["share"]?.double ?? 1), "\(canary)")
    }
  }

  @Test("Traffic Director's Envoys are read through Prometheus' interface, by backend service")
  func trafficDirector() async throws {
    let scraped = try await Self.tool("traffic-director", "http://127.0.0.1:1").scraped
    try await PrometheusTests.withPrometheus(scraping: Self.scraping([scraped])) { url, _ in
      let (deck, _) = try await Self.tool("traffic-director", url)
      let edges = try await Self.until(deck, ["get", "edges"]) { items in
        Self.rate(items, "unknown", "reviews-v2") > 0 && Self.count(items, "unknown", "cart-v1") >= 100
          && items.contains { ($0["bytesPerSecond"]?.double ?? 0) > 0 }
      }
      // Of 40 calls a second of the reviews nine in ten go to v1, and 12 to the cart.
      let ratio = Self.rate(edges, "unknown", "reviews-v1") / Self.rate(edges, "unknown", "cart-v1")
      #expect((1.5...6).contains(ratio), "\(edges)")
      // The ledger speaks no HTTP: it is measured by its bytes.
      #expect(edges.contains { $0["protocol"]?.string == "tcp" && ($0["bytesPerSecond"]?.double ?? 0) > 0 }, "\(edges)")
      let splits = try await Self.until(deck, ["get", "splits"]) { items in
        (items.first?["backends"]?[1]?["observed"]?["n"]?.double ?? 0) > 0
      }
      #expect((splits.first?["backends"]?[0]?["observed"]?["p99ms"]?.double ?? 0) > 0, "\(splits)")
    }
  }
}
