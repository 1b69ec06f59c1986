import Foundation
import MeshModel
import Testing

@testable import MeshEmulator

/// The answers of the emulated istiod and Envoy against those of real ones under `Fixtures/Recordings`.
@Suite struct ProxyShapeTests {
  private func recording(_ path: String) throws -> JSONValue {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/Recordings")
    return try JSONValue(parsing: [UInt8](Data(contentsOf: root.appending(path: path))))
  }

  /// Every path of member names in a tree, with the kind of value at its end; elements of an array share one path.
  private func paths(_ value: JSONValue, _ prefix: String = "", into found: inout [String: String]) {
    switch value {
    case .object(let object):
      for member in object.members { paths(member.value, "\(prefix)/\(member.name)", into: &found) }
    case .array(let items):
      found[prefix + "[]"] = "array"
      for item in items { paths(item, prefix + "[]", into: &found) }
    case .string: found[prefix] = "string"
    case .number: found[prefix] = "number"
    case .bool: found[prefix] = "bool"
    case .null: break
    }
  }

  private func paths(_ value: JSONValue) -> [String: String] {
    var found: [String: String] = [:]
    paths(value, into: &found)
    return found
  }

  /// Expects that whatever the emulator says has a name and a kind the real server uses, but for what is listed.
  private func expect(_ ours: JSONValue, fits theirs: JSONValue, but allowed: [String], _ note: Comment) {
    let known = paths(theirs)
    for (path, kind) in paths(ours) where !allowed.contains(where: { path.hasPrefix($0) }) {
      #expect(known[path] == kind, "\(note): \(path) is \(kind), recorded \(known[path] ?? "nowhere")")
    }
  }

  private func shop() throws -> SimulatedMesh {
    let mesh = try SimulatedMesh(.builtIn("shop"))
    try mesh.edit("virtualservices", "networking.istio.io", "shop", "reviews") { object in
      let fault: JSONValue = ["delay": ["fixedDelay": "2s", "percentage": ["value": .number("0.1")]]]
      object = (try? JSONPatch([.add("/spec/http/2/fault", fault)]).applied(to: object)) ?? object
    }
    mesh.run(5)
    return mesh
  }

