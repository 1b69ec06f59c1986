import MeshModel

/// The answers of `/config_dump`: whole, by resource, by name and masked.
struct ConfigDump {
  let view: ProxyView

  /// Why a dump is refused.
  struct Refusal: Error {
    var status: Int
    var text: String
  }

  private static let admin = "envoy.admin.v3"

  /// The dump that a query asks for.
  func answer(resource: String?, mask: String?, namePattern: String?, includesEndpoints: Bool) throws(Refusal)
    -> JSONValue
  {
    let pattern: Regex<AnyRegexOutput>?
    do {
      pattern = try namePattern.map { try Regex($0) }
    } catch {
      throw Refusal(status: 400, text: "Error while parsing name_regex\n")
    }
    func kept(_ resources: [ProxyView.Resource]) -> [JSONValue] {
      resources.filter { resource in pattern.map { (try? $0.wholeMatch(in: resource.name)) != nil } ?? true }
        .map { $0.item() }
    }
    guard let resource else { return masked(whole(kept, includesEndpoints: includesEndpoints), mask) }
    let parts: (type: String, resources: [ProxyView.Resource])
    switch resource {
    case "dynamic_route_configs": parts = ("RoutesConfigDump.DynamicRouteConfig", view.routeConfigurations)
    case "static_route_configs": parts = ("RoutesConfigDump.StaticRouteConfig", [])
    case "dynamic_active_clusters": parts = ("ClustersConfigDump.DynamicCluster", view.clusters)
    case "static_clusters":
      parts = ("ClustersConfigDump.StaticCluster", [ProxyView.Resource(name: "xds-grpc") { staticCluster }])
    case "dynamic_listeners": parts = ("ListenersConfigDump.DynamicListener", view.listeners)
    case "dynamic_endpoint_configs" where includesEndpoints:
      parts = ("EndpointsConfigDump.DynamicEndpointConfig", view.endpointConfigurations)
    case "bootstrap":
      return ["configs": [ProxyView.typed("\(Self.admin).BootstrapConfigDump", bootstrap)]]
    default: throw Refusal(status: 404, text: "\(resource) not found in config dump")
    }
    let items = kept(parts.resources).map { item -> JSONValue in
      Self.masked(ProxyView.typed("\(Self.admin).\(parts.type)", item), mask)
    }
    return ["configs": .array(items)]
  }

  private func whole(
    _ kept: ([ProxyView.Resource]) -> [JSONValue], includesEndpoints: Bool
  ) -> JSONValue {
    var configs: [JSONValue] = [
      ProxyView.typed("\(Self.admin).BootstrapConfigDump", bootstrap),
      ProxyView.typed(
        "\(Self.admin).ClustersConfigDump",
        [
          "version_info": .string(view.version), "static_clusters": [staticCluster],
          "dynamic_active_clusters": .array(kept(view.clusters)),
        ]),
    ]
    if includesEndpoints {
      configs.append(
        ProxyView.typed(
          "\(Self.admin).EndpointsConfigDump",
          ["dynamic_endpoint_configs": .array(kept(view.endpointConfigurations))]))
    }
    configs += [
      ProxyView.typed(
        "\(Self.admin).ListenersConfigDump",
        ["version_info": .string(view.version), "dynamic_listeners": .array(kept(view.listeners))]),
      ProxyView.typed("\(Self.admin).ScopedRoutesConfigDump"),
      ProxyView.typed(
        "\(Self.admin).RoutesConfigDump", ["dynamic_route_configs": .array(kept(view.routeConfigurations))]),
      ProxyView.typed("\(Self.admin).SecretsConfigDump"),
    ]
    return ["configs": .array(configs)]
  }

  private var bootstrap: JSONValue {
    [
      "bootstrap": [
        "node": view.node,
        "dynamic_resources": [
          "lds_config": ["ads": [:], "resource_api_version": "V3"],
          "cds_config": ["ads": [:], "resource_api_version": "V3"],
        ],
      ],
      "last_updated": .string(view.lastUpdated),
    ]
  }

  private var staticCluster: JSONValue {
    [
      "cluster": ProxyView.typed(
        "envoy.config.cluster.v3.Cluster", ["name": "xds-grpc", "type": "STATIC", "connect_timeout": "2s"]),
      "last_updated": .string(view.lastUpdated),
    ]
  }

  private func masked(_ dump: JSONValue, _ mask: String?) -> JSONValue {
    guard mask != nil else { return dump }
    return ["configs": .array((dump["configs"]?.array ?? []).map { Self.masked($0, mask) })]
  }

  /// What a field mask keeps of a message: the paths it names, and types.
  private static func masked(_ value: JSONValue, _ mask: String?) -> JSONValue {
    guard let mask, !mask.isEmpty else { return value }
    let paths = mask.split(separator: ",").map { $0.split(separator: ".").map(String.init) }
    return masked(value, paths)
  }

  private static func masked(_ value: JSONValue, _ paths: [[String]]) -> JSONValue {
    if paths.contains([]) { return value }
    switch value {
    case .array(let items): return .array(items.map { masked($0, paths) })
    case .object(let object):
      var kept = JSONObject()
      for member in object.members {
        let rest = paths.filter { $0.first == member.name }.map { Array($0.dropFirst()) }
        if member.name == "@type" {
          kept[member.name] = member.value
        } else if !rest.isEmpty {
          kept[member.name] = masked(member.value, rest)
        }
      }
      return .object(kept)
    default: return value
    }
  }

  /// A dump with the member names of Go's proto3 JSON, as istiod answers (`versionInfo`).
  static func camelCased(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): return .array(items.map(camelCased))
    case .object(let object):
      return .object(
        JSONObject(
          object.members.map { member in
            let words = member.name.split(separator: "_", omittingEmptySubsequences: false)
            let name =
              member.name.contains(".")
              ? member.name
              : words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
            return JSONObject.Member(name: name, value: camelCased(member.value))
          }))
    default: return value
    }
  }
}
