import Foundation
import MeshModel
import Testing

@testable import MeshEmulator

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct WireTests {
  /// Runs a server on a socket for the time of `body`.
  private func serving(_ body: (APIClient, String) async throws -> Void) async throws {
    let client = try APIClient()
    let server = client.server
    let running = Task { try await server.run() }
    try await body(client, try await server.address)
    await server.stop()
    running.cancel()
    _ = await running.result
  }

  private func get(_ address: String, _ path: String) async throws -> (Data, HTTPURLResponse) {
    let url = try #require(URL(string: address + path))
    let (data, response) = try await URLSession.shared.data(from: url)
    return (data, try #require(response as? HTTPURLResponse))
  }

  @Test func answersComeOverASocketWithTheHeadersOfAServer() async throws {
    try await serving { _, address in
      for _ in 0..<3 {
        let (data, response) = try await get(address, APIClient.reviews)
        #expect(response.statusCode == 200)
        #expect(response.value(forHTTPHeaderField: "Audit-Id")?.count == 36)
        #expect(try JSONValue(parsing: Array(data))["kind"]?.string == "VirtualService")
      }
    }
  }

  @Test func orderedFaultsStrikeAsOftenAsOrdered() async throws {
    try await serving { client, address in
      client.faults.add(.init(pathPrefix: "/apis", count: 2, effect: .status(429, retryAfter: 3)))
      for _ in 0..<2 {
        let (_, response) = try await get(address, APIClient.reviews)
        #expect(response.statusCode == 429)
        #expect(response.value(forHTTPHeaderField: "Retry-After") == "3")
      }
      let (_, after) = try await get(address, APIClient.reviews)
      #expect(after.statusCode == 200)
    }
  }

  @Test(arguments: [Faults.Effect.truncate(afterBytes: 20), .disconnect])
  func brokenConnectionsAreErrorsForTheClient(effect: Faults.Effect) async throws {
    try await serving { client, address in
      client.faults.add(.init(effect: effect))
      await #expect(throws: (any Error).self) { try await get(address, APIClient.reviews) }
      let (_, after) = try await get(address, APIClient.reviews)
      #expect(after.statusCode == 200)
    }
  }

  @Test func aWatchEndsWithItsTimeAndCarriesWholeLines() async throws {
    try await serving { client, address in
      let path = "/apis/networking.istio.io/v1/virtualservices?watch=1&timeoutSeconds=1"
      let (data, response) = try await get(address, path)
      #expect(response.statusCode == 200)
      let lines = data.split(separator: 0x0A)
      #expect(lines.count == 1)
      #expect(try JSONValue(parsing: Array(lines[0]))["type"]?.string == "ADDED")
    }
  }
}
