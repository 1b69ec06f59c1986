import MeshModel

/// A Consul of one datacenter, community edition, as far as its mesh is concerned: the HTTP API over an estate.
///
/// Source of paths, shapes and words: hashicorp/consul, `agent/http_register.go`, `agent/config_endpoint.go`,
/// `agent/structs/config_entry_discoverychain.go`, and the API documentation.
struct ConsulServer: EmbeddedPlatform {
  static let kind = Plane.Kind.consul

  let estate: Estate
  let config: ConsulConfig
  let certificates: ConsulAuthority

  init(_ section: Scenario.Platform, estate: Estate) throws {
    self.estate = estate
    config = ConsulConfig(estate: estate)
    certificates = ConsulAuthority(made: ProxyView.whole(estate.simulation.start))
    // Peerings first: what they import is of no configuration here.
    for document in section.documents where ConsulPeerings.isPeering(document) {
      ConsulPeerings(estate).store(document)
    }
    for document in section.documents where !ConsulPeerings.isPeering(document) {
      do throws(ConsulFailure) {
        _ = try config.put(document, cas: nil)
      } catch {
        throw ScenarioError(
          code: .field, file: section.scenario.name, line: 1,
          message: "\(document["Kind"]?.string ?? "") \(document["Name"]?.string ?? ""): \(error.message)")
      }
    }
  }

  func setting(address: String, metrics: String) -> JSONValue {
    ["url": .string(address), "telemetry": ["scrape": ["url": .string(metrics)]]]
  }

  func exposition() -> [UInt8]? {
    ConsulExposition(
      state: estate.state, entries: config.entries, importers: ConsulPeerings(estate).importers
    ).bytes()
  }

  func answer(_ request: PlainRequest) async -> PlainAnswer {
    do throws(ConsulFailure) {
      return try await routed(request)
    } catch {
      return .text(error.message, status: error.status)
    }
  }

  private func routed(_ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    let path = request.segments
    guard path.first == "v1", path.count > 1 else { throw .notAnEndpoint }
    switch (request.method, path[1], path.dropFirst(2).first) {
    case ("GET", "config", let kind?): return try await read(kind, path.count > 3 ? path[3] : nil, request)
    case ("PUT", "config", nil): return try write(request)
    case ("DELETE", "config", let kind?) where path.count == 4:
      let done = try config.delete(kind, path[3], cas: try Self.index(request["cas"]))
      return .json(done.map(JSONValue.bool) ?? [:])
    case ("GET", "status", "leader"): return .json("127.0.0.1:8300")
    case ("GET", "status", "peers"): return .json(["127.0.0.1:8300"])
    case ("GET", "catalog", "datacenters"): return .json([.string(Self.datacenter)])
    case ("GET", "catalog", _): return try await catalog(path.dropFirst(2), request)
    case ("GET", "health", _): return try await health(path.dropFirst(2), request)
    case ("GET", "peerings", nil): return try await peerings(nil, request)
    case ("GET", "peering", let name?) where path.count == 3: return try await peerings(name, request)
    case ("GET", "imported-services", nil), ("GET", "exported-services", nil): return try await shared(path[1], request)
    case ("GET", "discovery-chain", let service?): return try await chain(service, request)
    case ("GET", "internal", "ui") where path.count == 5 && path[3] == "service-topology":
      return try await topology(path[4], request)
    case ("POST", "internal", "acl") where path.count == 4 && path[3] == "authorize": return try authorize(request)
    case ("GET", "connect", _): return try authority(path.dropFirst(2))
    case ("GET", "agent", _): return try agent(path.dropFirst(2))
    case ("GET", "acl", _): return try acl(path.dropFirst(2))
    default: throw .notAnEndpoint
    }
  }

  /// The name of the one datacenter.
  static let datacenter = "dc1"

  private func read(
    _ kind: String, _ name: String?, _ request: PlainRequest
  ) async throws(ConsulFailure) -> PlainAnswer {
    try await blocking(request, index: { config.index }) { () throws(ConsulFailure) in
      guard let name else { return .array(try config.list(kind)) }
      return try config.get(kind, name)
    }
  }

  private func write(_ request: PlainRequest) throws(ConsulFailure) -> PlainAnswer {
    let entry: JSONValue
    do throws(JSONError) { entry = try JSONValue(parsing: request.body) } catch {
      throw ConsulFailure(400, "Request decoding failed: \(error)")
    }
    return .json(.bool(try config.put(entry, cas: try Self.index(request["cas"]))))
  }

  private static func index(_ text: String?) throws(ConsulFailure) -> Int? {
    guard let text else { return nil }
    guard let index = Int(text), index >= 0 else {
      throw ConsulFailure(400, "Failed to parse cas: strconv.ParseUint: parsing \"\(text)\": invalid syntax")
    }
    return index
  }
}

/// An answer that is an error: Consul says them in plain text.
struct ConsulFailure: Error, Hashable {
  var status: Int
  var message: String

  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  static let notAnEndpoint = ConsulFailure(404, "Invalid URL path: not a recognized HTTP API endpoint")
}
