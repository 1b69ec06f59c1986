import Foundation
import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct ExpositionTests {
  /// The samples of an exposition text: name, labels and value of each line that is no comment.
  private func samples(_ text: String) throws -> [(name: String, labels: [String: String], value: Double)] {
    let line = /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([0-9.e+-]+)/
    let label = /([a-z_]+)="((?:[^"\\]|\\.)*)"/
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { text in
      let match = try #require(try line.wholeMatch(in: text), "\(text)")
      var labels: [String: String] = [:]
      for found in (match.2 ?? "").matches(of: label) { labels[String(found.1)] = String(found.2) }
      return (String(match.1), labels, try #require(Double(match.3)))
    }
  }

  private static let standardLabels: Set = [
    "reporter", "source_workload", "source_canonical_service", "source_canonical_revision", "source_workload_namespace",
    "source_principal", "source_app", "source_version", "source_cluster", "destination_workload",
    "destination_workload_namespace", "destination_principal", "destination_app", "destination_version",
    "destination_service", "destination_canonical_service", "destination_canonical_revision",
    "destination_service_name", "destination_service_namespace", "destination_cluster", "request_protocol",
    "response_code", "grpc_response_status", "response_flags", "connection_security_policy",
  ]

  @Test func theTextIsWellFormedAndItsHistogramsAddUp() throws {
    let mesh = try SimulatedMesh(.builtIn("shop"))
    mesh.run(120)
    let samples = try samples(Exposition(state: mesh.state, simulation: mesh.simulation).text())
    let requests = samples.filter { $0.name == "istio_requests_total" }
    #expect(requests.count > 30)
    #expect(requests.allSatisfy { Set($0.labels.keys) == Self.standardLabels })
    #expect(Set(requests.compactMap { $0.labels["connection_security_policy"] }) == ["mutual_tls", "none", "unknown"])
    #expect(
      requests.filter { $0.labels["reporter"] == "source" }
        .allSatisfy { $0.labels["connection_security_policy"] == "unknown" })
    var last: [[String: String]: (limit: Double, value: Double)] = [:]
    for sample in samples where sample.name == "istio_request_duration_milliseconds_bucket" {
      var labels = sample.labels
      let bound = labels.removeValue(forKey: "le") ?? ""
      let limit = bound == "+Inf" ? Double.infinity : try #require(Double(bound))
      if let previous = last[labels] {
        #expect(previous.limit < limit && previous.value <= sample.value)
      }
      last[labels] = (limit, sample.value)
    }
    for sample in samples where sample.name == "istio_request_duration_milliseconds_count" {
      #expect(last[sample.labels]?.value == sample.value)
    }
    for name in ["istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total", "istio_request_messages_total"] {
      #expect(samples.contains { $0.name == name && $0.value > 0 }, "\(name)")
    }
  }

  @Test func theProxiesPartsAddUpToTheWhole() throws {
    let mesh = try SimulatedMesh(.builtIn("shop"))
    mesh.run(120)
    let state = mesh.state
    let whole = try samples(Exposition(state: state, simulation: mesh.simulation).text())
      .filter { $0.name == "istio_requests_total" && $0.labels["source_workload"] == "storefront-v1" }
      .filter { $0.labels["reporter"] == "source" }.reduce(0) { $0 + $1.value }
    let parts = try state.registry.sortedInstances.filter { $0.workload == "storefront-v1" }.map { proxy in
      try samples(Exposition(state: state, simulation: mesh.simulation).text(of: proxy))
        .filter { $0.name == "istio_requests_total" && $0.labels["reporter"] == "source" }.reduce(0) { $0 + $1.value }
    }
    #expect(parts.count == 3)
    #expect(parts.reduce(0, +) == whole)
  }

  @Test func theQuantilesAreTheScenarios() throws {
    let mesh = try SimulatedMesh(.builtIn("shop"))
    let bad = mesh.state.flows.filter {
      $0.labels.contains("reporter=\"destination\"") && $0.labels.contains("destination_workload=\"ledger-v2\"")
    }
    let total = bad.reduce(0) { $0 + $1.rate }
    let index = try #require(Buckets.labels.firstIndex(of: "1000"))
    let below = bad.reduce(0) { $0 + $1.rate * $1.buckets[index] } / total
    #expect(below > 0.985 && below < 0.995, "\(below)")
  }
}
