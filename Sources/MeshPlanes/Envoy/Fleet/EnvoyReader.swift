import MeshModel

/// Reads one proxy whole: its node once, its configuration and state each time.
struct EnvoyReader: Sendable {
  let admin: EnvoyAdmin
  let at: Instant

  /// What does not change while a proxy runs.
  struct Facts: Sendable {
    var version: String
    var state: String
    var file: String
    var node: String
    var group: String
    var uptime: Int
  }

  /// What a reading gave.
  struct Outcome: Sendable {
    var facts: Facts
    var reading: EnvoyReading
  }

  /// What reading the proxy came to.
  ///
  /// A function of its own: where a task's closure itself caught the typed error and returned it beside the address, the
  /// optimiser of Swift 6.3 freed the address once too often.
  func outcome(_ known: Facts?) async -> Result<Outcome, MeshError> {
    do throws(MeshError) { return .success(try await read(known)) } catch { return .failure(error) }
  }

  /// Reads the proxy. Its `/server_info` is large and is asked for once a run; a proxy that restarted is asked again.
  ///
  /// Fails where the proxy does not answer or has no configuration to show; what else is missing is told in the gaps.
  @concurrent
  func read(_ known: Facts?) async throws(MeshError) -> Outcome {
    // One question first: a proxy that is down is found out by one connection, not by eight.
    let statistics = EnvoyStatistics(
      try await admin.json("/stats", query: [("format", "json"), ("filter", EnvoyStatistics.filter)]))
    var facts: Facts
    if let known, let uptime = statistics.uptime, uptime >= known.uptime, known.state == "LIVE" {
      facts = known
      facts.uptime = uptime
    } else {
      facts = try await readFacts()
    }
    var gaps: [String] = []
    async let bootstrap = part(.bootstrap)
    async let clusters = part(.clusters)
    async let listeners = part(.listeners)
    async let routes = part(.routes)
    async let status = answer("/clusters", query: [("format", "json")])
    async let certificates = answer("/certs")
    async let runtime = answer("/runtime")
    let dumps = await (bootstrap, clusters, listeners, routes)
    let others = await (status, certificates, runtime)
    func value(_ result: Result<JSONValue, MeshError>) -> JSONValue {
      switch result {
      case .success(let value): return value
      case .failure(let error):
        gaps.append(error.message)
        return .object(JSONObject())
      }
    }
    let settings = value(dumps.0)["bootstrap"] ?? .object(JSONObject())
    let (clusterDump, listenerDump, routeDump) = (value(dumps.1), value(dumps.2), value(dumps.3))
    var table = EnvoyClusterReader.clusters(clusterDump)
    EnvoyClusterReader.addHosts(value(others.0), to: &table)
    var reading = EnvoyReading(
      address: admin.address, node: facts.node, group: facts.group, version: facts.version, state: facts.state,
      uptime: facts.uptime, origin: EnvoyOrigin.read(bootstrap: settings, file: facts.file), clusters: table,
      listeners: EnvoyListenerReader.listeners(listenerDump).map { EnvoyListenerConfiguration($0) },
      tables: EnvoyRouteReader.tables(routeDump),
      runtime: EnvoyRuntime.read(value(others.2), bootstrap: settings),
      rejections: Self.rejections(clusters: clusterDump, listeners: listenerDump, routes: routeDump),
      certificateDaysLeft: Self.daysLeft(value(others.1)), isConnected: statistics.isConnected,
      pressure: statistics.pressure, gaps: gaps.sorted(), at: at)
    reading.updates = statistics.updates
    // Few proxies have scopes: only those that do are asked for them.
    if reading.listeners.contains(where: \.takesScopes) {
      reading.scopes = EnvoyScopedRoutes.all(value(await part(.scopes)))
      reading.gaps = gaps.sorted()
    }
    return Outcome(facts: facts, reading: reading)
  }

  private func readFacts() async throws(MeshError) -> Facts {
    let info = try await admin.json("/server_info")
    // `revision/version/status/type/ssl`
    let parts = (info["version"]?.string ?? "").split(separator: "/")
    let node = info["node"]?["id"]?.string ?? ""
    let options = info["command_line_options"]
    return Facts(
      version: parts.count > 1 ? String(parts[1]) : parts.first.map(String.init) ?? "",
      state: info["state"]?.string ?? "LIVE", file: options?["config_path"]?.string ?? "",
      node: Self.name(node.isEmpty ? Self.shortName(admin.address) : node),
      group: Self.name(info["node"]?["cluster"]?.string ?? ""),
      uptime: info["uptime_current_epoch"]?.protoSeconds.flatMap { Int(exactly: $0.rounded(.down)) } ?? 0)
  }

  private func part(_ part: EnvoyAdmin.Part) async -> Result<JSONValue, MeshError> {
    do throws(MeshError) { return .success(try await admin.dump(part)) } catch { return .failure(error) }
  }

  private func answer(_ path: String, query: [(String, String?)] = []) async -> Result<JSONValue, MeshError> {
    do throws(MeshError) { return .success(try await admin.json(path, query: query)) } catch { return .failure(error) }
  }

  /// A name as a part of an identifier: without the slashes that separate the parts.
  static func name(_ text: String) -> String { String(text.map { $0 == "/" ? ":" : $0 }) }

  /// The host and port of an address.
  static func shortName(_ address: String) -> String {
    name(address.firstRange(of: "://").map { String(address[$0.upperBound...]) } ?? address)
  }

  /// The days until the first certificate the proxy itself presents expires.
  private static func daysLeft(_ json: JSONValue) -> Int? {
    json.list("certificates").flatMap { $0.list("cert_chain") }.map { $0["days_until_expiration"]?.protoInt ?? 0 }.min()
  }

  /// The updates that the proxy rejected and still shows, in its own words. Source: Envoy admin API, `UpdateFailureState`.
  private static func rejections(
    clusters: JSONValue, listeners: JSONValue, routes: JSONValue
  ) -> [ProxyState.ConfigType: String] {
    var result: [ProxyState.ConfigType: String] = [:]
    let places: [(ProxyState.ConfigType, JSONValue, [String])] = [
      (.cds, clusters, ["dynamic_active_clusters", "dynamic_warming_clusters"]),
      (.lds, listeners, ["dynamic_listeners"]),
      (.rds, routes, ["dynamic_route_configs"]),
    ]
    for (type, dump, members) in places {
      for item in members.flatMap({ dump.list($0) }) where result[type] == nil {
        if let details = item["error_state"]?["details"]?.string, !details.isEmpty { result[type] = details }
      }
    }
    return result
  }
}
