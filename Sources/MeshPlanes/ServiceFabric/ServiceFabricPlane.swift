public import MeshModel
public import MeshTransport

/// Azure Service Fabric's mesh resources as a control plane: at Azure Resource Manager, or at a cluster of one's own.
///
/// Microsoft ended the service at Azure on 2021-04-28; the same resources live on at clusters' HTTP gateways
/// (`/Resources`). An application is a namespace here, a service a service and its workload, a gateway with its routing a
/// gateway and a route. There are no weights and no TLS in the model: nothing is made up in their place.
///
/// There is no write precondition: a step reads, compares everything that can be written, writes the whole resource, and
/// reads back; the last writer wins.
public struct ServiceFabricPlane: ControlPlane {
  /// What a plane is made of.
  public struct Settings: Sendable {
    /// Where the resources are.
    public enum Place: Sendable {
      /// A resource group of a subscription at Azure, or at what stands in its place.
      case group(subscription: String, name: String, endpoint: String?)
      /// A cluster's HTTP gateway, such as `https://cluster.example:19080`.
      case cluster(url: String)
    }

    /// Where the resources are.
    public var place: Place
    /// How the server is reached: authorities and, for a cluster, the client's certificate.
    public var connection: ConnectionSettings

    /// Settings of a place.
    public init(place: Place, connection: ConnectionSettings = ConnectionSettings()) {
      self.place = place
      self.connection = connection
    }
  }

  /// The connection's name.
  public let name: PlaneName
  let client: AzureClient
  let base: ServiceFabricBase
  let catalog: ServiceFabricCatalog
  let clock: any TransportClock
  /// How often lists are read again while following; there is no change feed.
  let interval: Duration

  static let noWeights =
    "Service Fabric's mesh model has no weights: a route leads to one endpoint of one service"
  static let insteadOfWeights =
    "send some requests elsewhere by a route of its own path or header (meshdeck route edit), or deploy the share of "
    + "replicas (replicaCount)"
  static let insteadOfTLS =
    "let the services do TLS themselves, or move to a mesh that has it, such as AKS's Istio add-on"
  static let unprogrammed = "Service Fabric does not tell what its gateways run, only whether they are ready"

  /// A plane; nothing is asked yet.
  ///
  /// - Parameter options: Write policy, rate, clock and transport; credentials come from the surroundings.
  public init(
    name: PlaneName, settings: Settings, environment: [String: String], options: Session.Options = Session.Options(),
    interval: Duration = .seconds(10)
  ) throws(MeshError) {
    var options = options
    options.settings = settings.connection
    switch settings.place {
    case .group(let subscription, let group, let endpoint):
      let surroundings = AzureEnvironment(endpoint: endpoint, environment: environment)
      base = .group(subscription: subscription, name: group)
      client = try AzureClient(
        plane: name, endpoint: surroundings.endpoint,
        identity: AzureIdentity(surroundings, subscription: subscription, options: options), options: options)
    case .cluster(let url):
      base = .cluster
      client = try AzureClient(plane: name, endpoint: url, identity: nil, options: options)
    }
    self.name = name
    self.interval = interval
    clock = options.clock
    catalog = ServiceFabricCatalog(client: client, base: base)
  }

  /// The connection with what it can do, and the reason for each thing it cannot.
  public var plane: Plane {
    get async {
      var plane = Plane(
        name: name, kind: .serviceFabric, address: client.session.origin + client.session.basePath + base.scope)
      plane.capabilities.dialects = [.serviceFabric]
      plane.capabilities.answers = [
        .topology: .yes, .desired: .yes, .programmed: .no(Self.unprogrammed),
        .observed: .no(
          "Service Fabric's mesh measures processors and memory, no requests; a telemetry source tells those"),
        .editWeights: .no("\(Self.noWeights); instead, \(Self.insteadOfWeights)"), .editRules: .yes,
        .editMTLS: .no(ServiceFabricMTLS.reason),
        .dryRun: .no("Service Fabric validates only what it stores"),
        .watch: .no("Service Fabric has no change feed; its lists are read every \(interval.components.seconds) s"),
        .precondition: .no("Service Fabric has no write precondition: the last writer wins"),
      ]
      if case .refused(let reason) = client.session.writes { plane.capabilities.answers[.editRules] = .no(reason) }
      return plane
    }
  }

  /// The kinds of the mesh's configuration: what others lead to comes before them.
  public var configurationKinds: [ObjectKind] {
    [.network, .application, .gateway].map { (kind: ServiceFabricKind) in kind.rawValue }
  }

  /// The identity of a resource, told by its type or its members.
  public func identity(of object: JSONValue) -> ObjectRef? { ServiceFabricName(of: object)?.ref(plane: name) }

  /// The kind of a resource, told by its type or its members.
  public func kind(of object: JSONValue) -> ObjectKind? { ServiceFabricKind(of: object)?.rawValue }

  /// Service Fabric's own rules.
  public func rules(for dialect: Dialect) -> (any DialectRules)? {
    dialect == .serviceFabric ? ServiceFabricRules() : nil
  }

  /// Nothing: Service Fabric does not tell what its gateways run.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    var report = ProgrammedReport(at: Instant(seconds: Double(clock.wallSeconds())))
    report.gaps = [Self.unprogrammed]
    return report
  }
}
