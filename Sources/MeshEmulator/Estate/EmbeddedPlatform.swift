public import MeshModel

/// A platform beside Kubernetes in the embedded mesh: its native API over a simulated estate.
///
/// To add one:
///
/// 1. A folder `MeshEmulator/<Platform>` with a type that conforms to this protocol, and its name in
///    ``EmbeddedPlatforms/all``.
/// 2. A section `platforms: <kind>:` in `Fixtures/Scenarios/hybrid.yaml`. It has the fields of a scenario (`services`,
///    `arrivals`, `wobble` …), which become workloads in an ``Estate`` of the platform's own before ``init(_:estate:)`` is
///    called, and `documents`: a list of the platform's native configuration, as its API writes it.
/// 3. ``init(_:estate:)`` stores each native document with ``Estate/edit(_:_:_:)``, which keeps it member for member, and then
///    calls ``Estate/derive(_:)`` with a function that reads all documents and gives the Istio objects (VirtualService,
///    DestinationRule, PeerAuthentication, AuthorizationPolicy) that have the same consequence. The simulation routes by
///    these, so every edit has its true effect. Each later write through the API does the same two things.
/// 4. ``answer(_:)`` is the whole API: method, raw path, query, headers and body are in the request. It may wait
///    (``Estate/waitForChange(after:atMost:)`` for long polls). A document's version is what an etag or an index is made of.
///    What runs is in `estate.state.registry` (services, instances with labels, addresses, readiness), what flows in
///    `estate.state.flows` and `.counters`.
/// 5. ``exposition()`` gives the counters in the platform's own metric naming, where a Prometheus would scrape them.
/// 6. ``setting(address:metrics:)`` gives what `config.yaml` has to say to reach it; `meshdeck demo` connects by exactly this.
protocol EmbeddedPlatform: Sendable {
  /// The kind of plane that speaks to it.
  static var kind: Plane.Kind { get }

  /// Sets the platform up over an estate whose workloads run already.
  ///
  /// - Throws: ``ScenarioError`` where a document is none of its own.
  init(_ section: Scenario.Platform, estate: Estate) throws

  /// The answer to a request to its API.
  func answer(_ request: PlainRequest) async -> PlainAnswer

  /// The counters of its proxies in Prometheus' text format; `nil` where they are read through the API.
  func exposition() -> [UInt8]?

  /// The fields beside `name` and `kind` that a plane of it has in `config.yaml`.
  ///
  /// - Parameters:
  ///   - address: Where the API is reached, `http://127.0.0.1:PORT`.
  ///   - metrics: Where ``exposition()`` is reached.
  func setting(address: String, metrics: String) -> JSONValue

  /// What it does of its own accord until its task is cancelled.
  func run() async

  /// The environment variables a client of it needs, such as keys that it accepts.
  var environment: [String: String] { get }
}

extension EmbeddedPlatform {
  /// None.
  func exposition() -> [UInt8]? { nil }

  /// Nothing.
  func run() async {}

  /// None: it takes whoever comes.
  var environment: [String: String] { [:] }
}

/// The platforms that the embedded mesh has beside Kubernetes: one name each.
enum EmbeddedPlatforms {
  static let all: [any EmbeddedPlatform.Type] = [
    ConsulServer.self, TrafficDirectorServer.self, AppMeshServer.self, ServiceFabricServer.self,
  ]

  /// The platform of a kind.
  static func type(_ kind: Plane.Kind) -> (any EmbeddedPlatform.Type)? { all.first { $0.kind == kind } }
}

/// A plane that the embedded mesh serves, as a client has to know it.
public struct EmbeddedPlane: Sendable, Hashable {
  /// Its name: that of its kind.
  public var name: String
  /// What it speaks.
  public var kind: Plane.Kind
  /// The plane as `config.yaml` has it, with name and kind.
  public var setting: JSONValue
  /// The environment variables a client of it needs.
  public var environment: [String: String]

  /// The environment variables in order of name.
  public var variables: [(key: String, value: String)] { environment.sorted { $0.key < $1.key } }
}

/// A platform that is being served: its API on one loopback port, its counters on another.
struct ServedPlatform: Sendable {
  let platform: any EmbeddedPlatform
  let estate: Estate
  private let api: PlainServer
  private let metrics: PlainServer

  init(_ section: Scenario.Platform, seed: UInt64, clock: @escaping @Sendable () -> Double) throws {
    guard let type = EmbeddedPlatforms.type(section.kind) else {
      throw ScenarioError(
        code: .unknown, file: section.scenario.name, line: 1,
        message: "the embedded mesh has no platform \(section.kind.rawValue)")
    }
    let estate = try Estate(section.scenario, seed: seed, clock: clock)
    let platform = try type.init(section, estate: estate)
    estate.beginAnew()
    self.estate = estate
    self.platform = platform
    api = try PlainServer { await platform.answer($0) }
    metrics = try PlainServer { request in
      guard request.path == "/metrics", let text = platform.exposition() else {
        return .text("the metrics are at /metrics\n", status: 404)
      }
      return .exposition(text)
    }
  }

  /// What serves it; each ends with its task.
  var duties: [@Sendable () async throws -> Void] {
    [{ try await api.run() }, { try await metrics.run() }, { await estate.run() }, { await platform.run() }]
  }

  func stop() async {
    await api.stop()
    await metrics.stop()
  }

  /// The plane, once it listens.
  var plane: EmbeddedPlane {
    get async throws {
      let kind = type(of: platform).kind
      var setting: JSONValue = ["name": .string(kind.rawValue), "kind": .string(kind.rawValue)]
      let fields = platform.setting(address: try await api.address, metrics: try await metrics.address + "/metrics")
      for member in fields.object?.members ?? [] { setting[member.name] = member.value }
      return EmbeddedPlane(name: kind.rawValue, kind: kind, setting: setting, environment: platform.environment)
    }
  }
}
