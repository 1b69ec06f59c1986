import MeshModel

/// Reads one MOSN whole through its administration interface, in the terms of a fleet's reading.
///
/// Source: MOSN, `pkg/admin/server/apis.go` and `pkg/configmanager/effectiveconfig.go`: `config_dump` without a parameter is
/// `{mosn_config, listener{}, cluster{}, routers{}}`, each by name; `states` is `pid=…&state=…`.
struct MosnReader: Sendable {
  let admin: EnvoyAdmin
  let at: Instant

  /// What reading the proxy came to; a function of its own for the reason that ``EnvoyReader/outcome(_:)`` tells.
  func outcome(_ known: EnvoyReader.Facts?) async -> Result<EnvoyReader.Outcome, MeshError> {
    do throws(MeshError) { return .success(try await read(known)) } catch { return .failure(error) }
  }

  @concurrent
  private func read(_ known: EnvoyReader.Facts?) async throws(MeshError) -> EnvoyReader.Outcome {
    // One question first: a proxy that is down is found out by one connection.
    let state = Self.state(String(decoding: try await admin.get("/api/v1/states").prefix(200), as: UTF8.self))
    let dump = MosnSecrets.masked(try await admin.json("/api/v1/config_dump"))
    guard dump.object != nil, dump["mosn_config"] != nil || dump["cluster"] != nil || dump["listener"] != nil else {
      throw MeshError(
        .malformed, "\(admin.address): this is no MOSN: its /api/v1/config_dump holds no configuration",
        remedy: "check the address, and the kind of the plane")
    }
    let version: String
    if let known {
      version = known.version
    } else {
      let text = (try? await admin.get("/api/v1/version")) ?? []
      version = Self.version(String(decoding: text.prefix(200), as: UTF8.self))
    }
    let settings = dump["mosn_config"] ?? .object(JSONObject())
    let node = settings["node"]?["id"]?.string ?? ""
    let facts = EnvoyReader.Facts(
      version: version, state: state, file: "",
      node: EnvoyReader.name(node.isEmpty ? EnvoyReader.shortName(admin.address) : node),
      group: EnvoyReader.name(settings["node"]?["cluster"]?.string ?? ""), uptime: 0)
    let clusters = MosnConfiguration.clusters(dump)
    var reading = EnvoyReading(
      address: admin.address, node: facts.node, group: facts.group, version: version, state: state, uptime: 0,
      origin: EnvoyOrigin.read(bootstrap: settings, file: ""), clusters: clusters,
      listeners: MosnConfiguration.listeners(dump), tables: MosnConfiguration.tables(dump), runtime: EnvoyRuntime(),
      rejections: [:], certificateDaysLeft: nil, isConnected: nil, pressure: [:], gaps: [], at: at)
    reading.objects = [
      EnvoyEntities.Kind.cluster: Self.objects(dump["cluster"]),
      EnvoyEntities.Kind.listener: Self.objects(dump["listener"]),
    ]
    return EnvoyReader.Outcome(facts: facts, reading: reading)
  }

  private static func objects(_ json: JSONValue?) -> [String: JSONValue] {
    Dictionary((json?.object?.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The stage of the process in Envoy's word. Source: `pkg/stagemanager`: 6 is running, what is less starts, what is more
  /// stops or hands over (the numbers after 6 differ between versions).
  static func state(_ text: String) -> String {
    let pairs = text.split(whereSeparator: { $0 == "&" || $0.isWhitespace }).map { $0.split(separator: "=") }
    guard let number = pairs.first(where: { $0.first == "state" })?.last.flatMap({ Int($0) }) else { return "UNKNOWN" }
    return number == 6 ? "LIVE" : number < 6 ? "INITIALIZING" : "DRAINING"
  }

  /// The version of `mosn version: 1.6.0`.
  static func version(_ text: String) -> String {
    text.split(whereSeparator: { $0 == ":" || $0.isWhitespace }).last.map(String.init) ?? ""
  }
}
