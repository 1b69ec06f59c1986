public import MeshModel
public import MeshTransport

/// Google Traffic Director (Cloud Service Mesh), or whatever speaks its APIs, as a control plane.
///
/// A backend service is a service here, its groups are workloads, their instances or endpoints endpoints; the location, for
/// meshes nearly always `global`, is the namespace; a destination of a route is the backend service's name.
///
/// Routes and TLS policies have no write precondition: a step reads, compares the time of the last change, writes the members
/// it changes, waits for the operation to end, and reads back; the last writer wins. Backend services have a fingerprint,
/// which Compute Engine checks.
public struct TrafficDirectorPlane: ControlPlane {
  /// What a plane is made of.
  public struct Settings: Sendable {
    /// The project; `nil` leaves it to the environment.
    public var project: String?
    /// The location of meshes and routes; `-` means all.
    public var location: String
    /// The address below which all APIs are, where they are not Google's own: an emulator, a gateway.
    public var endpoint: String?
    /// The file of credentials; `nil` leaves it to the surroundings.
    public var credentialsFile: String?

    /// Settings; everything may be left to the surroundings.
    public init(
      project: String? = nil, location: String? = nil, endpoint: String? = nil, credentialsFile: String? = nil
    ) {
      self.project = project
      self.location = location ?? "global"
      self.endpoint = endpoint
      self.credentialsFile = credentialsFile
    }
  }

  /// Why the programmed truth is not known.
  static let programmedGap =
    "Traffic Director tells what its proxies run by gRPC alone; name their admin ports as envoy planes"

  /// The connection's name.
  public let name: PlaneName
  /// The project.
  public let project: String
  /// The location of meshes and routes.
  public let location: String
  let client: TrafficDirectorClient
  let catalog: TrafficDirectorCatalog
  let identity: GoogleIdentity
  let clock: any TransportClock
  let address: String
  /// How often lists are read again while following; there is no change feed.
  let interval: Duration

  /// A plane; nothing is asked yet.
  ///
  /// - Parameter options: Write policy, rate, clock and transport; credentials come from the surroundings.
  public init(
    name: PlaneName, settings: Settings, environment: [String: String], options: Session.Options = Session.Options(),
    interval: Duration = .seconds(20)
  ) throws(MeshError) {
    let named = settings.project ?? environment["GOOGLE_CLOUD_PROJECT"] ?? environment["CLOUDSDK_CORE_PROJECT"]
    guard let project = named, !project.isEmpty else {
      throw MeshError(
        .usage, "no Google project is known", plane: name,
        remedy: "say project in the plane's settings, or set GOOGLE_CLOUD_PROJECT")
    }
    guard project.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else {
      throw MeshError(.usage, "\(project) is no Google project", plane: name, remedy: "say the project's identifier")
    }
    var means = GoogleIdentity.Means()
    means.transport = options.transport
    means.clock = options.clock
    let isLocal = settings.endpoint.map { (try? TargetURL(parsing: $0))?.isLoopback ?? false } ?? false
    identity = GoogleIdentity(
      file: settings.credentialsFile, environment: environment, isLocal: isLocal, means: means)
    client = try TrafficDirectorClient(
      plane: name, project: project, endpoint: settings.endpoint, identity: identity, options: options)
    self.name = name
    self.project = project
    self.interval = interval
    location = settings.location
    address = (settings.endpoint ?? "https://networkservices.googleapis.com") + " project \(project)"
    clock = options.clock
    catalog = TrafficDirectorCatalog(client, location: settings.location)
  }

  /// The token of the plane's identity, for other services of the same project.
  public var bearer: GoogleBearer { GoogleBearer(identity) }

  /// The connection with what it can do, and the reason for each thing it cannot.
  public var plane: Plane {
    get async {
      var plane = Plane(name: name, kind: .trafficDirector, address: address)
      plane.capabilities.dialects = [.trafficDirector]
      plane.capabilities.answers = [
        .topology: .yes, .desired: .yes, .programmed: .no(Self.programmedGap),
        .observed: .no("Traffic Director measures nothing itself; a telemetry source tells this"),
        .editWeights: .yes, .editRules: .yes, .editMTLS: .yes,
        .dryRun: .no("Google's network APIs validate only what they store"),
        .watch: .no("Google's network APIs have no change feed; lists are read every \(interval.components.seconds) s"),
        .precondition: .no(
          "routes and TLS policies have no write precondition: the last writer wins; backend services have one"),
      ]
      if case .refused(let reason) = client.writes {
        for ability in [Capabilities.Ability.editWeights, .editRules, .editMTLS] {
          plane.capabilities.answers[ability] = .no(reason)
        }
      }
      return plane
    }
  }

  /// Every kind of Traffic Director, together the whole configuration: what others lead to comes before them.
  public var configurationKinds: [ObjectKind] { TrafficDirectorKind.allCases.map(\.rawValue) }

  /// The identity of a resource as Google writes it, told by its name; its project is left out, so that what was exported
  /// from one project can be applied to another.
  public func identity(of object: JSONValue) -> ObjectRef? { TrafficDirectorName(of: object)?.ref(plane: name) }

  /// The kind of a resource, told by its name.
  public func kind(of object: JSONValue) -> ObjectKind? { TrafficDirectorName(of: object)?.kind.rawValue }

  /// Traffic Director's own rules.
  public func rules(for dialect: Dialect) -> (any DialectRules)? {
    dialect == .trafficDirector ? TrafficDirectorRules(project: project) : nil
  }

  /// Nothing: what proxies run is told by gRPC alone.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    var report = ProgrammedReport(at: Instant(seconds: Double(clock.wallSeconds())))
    report.gaps = [Self.programmedGap]
    return report
  }
}
