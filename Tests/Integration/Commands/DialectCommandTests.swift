import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// The scenario with every configuration API, as an operator sees it.
  @Suite(.timeLimit(.minutes(3))) struct DialectCommandTests {
    private static func items(_ tool: Tool, _ arguments: String...) async throws -> [JSONValue] {
      let run = try await tool.run([Program.meshdeck] + arguments + ["-o", "json"])
      #expect(run.code == 0, "\(run.errors)")
      return try run.json["items"]?.array ?? []
    }

    /// The backends of a split.
    private static func backends(_ tool: Tool, of name: String, in namespace: String) async throws -> [JSONValue] {
      let splits = try await items(tool, "get", "splits", "-n", namespace)
      return splits.first { $0["name"]?.string == name }?["backends"]?.array ?? []
    }

    /// The requests each backend of a split was seen to get.
    private static func requests(to backends: [JSONValue]) -> [Double] {
      backends.map { ($0["observed"]?["share"]?.double ?? 0) * ($0["observed"]?["n"]?.double ?? 0) }
    }

    /// The requests of some things in all answers together, which are asked for until there are `least` of them.
    ///
    /// One answer rests on the second and a half between two looks at the counters, and has too few to tell shares by.
    private static func requests(_ least: Double, _ ask: () async throws -> [Double]) async -> [Double] {
      var sums: [Double] = []
      await Laboratory.wait(150) {
        guard let counts = try? await ask(), !counts.isEmpty else { return false }
        sums = sums.isEmpty ? counts : zip(sums, counts).map(+)
        return sums.reduce(0, +) >= least
      }
      return sums
    }

    /// Whether the first of some things has a share of their requests, to six standard deviations: arrivals are drawn, and
    /// are further from it in one run of a million at most.
    private static func isShare(_ share: Double, ofFirst requests: [Double]) -> Bool {
      let all = requests.reduce(0, +)
      return abs((requests.first ?? 0) - share * all) < 6 * (share * (1 - share) * all).squareRoot()
    }

    @Test func addressesWithoutPodsAreInstancesOfTheirService() async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      for list in ["services", "workloads"] {
        var found: JSONValue?
        // Eight requests a second: there may be none between two looks at the counters.
        await Laboratory.wait(60) {
          found = try? await Self.items(tool, "get", list, "-n", "gw-shop").first { $0["name"] == "warehouse" }
          return (found?["rps"]?.double ?? 0) > 0
        }
        let row = try #require(found)
        #expect(row["runtime"] == "vm")
        #expect(row["ready"] == 2 && row["total"] == 3)
        #expect((row["rps"]?.double ?? 0) > 0, "\(list): \(row)")
      }
      let run = try await tool("describe", "service/warehouse", "-n", "gw-shop")
      #expect(run.code == 0 && run.output.contains("warehouse"), "\(run.errors)")
      let graph = try await tool("graph", "--as", "json", "-n", "gw-shop").json
      let nodes = (graph["nodes"]?.array ?? []).filter { $0["id"]?.string?.hasSuffix("/warehouse") ?? false }
      #expect(nodes.count == 1, "\(nodes)")
    }

    @Test func anExportHoldsTheConfigurationOfEveryDialect() async throws {
      let tool = try await DemoServer.dialects.tool()
      let kinds = Set(try await Self.items(tool, "get", "objects", "-A").compactMap { $0["kind"]?.string })
      #expect(kinds.isSuperset(of: ["HTTPRoute", "TrafficSplit", "Server"]), "\(kinds)")
      #expect(!kinds.contains("Pod"))
    }

    @Test(arguments: [("books-split", 0.9), ("quotes-split", 0.75)])
    func linkerdsRoutesHaveThreeTruths(name: String, share: Double) async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      var backends: [JSONValue] = []
      let requests = await Self.requests(250) {
        backends = try await Self.backends(tool, of: name, in: "l5d-shop")
        return Self.requests(to: backends)
      }
      try #require(backends.count == 2)
      #expect(backends[0]["desired"]?["share"]?.double == share)
      #expect(backends[0]["programmed"]?["share"]?.double == share, "\(backends[0])")
      let observed = try #require(backends[0]["observed"]?["share"]?.double)
      let low = try #require(backends[0]["observed"]?["low"]?.double)
      let high = try #require(backends[0]["observed"]?["high"]?.double)
      #expect(low <= observed && observed <= high, "\(backends[0])")
      #expect(requests.reduce(0, +) >= 250 && requests.allSatisfy { $0 > 0 }, "\(requests)")
      #expect(Self.isShare(share, ofFirst: requests), "\(requests)")
    }

    @Test func linkerdsEdgesProveIdentitiesOrSayWhyNot() async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      var edges: [JSONValue] = []
      await Laboratory.wait(60) {
        edges = (try? await Self.items(tool, "get", "edges", "-n", "l5d-shop")) ?? []
        return edges.contains {
          $0["destination"]?.string?.hasSuffix("printer") == true && $0["security"]?["plain"] != nil
        }
      }
      let books = edges.first {
        $0["source"]?.string?.hasSuffix("web-v1") == true && $0["destination"]?.string?.hasSuffix("books-v1") == true
      }
      #expect(
        books?["security"]?["serverIdentities"]?[0] == "books.l5d-shop.serviceaccount.identity.linkerd.cluster.local",
        "\(edges)")
      let printer = edges.first { $0["destination"]?.string?.hasSuffix("printer") == true }
      #expect(printer?["security"]?["plain"]?["not_provided_by_service_discovery"] != nil, "\(edges)")
      let proxies = try await Self.items(tool, "get", "proxies", "-n", "l5d-shop")
      #expect(proxies.contains { $0["version"] == "edge-26.8.3" })
    }

    @Test func machinesWithLinkerdsProxyAreRowsLikeOthers() async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      var row: JSONValue?
      await Laboratory.wait(60) {
        let rows = try? await Self.items(tool, "get", "workloads", "-n", "l5d-shop")
        row = rows?.first { $0["name"] == "stock-1" }
        return (row?["rps"]?.double ?? 0) > 0
      }
      #expect((row?["rps"]?.double ?? 0) > 0, "\(row ?? .null)")
      #expect(row?["runtime"] == "vm")
      let services = try await Self.items(tool, "get", "services", "-n", "l5d-shop")
      let service = services.first { $0["name"] == "stock" }
      #expect(service?["runtime"] == "vm" && service?["ready"] == 2, "\(service ?? .null)")
    }

    @Test func aClusterWithoutPrometheusIsMeasuredByTheTrafficMetricsAPI() async throws {
      let tool = try await DemoServer.dialects.tool()
      let rows = try await Self.items(tool, "get", "splits", "-n", "smi-shop")
      let backends = try #require(rows.first { $0["name"] == "site-rollout" }?["backends"]?.array)
      let share = try #require(backends.first?["observed"]?["share"]?.double, "\(backends)")
      #expect(abs(share - 0.75) < 0.05)
      let services = try await Self.items(tool, "get", "services", "-n", "smi-shop")
      #expect(
        services.allSatisfy {
          $0["rps"]?["unknown"]?.string?.contains("not of the services that were called") ?? false
        }, "\(services)")
    }

    @Test func ambientWorkloadsAreMeasuredByTheirWaypointOnce() async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      var routed: [Double] = [0, 0]
      var bytes: [Double] = []
      // The catalogue is called 20 times a second, and in the same time services of sidecars 30 times in each of two
      // namespaces. Neither the connections that carry the requests nor those of the waypoint come on top of them: counted
      // twice, its quarter of all would be two fifths, and a request would have more than its 400 bytes and the 2,500 of its
      // answer.
      let served = await Self.requests(1200) {
        async let backends = Self.backends(tool, of: "catalog", in: "am-shop")
        let services = try await Self.items(tool, "get", "services", "-A")
        let split = Self.requests(to: try await backends)
        guard split.count == 2 else { return [] }
        routed = zip(routed, split).map(+)
        let catalog = services.first { $0["namespace"]?.string == "am-shop" && $0["name"]?.string == "catalog" }
        let others = services.filter { ["smi-shop", "kn-shop"].contains($0["namespace"]?.string) }
        if let rate = catalog?["rps"]?.double, let all = catalog?["bytesPerSecond"]?.double { bytes.append(all / rate) }
        return [catalog?["n"]?.double ?? 0, others.compactMap { $0["n"]?.double }.reduce(0, +)]
      }
      #expect(served.reduce(0, +) >= 1200 && Self.isShare(0.25, ofFirst: served), "\(served)")
      #expect(!bytes.isEmpty && bytes.allSatisfy { abs($0 - 2900) < 1 }, "\(bytes)")
      #expect(routed.reduce(0, +) >= 150 && Self.isShare(0.8, ofFirst: routed), "\(routed)")
      let edges = try await Self.items(tool, "get", "edges", "-n", "am-shop")
      let pairs = edges.filter { $0["destination"]?.string?.hasSuffix("catalog-v1") == true }
      #expect(pairs.map { $0["source"]?.string?.hasSuffix("kiosk-v1") } == [true], "\(edges)")
      #expect(pairs.first?["mtlsShare"]?.double == 1, "\(pairs)")
      let matrix = try await Self.items(tool, "mtls", "matrix", "-n", "am-shop")
      let cell = matrix.first { $0["server"]?.string?.hasSuffix("catalog-v1") == true }
      #expect(cell?["verdict"] == "could be STRICT", "\(matrix)")
      let modes = try await Self.items(tool, "get", "mtls", "-n", "am-shop")
      #expect(
        modes.first { $0["workload"]?.string?.hasSuffix("catalog-v1") == true }?["mode"] == "PERMISSIVE", "\(modes)")
    }
  }
}
