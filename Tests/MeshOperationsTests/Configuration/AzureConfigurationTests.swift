import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

/// What the configuration says of Azure: where a Service Fabric is, which cluster of AKS a Kubernetes plane is.
@Suite struct AzureConfigurationTests {
  static func parse(_ plane: String) throws -> PlaneSetting {
    try #require(try ConfigurationFile.parse("planes:\n  - {\(plane)}\n", path: "c.yaml").planes.first)
  }

  @Test(arguments: [
    "name: apps, kind: service-fabric, subscription: s, resourceGroup: g, endpoint: \"http://127.0.0.1:1\"",
    "name: apps, kind: servicefabric, url: \"https://c:19080\", caFile: ~/ca, clientCertificate: ~/c, clientKey: ~/k",
    "name: prod, kind: kubernetes, azure: {subscription: s, resourceGroup: g, cluster: c}",
  ])
  func whatIsWrittenIsReadAgain(_ text: String) throws {
    let plane = try Self.parse(text)
    #expect(plane.azure != nil)
    let again = try ConfigurationFile.parse(ConfigurationFile.yaml(of: Configuration(planes: [plane])), path: "c.yaml")
    #expect(again.planes == [plane])
  }

  static let faults: [(String, String)] = [
    ("name: x, kind: service-fabric", "needs subscription and resourceGroup, or the url"),
    ("name: x, kind: service-fabric, subscription: s", "needs subscription and resourceGroup, or the url"),
    ("name: x, kind: service-fabric, subscription: s, resourceGroup: g, url: u", "or the url"),
    ("name: x, kind: service-fabric, url: u, clientKey: k", "go together"),
    ("name: x, kind: service-fabric, url: \"https://user:pw@host\"", "holds a user or password"),
    ("name: x, kind: service-fabric, url: u, endpoint: e", "endpoint is Azure's own API"),
    ("name: x, kind: app-mesh, resourceGroup: g", "resourceGroup is for planes of kind service-fabric"),
    ("name: x, kind: service-fabric, azure: {cluster: c}", "azure is for planes of kind kubernetes"),
    ("name: x, azure: {cluster: c}", "azure needs subscription, resourceGroup and cluster"),
    ("name: x, azure: {clusters: c}", "unknown field clusters"),
  ]

  @Test(arguments: faults)
  func whatMakesNoPlaceIsToldWithItsLine(_ text: String, _ words: String) {
    #expect { try Self.parse(text) } throws: {
      ($0 as? MeshError)?.code == .usage && "\($0)".contains(words) && "\($0)".hasPrefix("c.yaml:2")
    }
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    let plane = try Self.parse(
      "name: apps, kind: service-fabric, url: \"https://c:19080\", clientCertificate: /nowhere/c, clientKey: /nowhere/k"
    )
    #expect {
      try PlaneRegistry.connect(plane, configuration: Configuration(planes: [plane]), environment: [:])
    } throws: {
      ($0 as? MeshError)?.code == .usage && "\($0)".contains("clientCertificate /nowhere/c cannot be read")
    }
  }
}
