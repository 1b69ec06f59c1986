import Foundation
public import MeshModel
public import MeshPlanes
import MeshTelemetry
public import MeshTransport

/// Makes connections of settings. A new kind of control plane is one line in ``connect(_:configuration:environment:interactive:transport:)``.
public enum PlaneRegistry {
  /// The pure rules of every dialect, for offline analysis.
  public static var rules: [Dialect: any DialectRules] {
    let kubernetes = all.compactMap { dialect in dialect.rules.map { (dialect.dialect, $0) } }
    return Dictionary(
      kubernetes + [
        (.appMesh, AppMeshRules()), (.trafficDirector, TrafficDirectorRules()), (.serviceFabric, ServiceFabricRules()),
        (.consul, ConsulRules()),
      ],
      uniquingKeysWith: { first, _ in first })
  }

  /// The kinds of all dialects, of the clouds' own meshes and of Consul, whose objects are routes.
  public static var routeKinds: Set<ObjectKind> {
    all.reduce(
      into: [
        "route", "gatewayroute", "httproute", "grpcroute", "tcproute", "tlsroute", "service-splitter", "service-router",
        "http-route", "tcp-route",
      ]
    ) { $0.formUnion($1.routeKinds) }
  }

  /// The kinds of all dialects whose objects are gateways.
  public static var gatewayKinds: Set<ObjectKind> { all.reduce(into: []) { $0.formUnion($1.gatewayKinds) } }

  private static var all: [any KubernetesDialect] { [IstioDialect()] + others }

  /// The dialects beside Istio: one line each.
  private static let others: [any KubernetesDialect] = [
    GatewayAPIDialect(), SMIDialect(), KnativeDialect(), LinkerdDialect(), ShardingSphereDialect(),
  ]

  /// A connection of a plane's setting; nothing is asked of the plane yet.
  ///
  /// - Parameter transport: What sends the requests: the network unless given.
  public static func connect(
    _ setting: PlaneSetting, configuration: Configuration, environment: [String: String], interactive: Bool = false,
    transport: @escaping TransportMaker = { CurlTransport(settings: $0) }
  ) throws(MeshError) -> PlaneConnection {
    if let fault = setting.telemetry?.fault(on: setting.kind) {
      throw MeshError(.usage, fault.words, plane: setting.name)
    }
    var options = Session.Options(transport: transport)
    if configuration.readOnly || setting.readOnly { options.writes = .refused(reason: "read-only") }
    switch setting.kind {
    case .kubernetes: return try kubernetes(setting, options, environment: environment, interactive: interactive)
    case .appMesh: return try appMesh(setting, options, environment: environment)
    case .envoy, .mosn: return try envoy(setting, options, environment: environment, interactive: interactive)
    case .trafficDirector: return try trafficDirector(setting, options, environment: environment)
    case .serviceFabric: return try serviceFabric(setting, options, environment: environment)
    case .xds: return try xds(setting, options, environment: environment, interactive: interactive)
    case .consul: return try consul(setting, options, environment: environment)
    }
  }