  @Test func aDelegatesRulesStandInThePlaceOfTheirRoots() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.put([
      "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
      "metadata": ["name": "part", "namespace": "demo"],
      "spec": [
        "http": [
          ["name": "inner", "timeout": "2s", "route": [["destination": ["host": "api"]]]],
          ["route": [["destination": ["host": "web"]]]],
        ]
      ],
    ])
    try mesh.edit("virtualservices", "networking.istio.io", "demo", "api") {
      $0["spec"]?["http"] = [["name": "outer", "timeout": "5s", "delegate": ["name": "part"]]]
    }
    mesh.run(5)
    let dump = try JSONValue(
      parsing: mesh.envoy("demo/web-v1", "/config_dump", [("resource", "dynamic_route_configs")]).body)
    let routes =
      (dump["configs"]?.array ?? []).flatMap { $0["route_config"]?["virtual_hosts"]?.array ?? [] }
      .first { $0["domains"]?.array?.contains("api.demo.svc.cluster.local") ?? false }?["routes"]?.array ?? []
    #expect(routes.map { $0["name"]?.string } == ["outer-inner", "outer"])
    #expect(routes.map { $0["route"]?["timeout"]?.string } == ["2s", "5s"])
    #expect(
      routes.allSatisfy {
        $0["metadata"]?["filter_metadata"]?["istio"]?["config"]?.string?.hasSuffix("/virtual-service/api") ?? false
      })
  }

  @Test func routesHaveTheShapeOfEnvoys() throws {
    let mesh = try shop()
    let ours = try JSONValue(
      parsing: mesh.envoy("shop/catalog-v1", "/config_dump", [("resource", "dynamic_route_configs")]).body)
    let theirs = try recording("envoy/config_dump.dynamic_route_configs.json")
    expect(ours, fits: theirs, but: [], "dynamic_route_configs")
    func host(_ dump: JSONValue) -> JSONValue? {
      (dump["configs"]?.array ?? []).flatMap { $0["route_config"]?["virtual_hosts"]?.array ?? [] }
        .first { $0["name"]?.string == "reviews.shop.svc.cluster.local:8080" }
    }
    let (our, their) = (try #require(host(ours)), try #require(host(theirs)))
    #expect(our["domains"]?.array?.dropLast(2) == their["domains"]?.array?.dropLast(2))
    // The recorded world has no rule for the vanished subset; the others are the same to the last member.
    #expect(our["routes"]?[0] == their["routes"]?[0])
    #expect(our["routes"]?[2] == their["routes"]?[1])
  }

  @Test func dumpsHaveTheShapeOfEnvoys() throws {
    let mesh = try shop()
    let ours = try JSONValue(parsing: mesh.envoy("shop/storefront-v1", "/config_dump", [("include_eds", "")]).body)
    let theirs = try recording("envoy/config_dump.include_eds.json")
    #expect(
      ours["configs"]?.array?.map { $0["@type"] } == theirs["configs"]?.array?.map { $0["@type"] })
    let cluster = "/configs[]/dynamic_active_clusters[]/cluster"
    let chains = "/configs[]/dynamic_listeners[]/active_state/listener/filter_chains[]"
    expect(
      ours, fits: theirs,
      but: [
        // The recorded proxy had no certificates and an older bootstrap: TLS is as Envoy's API has it.
        "\(cluster)/transport_socket", "\(chains)/transport_socket", "\(chains)/name",
        // Nor did it know a service that is told by its name in TLS's greeting.
        "\(chains)/filter_chain_match/server_names",
        "/configs[]/dynamic_endpoint_configs[]/endpoint_config/endpoints[]/lb_endpoints[]/metadata/filter_metadata/envoy.transport",
        "/configs[]/bootstrap/node/metadata", "/configs[]/bootstrap/dynamic_resources",
      ], "config_dump")
  }

  @Test func hostsHaveTheShapeOfEnvoys() throws {
    let mesh = try shop()
    mesh.run(60)
    let ours = try JSONValue(parsing: mesh.envoy("shop/storefront-v1", "/clusters", [("format", "json")]).body)
    expect(
      ours, fits: try recording("envoy/clusters.json"), but: ["/cluster_statuses[]/host_statuses[]/stats[]/value"],
      "clusters")
    let v1 = ours["cluster_statuses"]?.array?.first { $0["name"]?.string?.contains("|v1|reviews") == true }
    let stats = v1?["host_statuses"]?[0]?["stats"]?.array ?? []
    let total = stats.first { $0["name"]?.string == "rq_total" }?["value"]?.string
    #expect((total.flatMap(Int.init) ?? 0) > 100)
    #expect(stats.first { $0["name"]?.string == "rq_timeout" }?["value"] == nil)
    expect(
      try JSONValue(parsing: mesh.envoy("shop/storefront-v1", "/listeners").body),
      fits: try recording("envoy/listeners.json"), but: [], "listeners")
    expect(
      try JSONValue(parsing: mesh.envoy("shop/storefront-v1", "/server_info").body),
      fits: try recording("envoy/server_info.json"), but: ["/node/metadata"], "server_info")
  }

  @Test func aMaskKeepsWhatItNames() throws {
    let mesh = try shop()
    let ours = try JSONValue(
      parsing: mesh.envoy(
        "shop/storefront-v1", "/config_dump",
        [("resource", "dynamic_active_clusters"), ("mask", "version_info,cluster.name")]
      ).body)
    expect(ours, fits: try recording("envoy/config_dump.clusters-masked.json"), but: [], "masked")
    let unknown = try mesh.envoy("shop/storefront-v1", "/config_dump", [("resource", "nope")])
    #expect(unknown.status == 404)
    #expect(String(decoding: unknown.body, as: UTF8.self) == "nope not found in config dump")
  }

  @Test func istiodAnswersInItsOwnShapes() throws {
    let mesh = try shop()
    func answer(_ path: String) throws -> JSONValue { try JSONValue(parsing: mesh.istiod(path).body) }
    // Newer versions than the recorded one say the type and every type's resources as well.
    expect(
      try answer("/debug/syncz"), fits: try recording("istiod/syncz.json"), but: ["[]/proxy_type", "[]/resources"],
      "syncz")
    expect(try answer("/debug/adsz"), fits: try recording("istiod/adsz.json"), but: ["/clients[]/metadata"], "adsz")
    expect(try answer("/debug/connections"), fits: try recording("istiod/connections.json"), but: [], "connections")
    expect(
      try answer("/debug/configz"), fits: try recording("istiod/configz.json"), but: ["[]/spec", "[]/metadata"],
      "configz")
    expect(
      try answer("/debug/registryz"), fits: try recording("istiod/registryz.json"),
      but: ["[]/Attributes/LabelSelectors", "[]/Attributes/Labels"], "registryz")
    expect(try answer("/debug/mesh"), fits: try recording("istiod/mesh.json"), but: [], "mesh")
    #expect(mesh.istiod("/debug/config_dump", [("proxyID", "nobody.shop")]).status == 404)
    let proxy = try mesh.proxy("shop/storefront-v1").proxyID
    let dump = try JSONValue(parsing: mesh.istiod("/debug/config_dump", [("proxyID", proxy)]).body)
    let recorded = try recording("istiod/config_dump.storefront.json")
    #expect(dump["configs"]?.array?.map { $0["@type"] } == recorded["configs"]?.array?.map { $0["@type"] })
    #expect(dump["configs"]?[1]?["dynamicActiveClusters"]?[0]?["versionInfo"] != nil)
  }
}
