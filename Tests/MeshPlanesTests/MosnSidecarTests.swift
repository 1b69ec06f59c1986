import MeshModel
import Testing

@testable import MeshPlanes

/// MOSN in the place of Envoy beside instances of an old Istio. The shapes are those of MOSN's `pkg/config/v2`.
@Suite struct MosnSidecarTests {
  static let dump = """
    {"mosn_config":{"dynamic_resources":{}},
     "routers":{"8080":{"router_config_name":"8080","virtual_hosts":[{"name":"a","domains":["a.shop.svc.cluster.local","a"],
       "routers":[{"match":{"prefix":"/"},"route":{"weighted_clusters":[
         {"cluster":{"name":"outbound|8080|v1|a.shop.svc.cluster.local","weight":90}},
         {"cluster":{"name":"outbound|8080|v2|a.shop.svc.cluster.local","weight":10}}]}}]}]}},
     "cluster":{"x":{"name":"outbound|8080||a.shop.svc.cluster.local","tls_context":{"status":true,"cert_chain":"c",
       "private_key":"secret"}}},
     "listener":{"in":{"name":"in","type":"ingress","address":"10.0.0.1:8080","filter_chains":[{"tls_context":
       {"status":true,"verify_client":true,"fall_back":true}}]},
       "out":{"name":"out","type":"egress","address":"0.0.0.0:8080","filter_chains":[{}]}}}
    """
  static let pod = ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "a-1")

  @Test func itIsAskedWhereNoEnvoyAnswersAndOnlyInAnOldMesh() async throws {
    var stored = StoredObjects(answers: ["shop/a-1:34901/api/v1/config_dump": Array(Self.dump.utf8)], isOfOld: true)
    let routes = await IstioProgrammed(dialect: IstioDialect(), access: stored).routes(of: Self.pod)
    let clusters = try #require(routes.value?.first?.clusters)
    #expect(clusters.map(\.subset) == ["v1", "v2"])
    #expect(clusters.map(\.weight) == [90, 10])
    #expect(routes.value?.first?.domains.contains("a.shop.svc.cluster.local") == true)
    stored.isOfOld = false
    #expect(await IstioProgrammed(dialect: IstioDialect(), access: stored).routes(of: Self.pod).value == nil)
  }

  @Test func itsContextsAreReadAndItsKeysNot() async throws {
    let stored = StoredObjects(answers: ["shop/a-1:34901/api/v1/config_dump": Array(Self.dump.utf8)], isOfOld: true)
    let dump = try #require(
      await MosnSidecar(dialect: IstioDialect(), access: stored).configuration(of: Self.pod))
    #expect(!JSONWriter.text(dump).contains("secret"))
    let contexts = MosnSidecar.contexts(
      dump, proxy: Self.pod,
      ProxyTLSQuestion(workload: Self.pod, isServer: true, hosts: ["a.shop.svc.cluster.local"]))
    #expect(contexts.inbound == [InboundTLS(port: 8080, takesMeshTLS: true, takesPlaintext: true)])
    #expect(contexts.outbound.map(\.sends) == [.mesh])
  }
}
