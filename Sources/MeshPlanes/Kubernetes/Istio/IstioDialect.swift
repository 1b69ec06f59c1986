public import MeshModel

/// Istio's configuration API on a Kubernetes plane.
public struct IstioDialect: KubernetesDialect {
  /// Where istiod's debug interface and proxies' administration are reached other than through the API server.
  public var addresses: Addresses

  /// Addresses an operator configured.
  public struct Addresses: Sendable, Hashable {
    /// istiod's debug interface, such as `http://127.0.0.1:8080`; `nil` reaches its pods through the API server.
    public var istiod: String?
    /// A proxy's administration by `namespace/pod`, such as `http://127.0.0.1:15000`; others are reached through the
    /// API server.
    public var proxies: [String: String]

    /// Creates addresses.
    public init(istiod: String? = nil, proxies: [String: String] = [:]) {
      self.istiod = istiod
      self.proxies = proxies
    }
  }

  /// A GET to an absolute address, for what is configured and not reached through the API server; its answer is handed on piece
  /// by piece.
  public typealias DirectGet = @Sendable (_ url: String, _ receive: ([UInt8]) -> Void) async throws(MeshError) -> Void

  let direct: DirectGet?
  private let latestSpecs = LatestSpecs()
  let indices = IstioIndexMemo()
  let replicas = ReplicaMemo()
  let syncs = SyncMemo()
  let questions = QuestionMemo()
  let virtualHosts = VirtualHostMemo()
  let ownRoutes = SentMemo<IstioProgrammed.Question, [ProgrammedRoute]>()
  let sentRoutes = SentMemo<IstioProgrammed.Question, [ProgrammedRoute]>()
  let sentTurns = SentTurns()
  let sentContexts = SentMemo<ProxyTLSQuestion, ProxyTLS>()

  /// Creates the dialect.
  public init(addresses: Addresses = Addresses(), direct: DirectGet? = nil) {
    self.addresses = addresses
    self.direct = direct
  }

  /// Istio.
  public var dialect: Dialect { .istio }

  /// Istio's networking and security kinds.
  public var resources: [DialectResource] { IstioKind.allCases.map(\.resource) }

  /// VirtualServices.
  public var routeKinds: Set<ObjectKind> { [IstioKind.virtualService.rawValue] }

  /// Istio's own Gateways.
  public var gatewayKinds: Set<ObjectKind> { [IstioKind.gateway.rawValue] }

