import MeshModel
import Testing

extension CommandTests {
  /// A mesh as Istio installs it: sidecars' administration listens on 127.0.0.1 of their pods, where the API server does not
  /// lead, and istiod's word stands in for theirs.
  @Suite(.serialized, .timeLimit(.minutes(2))) struct ClosedAdministrationTests {
    @Test func programmedWeightsAreThoseSentAndAcknowledged() async throws {
      let tool = try await DemoServer.secured.tool()
      let run = try await tool("get", "splits", "-n", "demo", "-o", "json")
      let split = try #require(try run.json["items"]?.array?.first, "\(run.errors)")
      let programmed = split["backends"]?.array?.map { $0["programmed"] ?? .null } ?? []
      #expect(programmed.map { $0["weight"]?.int } == [90, 10], "\(split)")
      #expect(programmed.allSatisfy { ($0["proxies"]?.int ?? 0) > 0 }, "\(split)")
    }

    @Test func programmedModesAreThoseSentAndAcknowledged() async throws {
      let run = try await DemoServer.secured.tool()("get", "mtls", "-n", "demo", "-o", "json")
      let rows = try run.json["items"]?.array ?? []
      let row = try #require(rows.first { $0["workload"]?.string == "api-v1" }, "\(run.errors)")
      #expect(row["programmed"]?["mode"]?.string == "PERMISSIVE", "\(row)")
    }

    @Test func certificatesAreUnknownAndTheReasonSaysWhy() async throws {
      let run = try await DemoServer.secured.tool()("get", "identities", "-n", "demo", "-o", "json")
      #expect((run.output + run.errors).contains("listens on 127.0.0.1 of its pod"), "\(run.output)\(run.errors)")
    }
  }
}
