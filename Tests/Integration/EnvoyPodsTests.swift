import Foundation
import MeshModel
import Testing

/// A fleet of Envoys that are pods, found by their labels and reached through the API server.
@Suite("Envoys in pods", .timeLimit(.minutes(20))) struct EnvoyPodsTests {
  @Test("pods are found by their labels, read through the API server, and counted")
  func readsPods() async throws {
    let tool = try await DemoServer.reading.tool()
    func configure(_ place: String) throws {
      _ = try tool.file(
        "config/meshdeck/config.yaml",
        "planes: [{name: pods, kind: envoy, kubeconfig: \(tool.kubeconfig ?? ""), envoy: [{url: \"\(place)\"}]}]\n")
    }
    try configure("pods://shop/app=reviews,version=v1:15000")
    let proxies = try await tool("get", "proxies", "-A", "-o", "json")
    let items = try #require(try proxies.json["items"]?.array, "\(proxies.errors)")
    #expect(!items.isEmpty && items.count < 10)
    #expect(items.allSatisfy { $0["id"]?.string?.contains("reviews-v1") == true }, "\(proxies.output)")
    let check = try await tool("planes", "check")
    #expect(check.output.contains("\(items.count) of \(items.count) proxies answer"), "\(check.output)\(check.errors)")
    let identities = try await tool("get", "identities", "-A", "-o", "json")
    let proven = try identities.json["items"]?.array?.compactMap { $0["proven"]?.string } ?? []
    #expect(proven == ["spiffe://cluster.local/ns/shop/sa/reviews"], "\(identities.output)")
    try configure("pods://shop/app=nothing:15000")
    let none = try await tool("get", "proxies", "-A")
    #expect(none.errors.contains("no proxy answers"), "\(none.errors)")
    try configure("pods://shop/app=reviews")
    #expect(try await tool("get", "proxies", "-A").errors.contains("names no port"))
  }
}
