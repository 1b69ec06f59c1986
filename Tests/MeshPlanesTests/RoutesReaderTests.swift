import MeshModel
import Synchronization
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
    let whole = try RoutesReader.routes(bytes, proxy: Self.proxy)
    #expect(whole.count == 26)
    #expect(whole.filter { $0.clusters.count > 1 }.map(\.name) == ["primary"])
    #expect(whole.allSatisfy { $0.updatedAt != nil && $0.port != nil && !$0.domains.isEmpty })
    #expect(try Self.read(bytes, pieces: size) == whole)
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
    func isWanted(_ name: String, _ destinations: Int, _ place: String = route.ref.shortName) -> Bool {
      question.isWanted(route: name, madeFrom: place, destinations: destinations)
    }
    #expect(!name.isEmpty && isWanted(name, 1) && isWanted("\(name).beta", 1))
    #expect(!isWanted("another", 1) && isWanted("another", 2))
    #expect(isWanted("another", 1, "") && isWanted("another", 1, "shop/another"))
  }

  @Test func routesAreToldApartByTheirObjectsWhereTheirNamesAreAlike() {
    func route(_ origin: String) -> ProgrammedRoute {
      ProgrammedRoute(proxy: Self.proxy, domains: [], name: "primary", origin: origin, clusters: [], port: 80)
    }
    #expect(Set((0..<100).map { route("/namespaces/shop/virtual-service/\($0)").hashValue }).count == 100)
  }

  @Test(
    "what another proxy told is not read again, and what is other is",
    arguments: ["envoy/config_dump.dynamic_route_configs.json", "envoy/config_dump.json"])
  func shared(_ name: String) throws {
    let bytes = try IstioFixtures.bytes(name)
    var text = String(decoding: bytes, as: UTF8.self)
    let weight = try #require(text.firstRange(of: #""weight": 80"#))
    text.replaceSubrange(weight, with: #""weight": 70"#)
    let changed = Array(text.utf8)
    let kept = Mutex(DigestedAnswer<RoutesReader.Part>())
    let reads = Mutex(0)
    let wanted = RoutesReader.Wanted(route: { route in
      reads.withLock { $0 += 1 }
      return route
    })
    func told(_ bytes: [UInt8], by name: String) throws -> (routes: [ProgrammedRoute], reads: Int) {
      var proxy = Self.proxy
      proxy.name = name
      reads.withLock { $0 = 0 }
      var reader = RoutesReader(proxy, wanted, like: kept.withLock { $0 }) { answer in kept.withLock { $0 = answer } }
      for start in stride(from: 0, to: bytes.count, by: 1_000) {
        reader.feed(Array(bytes[start..<min(start + 1_000, bytes.count)]))
      }
      return (try reader.finish(), reads.withLock { $0 })
    }
    let first = try told(bytes, by: "web-1")
    #expect(first.reads >= first.routes.count)
    let second = try told(bytes, by: "web-2")
    #expect(second.reads == 0, "every virtual host is the one that web-1 told")
    #expect(Set(second.routes.map(\.proxy.name)) == ["web-2"])
    #expect(second.routes.map(\.clusters) == first.routes.map(\.clusters))
    #expect(second.routes.map(\.port) == first.routes.map(\.port))
    #expect(second.routes.map(\.updatedAt) == first.routes.map(\.updatedAt))
    let third = try told(changed, by: "web-3")
    #expect(third.reads > 0 && third.reads < first.reads)
    #expect(third.routes.contains { $0.clusters.contains { $0.weight == 70 } })
    #expect(try told(changed, by: "web-3").routes == third.routes)
    #expect(try told(bytes, by: "web-1").routes == first.routes)
  }

  @Test func partsThatComeAndGoLeaveTheOthersFound() {
    var before = DigestedAnswer<Int>()
    func digest(_ number: Int) -> ByteDigest { before.digest(Array("\(number)".utf8)[...]) }
    for number in 0..<100 { before.append(number, digest(number)) }
    func found(_ numbers: [Int]) -> [Int?] {
      var search = before.prefix(100)
      return numbers.map { search.place(of: digest($0)) }
    }
    #expect(found(Array(0..<100)) == Array(0..<100))
    #expect(found(Array(20..<100)) == Array(20..<100), "some are gone")
    #expect(found([0] + Array(200..<220) + [1, 2, 3]).compactMap { $0 } == [0, 1, 2, 3], "some are new")
    #expect(found(Array(50..<100) + Array(0..<50)) == Array(50..<100) + Array(0..<50), "they come in another order")
    // Those of another form are passed over.
    #expect(found((0..<100).map { (10..<60).contains($0) ? $0 + 1_000 : $0 }).compactMap { $0 }.count == 50)
  }

  @Test func whatProxiesRunAlikeIsKeptOnce() throws {
    let bytes = try IstioFixtures.bytes("envoy/config_dump.dynamic_route_configs.json")
    let memo = SentMemo<String, [ProgrammedRoute]>()
    let first = memo.share(try Self.read(bytes, pieces: 4_096), of: Self.proxy, version: 1, for: "q")
    var other = Self.proxy
    other.name = "web-2"
    let own = first.reversed().map { route in
      var route = route
      route.proxy = other
      return route
    }
    #expect(memo.share(own, of: other, version: 1, for: "q") == own, "nothing is changed by it")
    #expect(memo.value(of: other, version: 1, for: "q") == own)
  }
}
