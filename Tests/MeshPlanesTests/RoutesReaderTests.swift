import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct RoutesReaderTests {
  private static let proxy = ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "web-1")

  private static func read(
    _ bytes: [UInt8], pieces size: Int, _ wanted: RoutesReader.Wanted = RoutesReader.Wanted()
  ) throws -> [ProgrammedRoute] {
    var reader = RoutesReader(proxy, wanted)
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.feed(Array(bytes[start..<min(start + size, bytes.count)]))
    }
    return try reader.finish()
  }

  @Test(arguments: ["envoy/config_dump.dynamic_route_configs.json", "envoy/config_dump.json"], [61, 16_384])
  func theRoutesAreThoseOfTheWholeTextWhereverThePiecesEnd(_ name: String, _ size: Int) throws {
    let bytes = try IstioFixtures.bytes(name)
    let whole = try EnvoyConfigDump.routes(bytes, proxy: Self.proxy)
    #expect(whole.contains { $0.clusters.count > 1 })
    let read = try Self.read(bytes, pieces: size)
    // An answer to `resource` is read to its times; a whole dump by an old Envoy likewise.
    #expect(Set(read) == Set(whole))
    #expect(read.count == whole.count)
    #expect(throws: JSONError.self) { try Self.read(Array(bytes.dropLast(9)), pieces: size) }
  }

  @Test func whatIsNotWantedIsNotKept() throws {
    let bytes = try IstioFixtures.bytes("envoy/config_dump.dynamic_route_configs.json")
    let weighted = RoutesReader.Wanted(route: { $0.clusters.count > 1 ? $0 : nil })
    #expect(try Self.read(bytes, pieces: 1_000, weighted).allSatisfy { $0.clusters.count > 1 })
    let nowhere = RoutesReader.Wanted(hosts: { _ in false })
    #expect(try Self.read(bytes, pieces: 1_000, nowhere).isEmpty)
  }

  @Test func aRuleOfWhichOneDestinationIsLeftIsKeptAndOtherRulesAreNot() throws {
    let route = try IstioProgrammedTests.reviews()
    let question = IstioProgrammed.Question(
      domains: [], rules: IstioProgrammed.Question.rules(of: [route], roots: [:]), streams: false,
      rootNamespace: "istio-system")
    let names = route.rules.filter { $0.backends.count > 1 }.map(\.name)
    let name = try #require(names.first)
    let origin = "/apis/networking.istio.io/v1/namespaces/\(route.ref.namespace)/virtual-service/\(route.ref.name)"
    func isWanted(_ name: String, _ destinations: Int, _ origin: String = origin) -> Bool {
      question.isWanted(route: name, madeFrom: origin, destinations: destinations)
    }
    #expect(!name.isEmpty && isWanted(name, 1) && isWanted("\(name).beta", 1))
    #expect(!isWanted("another", 1) && isWanted("another", 2))
    #expect(isWanted("another", 1, "") && isWanted("another", 1, origin + "x"))
  }

  @Test func routesAreToldApartByTheirObjectsWhereTheirNamesAreAlike() {
    func route(_ origin: String) -> ProgrammedRoute {
      ProgrammedRoute(proxy: Self.proxy, domains: [], name: "primary", origin: origin, clusters: [], port: 80)
    }
    #expect(Set((0..<100).map { route("/namespaces/shop/virtual-service/\($0)").hashValue }).count == 100)
  }

  @Test func whatProxiesRunAlikeIsKeptOnce() throws {
    let bytes = try IstioFixtures.bytes("envoy/config_dump.dynamic_route_configs.json")
    let memo = SentMemo<String, [ProgrammedRoute]>()
    let first = memo.share(try Self.read(bytes, pieces: 4_096), of: Self.proxy, sent: 1, for: "q")
    var other = Self.proxy
    other.name = "web-2"
    let own = first.reversed().map { route in
      var route = route
      route.proxy = other
      return route
    }
    #expect(memo.share(own, of: other, sent: 1, for: "q") == own, "nothing is changed by it")
    #expect(memo.value(of: other, sent: 1, for: "q") == own)
  }
}