  private static func appMesh(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String]
  ) throws(MeshError) -> PlaneConnection {
    let plane = try AppMeshPlane(
      name: setting.name,
      settings: AppMeshPlane.Settings(region: setting.region, endpoint: setting.endpoint, profile: setting.profile),
      environment: environment, options: options)
    var connection = PlaneConnection(name: setting.name, control: plane)
    guard let source = setting.telemetry else { return connection }
    if source.kind == .cloudWatch {
      connection.telemetry = try CloudWatch(
        endpoint: source.urls.first ?? plane.endpoint(of: "monitoring", as: "cloudwatch"),
        namespace: source.namespace ?? "", credentials: plane.signer(service: "monitoring"),
        options: Session.Options(transport: options.transport))
    } else {
      connection.telemetry = try telemetry(source, environment: environment, transport: options.transport)
    }
    return connection
  }

  private static func trafficDirector(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String]
  ) throws(MeshError) -> PlaneConnection {
    var options = options
    // Google counts by minutes: a pace that leaves most of a project's quota to others.
    options.rate = RateLimit(perSecond: 10, burst: 30)
    let plane = try TrafficDirectorPlane(
      name: setting.name,
      settings: TrafficDirectorPlane.Settings(
        project: setting.project, location: setting.location, endpoint: setting.endpoint,
        credentialsFile: setting.credentialsFile.map { Path.expanded($0, environment) }),
      environment: environment, options: options)
    let source: any TelemetrySource =
      if let configured = setting.telemetry, configured.kind == .scrape {
        // What Traffic Director's Envoys export is their own counters, by backend service.
        EnvoyTraffic(
          try scrape(configured, urls: [], environment: environment),
          options: Session.Options(transport: options.transport)
        ) { () async throws(MeshError) in
          let counters = EnvoyCounters(try await plane.clusters())
          return configured.urls.map { EnvoyTraffic.Place(url: $0, counters: counters) }
        }
      } else {
        try CloudMonitoring(
          monitoring(setting, plane, environment: environment), plane: plane,
          options: Session.Options(transport: options.transport))
      }
    return PlaneConnection(name: setting.name, control: plane, telemetry: source)
  }

  /// Where what the project's proxies export is asked for: Cloud Monitoring, unless another Prometheus is named.
  ///
  /// Cloud Monitoring takes Prometheus' queries as GET alone. Source: Cloud Monitoring API,
  /// `projects.location.prometheus.api.v1.query`.
  static func monitoring(
    _ setting: PlaneSetting, _ plane: TrafficDirectorPlane, environment: [String: String]
  ) throws(MeshError) -> PrometheusSettings {
    let own = PrometheusSettings.Authorization.source(plane.bearer)
    guard let configured = setting.telemetry else {
      let path = "/v1/projects/\(PercentCoding.encode(plane.project))/location/global/prometheus"
      return PrometheusSettings(url: (setting.endpoint ?? cloudMonitoring) + path, authorization: own, onlyReads: true)
    }
    guard configured.kind == .prometheus else { throw cloudWatchElsewhere }
    let isGoogle = configured.urls.allSatisfy(isGoogles)
    var settings = try prometheus(configured, environment: environment, authorization: isGoogle ? own : nil)
    settings.onlyReads = isGoogle
    return settings
  }

  private static func kubernetes(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String], interactive: Bool
  ) throws(MeshError) -> PlaneConnection {
    let connection = try Self.connection(setting, environment: environment, interactive: interactive)
    let proxies = Dictionary(setting.envoy.map { ($0.workload, $0.url) }, uniquingKeysWith: { first, _ in first })
    let istio = IstioDialect(
      addresses: IstioDialect.Addresses(
        istiod: setting.istiod ?? setting.istiodDiscovery?.settings.url, proxies: proxies),
      direct: try DirectAccess(
        istiod: setting, connection: connection, environment: environment, transport: options.transport
      ).get)
    let managed: AKSCluster? =
      if let azure = setting.azure {
        try AKSCluster(
          plane: setting.name, settings: azure, environment: environment,
          options: Session.Options(transport: options.transport))
      } else { nil }
    let plane = try KubernetesPlane(
      name: setting.name, connection: connection, dialects: [istio] + others, options: options,
      // A context that names no namespace means this one; nobody said so.
      namespace: setting.namespace ?? (connection.namespace == "default" ? nil : connection.namespace), managed: managed
    )
    let source: any TelemetrySource
    if setting.telemetry?.kind == .trafficMetrics {
      source = TrafficMetrics(plane)
    } else if let configured = setting.telemetry {
      source = try telemetry(configured, environment: environment, transport: options.transport)
    } else {
      source = ClusterTelemetry(
        plane, prometheus: ClusterPrometheus(plane, connection: connection, transport: options.transport))
    }
    return PlaneConnection(name: setting.name, control: plane, telemetry: source)
  }

  /// How the cluster of a plane is reached, and as whom.
  private static func connection(
    _ setting: PlaneSetting, environment: [String: String], interactive: Bool
  ) throws(MeshError) -> KubernetesConnection {
    let kubeconfig: Kubeconfig?
    do throws(MeshError) {
      kubeconfig = try Kubeconfig.load(
        path: setting.kubeconfig.map { Path.expanded($0, environment) }, environment: environment)
    } catch {
      guard setting.kubeconfig == nil, setting.context == nil, environment["KUBERNETES_SERVICE_HOST"] != nil else {
        throw error
      }
      kubeconfig = nil
    }
    if let kubeconfig {
      return try KubernetesConnection(
        kubeconfig, context: setting.context, environment: environment, interactive: interactive)
    }
    if let own = try KubernetesConnection.inCluster(environment: environment) { return own }
    throw MeshError(.usage, "there is no kubeconfig and no service account of a pod", plane: setting.name)
  }

  static func envoy(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String], interactive: Bool
  ) throws(MeshError) -> PlaneConnection {
    let places = setting.envoy.map { place -> String in
      guard place.url.hasPrefix("file://") else { return place.url }
      return "file://" + Path.expanded(String(place.url.dropFirst(7)), environment)
    }
    let pods =
      places.contains(where: EnvoyPods.isPlace)
      ? try EnvoyPods(
        plane: setting.name,
        connection: try Self.connection(setting, environment: environment, interactive: interactive), options: options)
      : nil
    let plane = try EnvoyPlane(
      name: setting.name, places: places, kind: setting.kind, options: options, pods: pods, now: { .now })
    let source: any TelemetrySource =
      if let configured = setting.telemetry {
        try telemetry(configured, environment: environment, transport: options.transport)
      } else {
        EnvoyTraffic(plane, isMosn: setting.kind == .mosn, options: pods?.options ?? options)
      }
    return PlaneConnection(name: setting.name, control: plane, telemetry: source)
  }
}
