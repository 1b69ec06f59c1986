public import MeshModel
public import MeshTransport

/// A Consul service mesh as a control plane, through the HTTP API of an agent or a server.
///
/// Services, their instances and gateways come from the catalog; routes are service-splitters and service-routers, and all
/// configuration entries are native objects. Every write is a check-and-set on the entry's `ModifyIndex`. Changes are
/// followed by blocking queries.
public struct ConsulPlane: ControlPlane {
  /// The connection's name.
  public let name: PlaneName
  let client: ConsulClient
  /// The namespace asked for; `nil` means all there are.
  let namespace: String?
  /// Where the token comes from, in words.
  let tokenSource: String
  let clock: any TransportClock

  /// A plane; nothing is asked yet.
  ///
  /// - Parameter options: Write policy, rate, clock and transport; credentials and TLS come from the settings.
  public init(
    name: PlaneName, settings: ConsulSettings, environment: [String: String],
    options: Session.Options = Session.Options()
  ) throws(MeshError) {
    do throws(MeshError) {
      let connection = try ConsulConnection(settings, environment: environment)
      var options = options
      options.settings = connection.transport
      options.credentials = connection.credentials
      let session: Session
      do throws(TransportError) { session = try Session(base: connection.url, options: options) } catch {
        throw MeshError(error, "connect to Consul", plane: name)
      }
      client = ConsulClient(
        plane: name, session: session, partition: connection.partition, datacenter: connection.datacenter,
        hasCredentials: connection.credentials != nil)
      namespace = connection.namespace
      tokenSource = connection.tokenSource
    } catch {
      var error = error
      error.plane = name
      throw error
    }
    self.name = name
    clock = options.clock
  }

  var now: Instant { Instant(seconds: Double(clock.wallSeconds())) }

  /// The connection with what it can do, and the reason for each thing it cannot.
  public var plane: Plane {
    get async {
      var plane = Plane(name: name, kind: .consul, address: client.session.origin + client.session.basePath)
      plane.capabilities.dialects = [.consul]
      plane.capabilities.answers = [
        .topology: .yes, .desired: .yes, .programmed: .yes,
        .observed: .no("Consul measures nothing itself; a telemetry source tells this"),
        .editWeights: .yes, .editRules: .yes, .editMTLS: .yes,
        .dryRun: .no("Consul validates only what it stores"),
        .watch: .yes, .precondition: .yes,
      ]
      if case .refused(let reason) = client.session.writes {
        for ability in [Capabilities.Ability.editWeights, .editRules, .editMTLS] {
          plane.capabilities.answers[ability] = .no(reason)
        }
      }
      return plane
    }
  }

  /// Every kind of entry, what others build on before them.
  public var configurationKinds: [ObjectKind] { ConsulKind.allCases.map(\.rawValue) }

  /// The identity of an entry, told by its `Kind` and `Name`.
  public func identity(of object: JSONValue) -> ObjectRef? { ConsulName(of: object)?.ref(plane: name) }

  /// The entry's own kind, which it writes `Kind`.
  public func kind(of object: JSONValue) -> ObjectKind? { ConsulName(of: object)?.kind.rawValue }

  /// Consul's own rules.
  public func rules(for dialect: Dialect) -> (any DialectRules)? { dialect == .consul ? ConsulRules() : nil }
}
