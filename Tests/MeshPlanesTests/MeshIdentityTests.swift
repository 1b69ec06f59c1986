import MeshModel
import Testing

@testable import MeshPlanes

/// What is read to tell one mesh and one cluster from others.
@Suite struct MeshIdentityTests {
  @Test func theMeshsOwnTextNamesMeshAndAliases() throws {
    let settings = try #require(
      IstioSettingsReader.settings(
        yaml: """
          defaultConfig:
            meshId: mesh1
            discoveryAddress: istiod.istio-system.svc:15012
          trustDomain: prod.example
          trustDomainAliases: [old.example, older.example]
          """))
    #expect(settings.meshID == "mesh1")
    #expect(settings.trustDomainAliases == ["old.example", "older.example"])
    let json: JSONValue = ["defaultConfig": ["meshId": "mesh2"], "trustDomainAliases": ["x.example"]]
    #expect(IstioSettingsReader.settings(meshConfig: json).meshID == "mesh2")
    #expect(IstioSettingsReader.settings(meshConfig: json).trustDomainAliases == ["x.example"])
  }

  @Test func rootsAreComparedByTheirBytesNotTheirLines() {
    let one = MeshIdentityReader.certificates(
      "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n")
    let other = MeshIdentityReader.certificates(
      "junk\r\n-----BEGIN CERTIFICATE-----\r\nAAAABB\r\nBB\r\n-----END CERTIFICATE-----\r\n"
        + "-----BEGIN CERTIFICATE-----\nCCCC\n-----END CERTIFICATE-----")
    #expect(one == ["AAAABBBB"])
    #expect(other == ["AAAABBBB", "CCCC"])
    #expect(MeshIdentityReader.certificates("nothing").isEmpty)
  }

  @Test func istiodsContainerNamesTheCluster() {
    let deployment: JSONValue = [
      "spec": [
        "template": [
          "spec": [
            "containers": [
              ["name": "discovery", "env": [["name": "REVISION"], ["name": "CLUSTER_ID", "value": "east-1"]]]
            ]
          ]
        ]
      ]
    ]
    #expect(MeshIdentityReader.cluster(of: deployment) == "east-1")
    #expect(MeshIdentityReader.cluster(of: [:]) == nil)
  }

  @Test func aServiceOfLinkerdsMirrorSaysWhatItStandsFor() throws {
    let object = """
      {"metadata":{"name":"reviews-west","namespace":"shop","labels":{"mirror.linkerd.io/cluster-name":"west"},
       "annotations":{"mirror.linkerd.io/remote-svc-fq-name":"reviews.shop.svc.cluster.local"}},"spec":{"ports":[]}}
      """
    var pool = TextPool()
    let entities = try JSONReader.read(Array(object.utf8)) { reader throws(JSONError) in
      try CoreResources.service("east", &reader, &pool)
    }
    guard case .service(let service)? = entities.first else { throw MeshError(.malformed, "no service") }
    #expect(service.remote == RemoteService(host: "reviews.shop.svc.cluster.local", cluster: "west"))
  }
}
