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

    @Test func addressesWithoutPodsAreInstancesOfTheirService() async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      for list in ["services", "workloads"] {
        let rows = try await Self.items(tool, "get", list, "-n", "gw-shop")
        let row = try #require(rows.first { $0["name"] == "warehouse" })
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
      var split: JSONValue?
      // Counters are looked at twice before there is a rate.
      await Laboratory.wait(30) {
        split = try? await Self.items(tool, "get", "splits", "-n", "l5d-shop").first { $0["name"]?.string == name }
        return (split?["backends"]?[0]?["observed"]?["n"]?.double ?? 0) > 40
      }
      let backends = try #require(split?["backends"]?.array)
      #expect(backends.count == 2)
      #expect(backends[0]["desired"]?["share"]?.double == share)
      #expect(backends[0]["programmed"]?["share"]?.double == share, "\(backends[0])")
      let low = try #require(backends[0]["observed"]?["low"]?.double)
      let high = try #require(backends[0]["observed"]?["high"]?.double)
      #expect(low - 0.02 <= share && share <= high + 0.02, "\(backends[0])")
    }

    @Test func linkerdsEdgesProveIdentitiesOrSayWhyNot() async throws {
      let tool = try await DemoServer.dialects.tool(measured: true)
      var edges: [JSONValue] = []
      await Laboratory.wait(30) {
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
      await Laboratory.wait(30) {
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
      var split: JSONValue?
      await Laboratory.wait(30) {
        split = try? await Self.items(tool, "get", "splits", "-n", "am-shop").first { $0["name"]?.string == "catalog" }
        return (split?["backends"]?[0]?["observed"]?["n"]?.double ?? 0) > 40
      }
      let backends = try #require(split?["backends"]?.array)
      let low = try #require(backends[0]["observed"]?["low"]?.double)
      let high = try #require(backends[0]["observed"]?["high"]?.double)
      #expect(low - 0.02 <= 0.8 && 0.8 <= high + 0.02, "\(backends)")
      // Neither the connections that carry the requests nor those of the waypoint come on top of them.
      let services = try await Self.items(tool, "get", "services", "-n", "am-shop")
      let rate = try #require(services.first { $0["name"] == "catalog" }?["rps"]?.double, "\(services)")
      #expect(rate > 15 && rate < 25)
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
