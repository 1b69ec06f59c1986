import MeshModel
import Testing

@testable import MeshPlanes

/// What istiod sent a proxy, read while it comes.
@Suite struct SentResourcesTests {
  private static let proxy = IstioProgrammedTests.pod

  /// What is told of each resource, with the JSON of those that are not read.
  private static func read(
    _ bytes: [UInt8], pieces size: Int, routes: Bool = true, others: Set<SentResource.Kind> = [.listeners, .clusters]
  ) throws(JSONError) -> [String] {
    var reader = SentResources(into: [String](), routes: routes ? RoutesReader(Self.proxy) : nil, others: others) {
      told, resource throws(JSONError) in
      switch resource {
      case .routes(let found):
        told += found.map { "route \($0.name) :\($0.port ?? 0) \($0.clusters.map(\.weight)) \($0.domains)" }
      case .listeners(let dump): told.append("listener \(String(decoding: dump, as: UTF8.self))")
      case .clusters(let dump): told.append("cluster \(String(decoding: dump, as: UTF8.self))")
      }
    }
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.feed(Array(bytes[start..<min(start + size, bytes.count)]))
    }
    return try reader.finish()
  }

  @Test func piecesOfAnySizeTellTheSame() throws {
    let bytes = try IstioFixtures.bytes("istiod/config_dump.storefront.json")
    let whole = try Self.read(bytes, pieces: bytes.count)
    #expect(whole.contains { $0.hasPrefix("route ") && $0.contains("[80, 20]") })
    for kind in ["listener", "cluster"] {
      #expect(whole.contains { $0.hasPrefix(#"\#(kind) {"configs":[{"#) && $0.hasSuffix("}]}") })
    }
    #expect(!whole.contains { $0.contains("routeConfig") || $0.contains("activeState") })
    for size in [97, 1_021, 4_096, 65_536] { #expect(try Self.read(bytes, pieces: size) == whole, "\(size)") }
  }

  @Test func onlyWhatIsWantedIsTold() throws {
    let bytes = try IstioFixtures.bytes("istiod/config_dump.storefront.json")
    let whole = try Self.read(bytes, pieces: 4_096)
    func kind(_ name: String) -> [String] { whole.filter { $0.hasPrefix(name) } }
    #expect(try Self.read(bytes, pieces: 4_096, others: []) == kind("route"))
    #expect(try Self.read(bytes, pieces: 4_096, routes: false, others: [.clusters]) == kind("cluster"))
    #expect(try Self.read(bytes, pieces: 4_096, routes: false, others: [.listeners]) == kind("listener"))
  }

  @Test func whatIsCutOffOrMakesNoSenseIsAFault() throws {
    let bytes = try IstioFixtures.bytes("istiod/config_dump.storefront.json")
    #expect(throws: JSONError.self) { try Self.read(Array(bytes.dropLast(8)), pieces: 4_096) }
    let broken =
      #"{"configs":[{"dynamicRouteConfigs":[{"routeConfig":{"name":7,"virtualHosts":[{"domains":["a"]}]}}]}]}"#
    #expect(throws: JSONError.self) { try Self.read(Array(broken.utf8), pieces: 16) }
    #expect(try Self.read(Array(broken.utf8), pieces: 16, routes: false) == [], "nobody reads what is not wanted")
  }

  @Test func namesAreTurnedWhereverThePiecesEnd() {
    let long = String(repeating: #"aB\"c\\"#, count: 100)
    let json = Array(
      #"{"routeConfig" : {"aB":"aB","\#(long)":"\#(long)","useHttp2"  :1,"x":["cD","eF" ]},"lastName":{"gH":null}}"#
        .utf8)
    let whole = ProtoNames.ofDefinitions(json[...])
    let text = String(decoding: whole, as: UTF8.self)
    #expect(text.hasPrefix(#"{"route_config" : {"a_b":"aB","aB\"c"#), "what is longer than any name is none")
    #expect(text.hasSuffix(#""use_http2"  :1,"x":["cD","eF" ]},"last_name":{"g_h":null}}"#))
    for size in 1...json.count {
      var names = ProtoNames()
      var turned: [UInt8] = []
      for start in stride(from: 0, to: json.count, by: size) {
        turned += names.turned(json[start..<min(start + size, json.count)])
      }
      turned += names.turned([], isLast: true)
      #expect(turned == whole, "\(size)")
    }
  }
}
