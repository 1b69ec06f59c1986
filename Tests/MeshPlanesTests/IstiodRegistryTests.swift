import MeshModel
import Testing

@testable import MeshPlanes

/// What istiod's registry holds: services and endpoints, in the forms of all its versions.
@Suite struct IstiodRegistryTests {
  private static func fed<Reader: PieceReader>(
    _ reader: Reader, _ bytes: [UInt8], by size: Int = 4096
  ) throws -> Reader.Value {
    var reader = reader
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.feed(Array(bytes[start..<min(start + size, bytes.count)]))
    }
    return try reader.finish()
  }

  private static let ledger = "ledger.payments.svc.cluster.local"

  @Test(arguments: [1, 7, 4096]) func readsTheServicesHoweverTheirBytesCome(size: Int) throws {
    let registry = try Self.fed(
      RegistryReader(hosts: [Self.ledger]), try IstioFixtures.bytes("istiod/registryz.json"), by: size)
    #expect(registry.counts == ["Kubernetes": 26, "External": 2])
    #expect(
      registry.services == [
        RegisteredService(host: Self.ledger, registry: "Kubernetes", ports: ["http 8080 HTTP"], resolution: "static")
      ])
  }

  @Test(arguments: [1, 7, 4096]) func readsTheOlderFormOfEndpoints(size: Int) throws {
    let found = try Self.fed(
      EndpointReader(.hosts([Self.ledger])), try IstioFixtures.bytes("istiod/endpointz.json"), by: size)
    #expect(found.counts == ["": 1, "Kubernetes": 38])
    #expect(found.kept.count == 4)
    #expect(found.kept.allSatisfy { $0.host == Self.ledger && $0.port == 8080 && $0.takesMeshTLS })
    #expect(found.kept.allSatisfy { $0.health == .healthy && $0.cluster == "Kubernetes" })
    #expect(found.kept.first?.account == "spiffe://cluster.local/ns/payments/sa/ledger")
  }

  /// The newer form, as `model.EndpointShards` and `model.IstioEndpoint` of Istio 1.29 are written.
  private static let shards = #"""
     {"reviews.shop.svc.cluster.local": {"shop": {"Shards": {
       "Kubernetes/east": [
         {"Labels": {"a": "}]"}, "Addresses": ["10.1.0.1", "fd00::1"], "ServicePortName": "http", "EndpointPort": 9080,
          "ServiceAccount": "spiffe://mesh/ns/shop/sa/reviews", "Network": "n1", "Locality": {"Label": "", "ClusterID": ""},
          "TLSMode": "istio", "HealthStatus": 1},
         {"Addresses": ["10.1.0.2"], "EndpointPort": 9080, "TLSMode": "disabled", "HealthStatus": 2}],
       "Kubernetes/west": [{"Address": "10.2.0.1", "EndpointPort": 9080, "HealthStatus": 4}],
       "External/east": null}, "ServiceAccounts": {}}},
      "empty.shop.svc.cluster.local": {"shop": {"Shards": {}, "ServiceAccounts": null}}, "gone": null}
    """#

  @Test(arguments: [1, 7, 4096]) func readsTheNewerFormOfEndpoints(size: Int) throws {
    let found = try Self.fed(EndpointReader(.addresses(["fd00::1", "10.2.0.1"])), Array(Self.shards.utf8), by: size)
    #expect(found.counts == ["east": 2, "west": 1])
    #expect(found.unhealthy == 2)
    #expect(found.kept.map(\.cluster) == ["east", "west"])
    let first = try #require(found.kept.first)
    #expect(first.host == "reviews.shop.svc.cluster.local" && first.network == "n1")
    #expect(first.health == .healthy && first.takesMeshTLS)
    #expect(found.kept.last?.health == .terminating)
  }

  @Test func whatANumberOfHealthMeansIsTakenByItsVersion() throws {
    func health(_ number: Int) throws -> RegisteredEndpoint.Health? {
      let text = #"[{"svc":"a.b:http","ep":[{"endpoint":{"Address":"1.2.3.4","HealthStatus":\#(number)}}]}]"#
      return try Self.fed(EndpointReader(.hosts(["a.b"])), Array(text.utf8)).kept.first?.health
    }
    #expect(try health(0) == .healthy)
    #expect(try health(1) == .untold, "unhealthy to 1.17, healthy in 1.18 and 1.19")
    #expect(try health(2) == .unhealthy)
  }

  @Test(arguments: [
    "", "404 page not found\n", #"{"a": {"#, #"{"a": 1}"#, #"{"a": {"ns": {"Shards": {"k": [1]}}}}"#, "[1]",
  ])
  func whatHoldsNoEndpointsIsAnError(text: String) {
    #expect(throws: JSONError.self) { try Self.fed(EndpointReader(), Array(text.utf8)) }
  }

  @Test(arguments: ["null", "[]", "{}", " { } "]) func noEndpointsAreNone(text: String) throws {
    #expect(try Self.fed(EndpointReader(), Array(text.utf8)).counts.isEmpty)
  }

  private static func service() -> Service {
    Service(
      ref: ObjectRef(plane: "lab", namespace: "payments", kind: "service", name: "ledger"), hosts: [ledger],
      ports: [])
  }

  @Test func everyReplicaSaysWhatItHoldsOfAService() async throws {
    let access = try IstiodDebugTests.access(
      [
        "1:8080/debug/registryz": try IstioFixtures.bytes("istiod/registryz.json"),
        "1:8080/debug/endpointz": try IstioFixtures.bytes("istiod/endpointz.json"),
        "2:8080/debug/registryz": Array("[]".utf8), "2:8080/debug/endpointz": Array("{}".utf8),
      ], replicas: 2)
    let known = await IstioDialect().registration(of: Self.service(), using: access)
    let held = try #require(known?.value)
    #expect(held.map(\.replica) == ["istiod-1", "istiod-2"])
    #expect(held.map(\.services.count) == [1, 0])
    #expect(held.map(\.endpoints.count) == [4, 0])
  }

  @Test func anInstanceIsFoundByItsAddresses() async throws {
    var access = try IstiodDebugTests.access([
      "1:8080/debug/endpointz": try IstioFixtures.bytes("istiod/endpointz.json")
    ])
    access.objects.append(
      try IstioFixtures.native(
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"storefront-v1-0","namespace":"shop"},"status":{"podIP":"10.1.0.12"}}"#
      ))
    let known = await IstioDialect().registration(ofInstance: IstioProgrammedTests.pod, using: access)
    let held = try #require(known?.value?.first)
    #expect(held.endpoints.map(\.host) == ["storefront.shop.svc.cluster.local"])
    let other = await IstioDialect().registration(
      ofInstance: ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "none"), using: access)
    #expect(other?.reason?.contains("its address is not known") == true)
  }

  @Test func theCheckCountsWhatTheRegistryHolds() async throws {
    let access = try IstiodDebugTests.access([
      "1:8080/debug/push_status": Array("{}".utf8),
      "1:8080/debug/mesh": try IstioFixtures.bytes("istiod/mesh.json"),
      "1:8080/debug/registryz": try IstioFixtures.bytes("istiod/registryz.json"),
      "1:8080/debug/endpointz": Array(Self.shards.utf8),
    ])
    let checks = await IstioDialect().checks(using: access)
    #expect(checks.allSatisfy { $0.result == .ok }, "\(checks)")
    #expect(
      checks.last?.detail
        == "istiod-1: registry of 28 services (2 from External, 26 from Kubernetes), 2 endpoints in cluster east, "
        + "1 endpoints in cluster west, 2 of them get no requests")
  }

  @Test func aVersionWithoutTheOldNameIsAskedByTheNewOne() async throws {
    let dialect = IstioDialect(addresses: IstioDialect.Addresses(istiod: "http://istiod")) {
      url, receive throws(MeshError) in
      switch url {
      case "http://istiod/debug/registryz": receive(Array("[]".utf8))
      case "http://istiod/debug/endpointShardz": for byte in Self.shards.utf8 { receive([byte]) }
      default: throw MeshError(.notFound, "it answers 404")
      }
    }
    var service = Self.service()
    service.hosts = ["reviews.shop.svc.cluster.local"]
    let held = try #require(await dialect.registration(of: service, using: StoredObjects())?.value?.first)
    #expect(held.endpoints.count == 3)
  }
}
