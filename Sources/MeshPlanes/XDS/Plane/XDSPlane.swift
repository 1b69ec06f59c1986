public import MeshModel
public import MeshTransport

/// A control plane of Envoy's discovery protocol as a plane of its own: what it sends is what is desired.
///
/// It is asked as a client would ask, by an identity of its own, and everything it sends is acknowledged. Client status
/// discovery, where it is offered, tells what each client took; the administration interfaces of the clients, where they are
/// named, tell what they run and count. Discovery changes nothing: every edit is refused in the control plane's name.
public final class XDSPlane: ControlPlane {
  let name: PlaneName
  let settings: XDSSettings
  let feed: XDSFeed
  let status: ClientStatusService
  /// The proxies that the control plane configures, where they can be asked themselves.
  let proxies: EnvoyPlane?
  /// istiod's debug interface by the same discovery, where what is asked is an istiod that can verify who asks.
  let istiod: IstioDialect?
  let now: @Sendable () -> Instant
  private let told = ClientMemo()

  /// Creates a plane; nothing is asked of the control plane yet.
  ///
  /// - Parameters:
  ///   - statusOptions: How client status is asked for where it has an address of its own; else as everything.
  ///   - proxies: A plane of the same name whose proxies this control plane configures.
  ///   - interval: The seconds between two rounds of REST discovery.
  public init(
    name: PlaneName, settings: XDSSettings, options: Session.Options = Session.Options(),
    proxies: EnvoyPlane? = nil, interval: Double = 5, now: @escaping @Sendable () -> Instant
  ) throws(MeshError) {
    self.name = name
    var settings = settings
    if settings.content == .istio { settings.node = IstioResources.node(settings.node) }
    self.settings = settings
    self.proxies = proxies
    self.now = now
    if settings.content == .istio, settings.url.hasPrefix("https://") {
      let discovery = try IstiodDiscovery(settings, options: options, plane: name)
      let address = settings.url
      istiod = IstioDialect(addresses: IstioDialect.Addresses(istiod: address)) {
        url, receive async throws(MeshError) in
        receive(try await discovery.get(String(url.dropFirst(address.count))))
      }
    } else {
      istiod = nil
    }
    let session = try Self.session(settings.url, options, name)
    let source: any XDSSource =
      settings.transport == .rest
      ? XDSPolling(session: session, node: settings.node, plane: name, interval: interval)
      : XDSStream(
        client: GRPCClient(session), node: settings.node, plane: name, isIncremental: settings.transport == .delta)
    feed = XDSFeed(
      source, whole: settings.content == .istio ? IstioResources.types : [.listeners, .clusters], clock: options.clock,
      now: now)
    status = ClientStatusService(
      session: try settings.statusURL.map { url throws(MeshError) in try Self.session(url, options, name) } ?? session,
      isREST: settings.transport == .rest && settings.statusURL == nil, node: settings.node, plane: name)
  }

  static func session(
    _ url: String, _ options: Session.Options, _ plane: PlaneName
  ) throws(MeshError) -> Session {
    do throws(TransportError) { return try Session(base: url, options: options) } catch {
      throw MeshError(
        .usage, "the address of the control plane makes no sense: \(error.message)", plane: plane,
        remedy: "write it as http://host:port or https://host:port", underlying: error)
    }
  }

  /// The plane with what can be known through it.
  public var plane: Plane {
    get async {
      let owner = await owner
      let answers: [Capabilities.Ability: Capabilities.Answer] = [
        .topology: .yes, .desired: .yes, .watch: .yes, .programmed: .yes,
        .observed: proxies == nil
          ? .no("discovery tells of no traffic: name the proxies under envoy, or a telemetry source") : .yes,
        .editWeights: .no("discovery changes nothing; weights are owned by \(owner)"),
        .editRules: .no("discovery changes nothing; routes are owned by \(owner)"),
        .editMTLS: .no("discovery changes nothing; TLS is owned by \(owner)"),
        .dryRun: .no("discovery changes nothing"), .precondition: .no("discovery changes nothing"),
      ]
      return Plane(
        name: name, kind: .xds, capabilities: Capabilities(answers: answers, dialects: [dialect]),
        address: settings.url)
    }
  }

  /// What istiod's dialect may ask besides: nothing.
  var detached: DetachedAccess { DetachedAccess(plane: name, clock: now) }

  /// Who owns what is shown.
  var owner: String {
    get async {
      let origin = XDSReading.origin(settings, name: await feed.state.resources.controlPlane)
      return origin.owner(isStatic: false)
    }
  }

  private var dialect: Dialect { settings.content == .istio ? .istio : .envoy }

  /// The rules of Envoy's own configuration, here with what is desired, or of Istio's.
  public func rules(for dialect: Dialect) -> (any DialectRules)? {
    guard dialect == self.dialect else { return nil }
    return settings.content == .istio ? IstioDialect() : EnvoyRules(knowsDesired: true)
  }

  /// The clients that the control plane tells of, asked anew where they are older than some seconds.
  func clients(within age: Double) async throws(MeshError) -> [ClientStatus] {
    if let (answer, at) = await told.value, now().age(of: at) < age { return try answer.get() }
    let answer: Result<[ClientStatus], MeshError>
    do throws(MeshError) {
      answer = .success(try await status.clients().filter { !isSelf($0) })
    } catch {
      answer = .failure(error)
    }
    await told.keep(answer, at: now())
    return try answer.get()
  }

  /// Whether a client is this program: proxies may have the identifier that it gives itself.
  private func isSelf(_ client: ClientStatus) -> Bool {
    client.id == settings.node.id && client.agent == XDSSettings.Node.agent
  }
}

/// The answer of client status that came last.
private actor ClientMemo {
  private(set) var value: (answer: Result<[ClientStatus], MeshError>, at: Instant)?

  func keep(_ answer: Result<[ClientStatus], MeshError>, at: Instant) { value = (answer, at) }
}