  /// The views of one of Istio's objects, read in one pass.
  public func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    try entities(of: resource, apiVersion: apiVersion, plane: plane, latest: nil, &reader)
  }

  /// The same of an object that a watch tells of; what it asks for is known where others asked for it in the same bytes.
  public func watchedEntities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    try entities(of: resource, apiVersion: apiVersion, plane: plane, latest: latestSpecs, &reader)
  }

  private func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, latest: LatestSpecs?, _ reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    guard let kind = IstioKind(rawValue: resource.kind) else {
      try reader.skip()
      return []
    }
    return try IstioObjectReader.entities(kind, apiVersion: apiVersion, plane: plane, latest: latest, &reader)
  }

  /// Weights and settings of VirtualServices, and mTLS.
  public func handles(_ intent: Intent) -> Bool {
    switch intent {
    case .weights(let intent): intent.route.kind == IstioKind.virtualService.rawValue
    case .rule(let intent): intent.route.kind == IstioKind.virtualService.rawValue
    case .mtls: true
    case .object, .delete: false
    }
  }

  /// The one write that carries out an intent; none where everything is as wanted already.
  ///
  /// Fails with `.refused` for what Istio would not take and for names that are not there, with `.usage` where several
  /// fit.
  public func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    switch intent {
    case .weights(let intent):
      let native = try await access.native(intent.route)
      let (json, guards) = try WeightEdit.wanted(native, intent)
      return VirtualServiceEdit.steps(native, to: json, guards: guards)
    case .rule(let intent):
      let native = try await access.native(intent.route)
      let (json, guards) = try RuleEdit.wanted(native, intent)
      return VirtualServiceEdit.steps(native, to: json, guards: guards)
    case .mtls(let intent): return try await steps(for: intent, in: snapshot, using: access)
    case .object, .delete:
      throw MeshError(.refused, "Istio's dialect edits weights, rules and mTLS", plane: access.plane)
    }
  }

  private func steps(
    for intent: MTLSIntent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    let settings = snapshot.meshes[access.plane] ?? MeshSettings()
    let namespace = intent.scope == .mesh ? settings.rootNamespace : intent.namespace
    let kind = IstioKind.peerAuthentication.rawValue
    guard let apiVersion = await access.apiVersion(of: kind) else {
      return try await AuthenticationPolicyEdit.steps(for: intent, in: snapshot, using: access)
    }
    let workload = try check(intent, in: snapshot, settings: settings)
    let policies = try await access.natives(kind, namespace: namespace)
    let outcome = try MTLSEdit.outcome(
      intent, policies: policies, workload: workload, in: snapshot, namespace: namespace, apiVersion: apiVersion)
    let barrier = Barrier.acknowledged(within: 30)
    switch outcome {
    case .nothing: return []
    case .edit(let native, let json): return Step.editing(native, to: json, barrier: barrier).map { [$0] } ?? []
    case .delete(let native): return [Step.deleting(native, barrier: barrier)]
    case .create(let json, let ref):
      let path = try await access.path(of: kind, namespace: namespace, name: nil)
      return [Step.creating(json, as: ref, in: path, barrier: barrier)]
    }
  }

  /// The workload an mTLS intent names, once the intent makes sense.
  private func check(
    _ intent: MTLSIntent, in snapshot: MeshSnapshot, settings: MeshSettings
  ) throws(MeshError) -> Workload? {
    if intent.scope == .mesh { return nil }
    guard !intent.namespace.isEmpty else { throw MeshError(.usage, "a namespace is needed", plane: intent.plane) }
    if intent.scope == .namespace {
      guard intent.namespace != settings.rootNamespace else {
        throw MeshError(
          .refused, "a policy for all of \(intent.namespace) holds for the mesh", plane: intent.plane,
          remedy: "Say so: use the scope mesh")
      }
      return nil
    }
    if intent.scope == .port {
      guard let port = intent.port, (1...65_535).contains(port) else {
        throw MeshError(.usage, "a container port from 1 to 65535 is needed", plane: intent.plane)
      }
    }
    let workloads = snapshot.workloads.values.filter {
      $0.ref.plane == intent.plane && $0.ref.namespace == intent.namespace
    }
    guard let workload = workloads.filter({ $0.ref.name == intent.workload }).min(by: { $0.ref < $1.ref }) else {
      let names = workloads.map(\.ref.name).sorted().prefix(20).joined(separator: ", ")
      throw MeshError(
        .notFound, "there is no workload \(intent.workload) in \(intent.namespace)", plane: intent.plane,
        remedy: names.isEmpty ? "No workload is known there" : "Workloads: \(names)")
    }
    guard intent.namespace != settings.rootNamespace else {
      throw MeshError(
        .refused, "policies with a selector are not used in the root namespace \(intent.namespace)",
        object: workload.ref, remedy: "Use the scope mesh")
    }
    guard !workload.labels.isEmpty else {
      throw MeshError(.refused, "a workload without labels cannot be selected", object: workload.ref)
    }
    return workload
  }

  /// The settings of the mesh, from istiod where its address is configured, else from the ConfigMap `istio`.
  public func settings(using access: any KubernetesAccess) async -> MeshSettings? {
    await IstioSettingsReader.settings(of: self, using: access)
  }

  /// istiod's view of every proxy, and the routes of at most eight proxies, asked themselves: as many as 64 MiB of
  /// answers allow.
  public func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport? {
    await IstioProgrammed(dialect: self, access: access).report(for: routes, in: snapshot)
  }

  /// The certificates of proxies, asked themselves: sixteen at once, for eight seconds in all.
  public func certificates(
    of proxies: [ObjectRef], using access: any KubernetesAccess
  ) async -> [ObjectRef: Known<ProxyCertificates>]? {
    await IstioProgrammed(dialect: self, access: access).certificates(of: proxies)
  }

  /// The routes of a proxy, asked itself.
  public func routes(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<[ProgrammedRoute]>? {
    await IstioProgrammed(dialect: self, access: access).routes(of: proxy)
  }

  /// What istiod holds and what troubles it, from `configz` and `push_status` of each replica.
  public func distribution(in snapshot: MeshSnapshot, using access: any KubernetesAccess) async -> DistributionReport? {
    await IstiodDistribution(dialect: self, access: access).report(in: snapshot)
  }

  /// A proxy's connection to istiod, from `adsz`.
  public func connection(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<ProxyConnection>? {
    await IstiodDistribution(dialect: self, access: access).connection(of: proxy)
  }

  /// What istiod's registry holds of a service, from `registryz` and `endpointz` of each replica.
  public func registration(of service: Service, using access: any KubernetesAccess) async -> Known<[Registration]>? {
    await IstiodRegistry(dialect: self, access: access).registration(of: service)
  }

  /// As which endpoints istiod's registry holds an instance, from `endpointz` of each replica.
  public func registration(
    ofInstance instance: ObjectRef, using access: any KubernetesAccess
  ) async -> Known<[Registration]>? {
    await IstiodRegistry(dialect: self, access: access).registration(ofInstance: instance)
  }

  /// How a proxy fares, asked itself.
  public func condition(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<ProxyCondition>? {
    await IstioProgrammed(dialect: self, access: access).condition(of: proxy)
  }

  /// Whether istiod answers, the mesh as it sees it, and its push errors.
  public func checks(using access: any KubernetesAccess) async -> [PlaneCheck] {
    await IstiodDistribution(dialect: self, access: access).checks()
  }

  /// The TLS contexts of one proxy a workload, forty proxies at most.
  public func programmedTLS(
    _ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProxyTLSReport? {
    await IstioProxyTLS(dialect: self, access: access).report(questions, in: snapshot)
  }
}
