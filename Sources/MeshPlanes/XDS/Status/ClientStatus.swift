import MeshModel

/// What a control plane says of one of its clients: what it was sent and how it took it.
struct ClientStatus: Sendable {
  var id: String
  /// The group of proxies it counts itself to.
  var group: String
  /// What it is, such as `envoy`.
  var agent: String
  var version: String
  var resources: [Resource]

  /// One resource it was sent.
  struct Resource: Sendable {
    var typeURL: String
    var name: String
    var version: String
    var state: ProxyState.SyncState?
    /// The resource as the client has it; `nil` where that is not told.
    var json: JSONValue?
    /// Whether the client took it, or one of its versions before.
    var isAccepted: Bool
  }

  /// The clients of an answer, by identifier in order.
  ///
  /// Source: Envoy API, `service/status/v3/csds.proto`. Servers of before 2021 tell the state of whole types
  /// (`xds_config`) in place of resources.
  static func all(_ response: JSONValue) -> [ClientStatus] {
    response.list("config").map { config in
      let node = config["node"] ?? .null
      var resources = config.list("generic_xds_configs").map(resource)
      if resources.isEmpty { resources = config.list("xds_config").compactMap(legacy) }
      return ClientStatus(
        id: node["id"]?.string ?? "", group: node["cluster"]?.string ?? "",
        agent: node["user_agent_name"]?.string ?? "", version: version(node), resources: resources)
    }.sorted { ($0.group, $0.id) < ($1.group, $1.id) }
  }

  private static func version(_ node: JSONValue) -> String {
    if let text = node["user_agent_version"]?.string { return text }
    guard let version = node["user_agent_build_version"]?["version"] else { return "" }
    return ["major_number", "minor_number", "patch"].map { String(version[$0]?.protoInt ?? 0) }
      .joined(separator: ".")
  }

  private static func resource(_ json: JSONValue) -> Resource {
    let state = state(
      client: json["client_status"]?.string, config: json["config_status"]?.string,
      words: json["error_state"]?["details"]?.string)
    return Resource(
      typeURL: json["type_url"]?.string ?? "", name: json["name"]?.string ?? "",
      version: json["version_info"]?.string ?? "", state: state, json: json["xds_config"],
      isAccepted: json["xds_config"] != nil)
  }

  /// The state of a whole type in the older form: which type stands in the name of the member that holds its dump.
  private static func legacy(_ json: JSONValue) -> Resource? {
    let types = [
      ("listener_config", XDSType.listeners), ("cluster_config", .clusters), ("route_config", .routes),
      ("endpoint_config", .endpoints),
    ]
    guard let (_, type) = types.first(where: { json[$0.0] != nil }) else { return nil }
    return Resource(
      typeURL: type.url, name: "", version: "",
      state: state(client: json["client_status"]?.string, config: json["status"]?.string, words: nil), json: nil,
      isAccepted: false)
  }

  /// What the two states come to: the client's own word counts for more than the server's bookkeeping.
  private static func state(client: String?, config: String?, words: String?) -> ProxyState.SyncState? {
    switch client {
    case "NACKED"?, "CLIENT_NACKED"?:
      return .rejected(words.flatMap { $0.isEmpty ? nil : $0 } ?? "rejected without words")
    case "RECEIVED_ERROR"?, "CLIENT_RECEIVED_ERROR"?:
      return .rejected(words.flatMap { $0.isEmpty ? nil : $0 } ?? "the control plane answered with an error")
    case "ACKED"?, "CLIENT_ACKED"?: return .synced
    case "DOES_NOT_EXIST"?: return .rejected("the control plane has no such resource")
    case "TIMEOUT"?: return .rejected("the control plane did not answer in time")
    case "REQUESTED"?, "CLIENT_REQUESTED"?: return .notSent
    default: break
    }
    switch config {
    case "SYNCED"?: return .synced
    case "NOT_SENT"?: return .notSent
    case "STALE"?: return .stale
    case "ERROR"?: return .rejected(words ?? "rejected without words")
    default: return nil
    }
  }
}

extension ClientStatus {
  /// The state of each type: the worst of its resources.
  var sync: [ProxyState.ConfigType: ProxyState.SyncState] {
    var result: [ProxyState.ConfigType: ProxyState.SyncState] = [:]
    for resource in resources {
      guard let type = XDSType.configType(ofURL: resource.typeURL), let state = resource.state else { continue }
      if let before = result[type], before.severity >= state.severity { continue }
      result[type] = state
    }
    return result
  }

  /// The words of its first rejection.
  var rejection: String? {
    resources.lazy.compactMap { resource -> String? in
      guard case .rejected(let words)? = resource.state else { return nil }
      let type = XDSType.configType(ofURL: resource.typeURL)?.rawValue.uppercased() ?? resource.typeURL
      return "\(type)\(resource.name.isEmpty ? "" : " \(resource.name)"): \(words)"
    }.first
  }
}

extension ProxyState.SyncState {
  /// How much it matters, the worst last.
  fileprivate var severity: Int {
    switch self {
    case .synced: 0
    case .notSent: 1
    case .stale: 2
    case .rejected: 3
    }
  }
}
