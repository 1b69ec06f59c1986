import Foundation
import MeshModel
import Testing

@testable import MeshEmulator

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct EmbeddedMeshTests {
  private func get(_ url: String) async throws -> (status: Int, body: [UInt8]) {
    let (data, response) = try await URLSession.shared.data(from: try #require(URL(string: url)))
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, [UInt8](data))
  }

  /// The clocks of clients are judged by it.
  @Test func everyServerTellsTheTime() async throws {
    let mesh = try EmbeddedMesh(scenario: .builtIn("hybrid"))
    let endpoints = try await mesh.start()
    let planes = endpoints.planes.compactMap { ($0.setting["url"] ?? $0.setting["endpoint"])?.string }
    #expect(!planes.isEmpty)
    for address in [endpoints.kubernetes, endpoints.metrics, endpoints.istiod] + planes {
      let (_, response) = try await URLSession.shared.data(from: try #require(URL(string: address)))
      let date = try #require((response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Date"), "\(address)")
      #expect(date.hasSuffix(" GMT") && date.split(separator: " ").count == 6, "\(address): \(date)")
    }
    await mesh.stop()
  }

  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (1_795_345_397, "Sun, 22 Nov 2026 11:03:17 GMT"),
  ])
  func timesAreSpelledAsHTTPHasThem(_ seconds: Int, _ text: String) { #expect(Timestamp.http(seconds) == text) }

  @Test func everyDoorOfTheDemoOpens() async throws {
    let mesh = try EmbeddedMesh(scenario: .builtIn("shop"))
    let endpoints = try await mesh.start()
    #expect(endpoints.kubeconfig.contains(endpoints.kubernetes))
    let list = try await get("\(endpoints.kubernetes)/apis/networking.istio.io/v1/virtualservices")
    #expect(try JSONValue(parsing: list.body)["items"]?.array?.count == 5)
    let metrics = try await get(endpoints.metrics)
    #expect(metrics.status == 200 && String(decoding: metrics.body, as: UTF8.self).contains("# TYPE"))
    let direct = try JSONValue(parsing: try await get("\(endpoints.istiod)/debug/syncz").body)
    #expect((direct.array?.count ?? 0) > 20)
    let pods = mesh.store.list(ResourceID("pods"))
    let istiod = try #require(pods.first { $0.label("app") == "istiod" })
    let proxied = try await get(
      "\(endpoints.kubernetes)/api/v1/namespaces/istio-system/pods/\(istiod.name):8080/proxy/debug/syncz")
    #expect(try JSONValue(parsing: proxied.body).array?.count == direct.array?.count)
    let pod = try #require(pods.first { $0.label("app") == "storefront" })
    let envoy = "\(endpoints.kubernetes)/api/v1/namespaces/shop/pods/\(pod.name):15000/proxy"
    let dump = try await get("\(envoy)/config_dump?resource=dynamic_route_configs")
    #expect(dump.status == 200)
    #expect(String(decoding: dump.body, as: UTF8.self).contains("weighted_clusters"))
    #expect(String(decoding: try await get("\(envoy)/ready").body, as: UTF8.self) == "LIVE\n")
    await mesh.stop()
  }

  /// Istio's sidecars listen for their administration on 127.0.0.1, and the API server dials the pod.
  @Test func theAdministrationOfSidecarsIsClosedUnlessTheScenarioOpensIt() async throws {
    let mesh = try EmbeddedMesh(scenario: .builtIn("small"))
    let endpoints = try await mesh.start()
    let pod = try #require(mesh.store.list(ResourceID("pods")).first { $0.label("app") == "web" })
    let path = "api/v1/namespaces/demo/pods/\(pod.name):15000/proxy/certs"
    let refused = try await get("\(endpoints.kubernetes)/\(path)")
    #expect(refused.status == 503)
    #expect(String(decoding: refused.body, as: UTF8.self).contains("connection refused"))
    let dump = try await get("\(endpoints.istiod)/debug/config_dump?proxyID=\(pod.name).demo")
    #expect(dump.status == 200)
    #expect(String(decoding: dump.body, as: UTF8.self).contains("\"weightedClusters\""))
    await mesh.stop()
  }

  @Test func everyPlatformOfAHybridScenarioIsServedBesideKubernetes() async throws {
    let scenario = try Scenario.builtIn("hybrid")
    let mesh = try EmbeddedMesh(scenario: scenario)
    let endpoints = try await mesh.start()
    #expect(endpoints.planes.map(\.kind) == scenario.platforms.map(\.kind))
    for plane in endpoints.planes {
      #expect(plane.setting["name"]?.string == plane.name && plane.setting["kind"]?.string == plane.kind.rawValue)
    }
    let consul = try #require(endpoints.planes.first { $0.kind == .consul }?.setting["url"]?.string)
    let splitter = try await get("\(consul)/v1/config/service-splitter/stock")
    #expect(try JSONValue(parsing: splitter.body)["Splits"]?[0]?["Weight"] == .number("97.5"))
    #expect(try await get("\(consul)/v2/nothing").status == 404)
    await mesh.stop()
  }
}
