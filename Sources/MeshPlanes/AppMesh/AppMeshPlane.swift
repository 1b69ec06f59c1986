public import MeshModel
public import MeshTransport

/// AWS App Mesh, or whatever speaks its API, as a control plane.
///
/// AWS ended the service on 2026-09-30; what is left to reach are emulators and gateways, whose whole configuration can
/// be read, exported and edited. A mesh is a namespace here, a virtual service a service, a virtual node a workload; a
/// route is named `router:route`.
///
/// App Mesh has no write precondition: a step reads, compares the version, writes the whole specification with a client
/// token, and reads back; the last writer wins, and who was overwritten is told as far as versions tell it.
public struct AppMeshPlane: ControlPlane {
  /// What a plane is made of.
  public struct Settings: Sendable {
    /// The region; `nil` leaves it to the environment and the profile.
    public var region: String?
    /// The address of the API; `nil` leaves it to the environment and the profile, and then to AWS.
    public var endpoint: String?
    /// The profile of the shared AWS files; `nil` leaves it to the environment.
    public var profile: String?

    /// Settings; everything may be left to the surroundings.
    public init(region: String? = nil, endpoint: String? = nil, profile: String? = nil) {
      self.region = region
      self.endpoint = endpoint
      self.profile = profile
    }
  }

  /// The connection's name.
  public let name: PlaneName
  /// The region requests are signed for.
  public let region: String
  let client: AppMeshClient
  let catalog: AppMeshCatalog
  let instances: AppMeshInstances
  let identity: AWSIdentity
  let clock: any TransportClock
  /// How often lists are read again while following; App Mesh has no change feed.
  let interval: Duration

  /// A plane; nothing is asked yet.
  ///
  /// - Parameter options: Write policy, rate, clock and transport; credentials come from the surroundings.
  public init(
    name: PlaneName, settings: Settings, environment: [String: String], options: Session.Options = Session.Options(),
    interval: Duration = .seconds(10)
  ) throws(MeshError) {
    do throws(MeshError) {
      let files = try AWSConfigFiles.load(environment: environment)
      let surroundings = try AWSEnvironment(profile: settings.profile, environment: environment, files: files)
      region = try surroundings.region(settings.region)
      let endpoint =
        settings.endpoint ?? surroundings.endpoint(of: "app_mesh")
        ?? "https://appmesh.\(region).\(AWSEnvironment.domain(of: region))"
      var means = AWSIdentity.Means()
      means.transport = options.transport
      means.clock = options.clock
      // An emulator on this machine that is named for App Mesh alone is asked who we are too: AWS would not know its keys.
      let isLocal = (try? TargetURL(parsing: endpoint))?.isLoopback ?? false
      let sts = surroundings.endpoint(of: "sts") ?? (isLocal ? endpoint : nil)
      identity = AWSIdentity(surroundings, region: region, stsEndpoint: sts, means: means)
      client = try AppMeshClient(
        plane: name, endpoint: endpoint, region: region, identity: identity, options: options)
      let discovery =
        surroundings.endpoint(of: "servicediscovery")
        ?? (isLocal ? endpoint : "https://data-servicediscovery.\(region).\(AWSEnvironment.domain(of: region))")
      instances = try AppMeshInstances(
        plane: name, endpoint: discovery,
        signer: AWSSigner(identity, region: region, service: "servicediscovery"), options: options)
    } catch {
      var error = error
      error.plane = name
      throw error
    }
    self.name = name
    self.interval = interval
    clock = options.clock
    catalog = AppMeshCatalog(client)
  }

  /// Signs for another service of the same account and region, such as `monitoring`, with the plane's own identity.
  public func signer(service: String) -> AWSSigner { AWSSigner(identity, region: region, service: service) }

  /// The address of another service of the region: that of the environment or the profile by the service's name in
  /// settings, else AWS's own by its host's.
  public func endpoint(of host: String, as service: String) -> String {
    identity.environment.endpoint(of: service) ?? "https://\(host).\(region).\(AWSEnvironment.domain(of: region))"
  }

  /// The connection with what it can do, and the reason for each thing it cannot.
  public var plane: Plane {
    get async {
      var plane = Plane(name: name, kind: .appMesh, address: client.session.origin + client.session.basePath)
      plane.capabilities.dialects = [.appMesh]
      plane.capabilities.answers = [
        .topology: .yes, .desired: .yes,
        .programmed: .no("App Mesh does not tell what its proxies run; name their admin ports as envoy planes"),
        .observed: .no("App Mesh measures nothing itself; a telemetry source tells this"),
        .editWeights: .yes, .editRules: .yes, .editMTLS: .yes,
        .dryRun: .no("App Mesh validates only what it stores"),
        .watch: .no("App Mesh has no change feed; its lists are read every \(interval.components.seconds) s"),
        .precondition: .no("App Mesh has no write precondition: the last writer wins"),
      ]
      if case .refused(let reason) = client.session.writes {
        for ability in [Capabilities.Ability.editWeights, .editRules, .editMTLS] {
          plane.capabilities.answers[ability] = .no(reason)
        }
      }
      return plane
    }
  }

  /// Every kind of App Mesh, together the whole configuration: what others lead to comes before them.
  public var configurationKinds: [ObjectKind] {
    [.mesh, .virtualNode, .virtualRouter, .route, .virtualService, .virtualGateway, .gatewayRoute]
      .map { (kind: AppMeshKind) in kind.rawValue }
  }

  /// The identity of a resource as App Mesh describes it, told by its members.
  public func identity(of object: JSONValue) -> ObjectRef? { AppMeshName(of: object)?.ref(plane: name) }

  /// App Mesh's own rules.
  public func rules(for dialect: Dialect) -> (any DialectRules)? { dialect == .appMesh ? AppMeshRules() : nil }

  /// Nothing: App Mesh does not tell what its proxies run.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    var report = ProgrammedReport(at: Instant(seconds: Double(clock.wallSeconds())))
    report.gaps = ["App Mesh does not tell what its proxies run"]
    return report
  }
}
