import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// Two clusters of one mesh, served by one process: each by its own plane, and all as one mesh.
  @Suite(.timeLimit(.minutes(2))) struct ClusterCommandTests {
    private static let server = DemoServer(scenario: "clusters")

    @Test func theKubeconfigHasAContextForEachCluster() async throws {
      let endpoints = try await Self.server.endpoints()
      let tool = try Tool(kubeconfig: endpoints.kubeconfig)
      #expect(try await tool("planes", "--context", "*", "-o", "name").output == "east\nwest\n")
      #expect(endpoints.planes.array?.compactMap { $0["context"]?.string } == ["east", "west"])
      let added = try await tool("planes", "add", "--contexts", "east,west")
      #expect(added.code == 0 && added.output == "east\nwest\n", "\(added.errors)")
    }

    @Test func servicesOfBothAreOneAndEachKnowsItsCluster() async throws {
      let tool = try await Self.server.tool(measured: true)
      let run = try await tool("get", "services", "-A", "-o", "json")
      #expect(run.code == 0, "\(run.errors)")
      let reviews = try run.json["items"]?.array?.filter { $0["name"] == "reviews" } ?? []
      #expect(reviews.compactMap { $0["plane"]?.string } == ["east", "west"])
      #expect(reviews.compactMap { $0["cluster"]?.string } == ["east", "west"])
      for item in reviews {
        #expect(item["joined"]?["members"]?.array?.count == 2)
        #expect(item["joined"]?["reasons"]?.array?.last == "one mesh ID, shop-mesh")
      }
    }

    @Test func theGraphLeadsFromOneClusterIntoTheOther() async throws {
      let tool = try await Self.server.tool(measured: true)
      let graph = try await tool("graph", "--as", "json").json
      let call = graph["edges"]?.array?.first { edge in
        edge["source"] == "east/shop/workload/storefront-v1"
          && edge["destination"]?.string?.hasPrefix("west/payments/service/ledger") == true
      }
      #expect(call?["joined"]?.string?.hasPrefix("same host ledger.payments.svc") == true, "\(graph["edges"] ?? .null)")
      #expect(call?["reported"]?["source"]?["plane"] == "east")
      #expect(Set((graph["nodes"]?.array ?? []).compactMap { $0["plane"]?.string }) == ["east", "west"])
      #expect(try await tool("graph", "--as", "dot").output.contains("subgraph cluster_1"))
    }

    @Test func aClusterThatIsLostIsNamedAndTheOtherIsThere() async throws {
      let server = try await Server.start(
        Server.untilEnd(
          [Program.meshdeck, "demo", "--serve", "--scenario", "clusters", "--lose", "west=0.1s", "-o", "json"],
          environment: Tool(kubeconfig: nil).environment))
      let kubeconfig = try #require(server.announced["kubeconfig"]?.string)
      let tool = try Tool(kubeconfig: kubeconfig)
      var west: JSONValue?
      for _ in 0..<40 where west?["state"] != "down" {
        let run = try await tool("get", "workloads", "--context", "east", "--context", "west", "-A", "-o", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect((try run.json["items"]?.array?.count ?? 0) > 3)
        west = try run.json["planes"]?.array?.first { $0["name"] == "west" }
      }
      #expect(west?["state"] == "down")
      #expect(west?["error"]?.string?.isEmpty == false)
    }

    @Test(arguments: [("west", "is not CLUSTER=DURATION"), ("north=3s", "has no further cluster north")])
    func whatCannotBeLostIsToldInWords(text: String, words: String) async throws {
      let tool = try Tool(kubeconfig: nil)
      let run = try await tool("demo", "--serve", "--scenario", "clusters", "--lose", text)
      #expect(run.code == 2 && run.errors.contains(words), "\(run.errors)")
    }
  }
}
