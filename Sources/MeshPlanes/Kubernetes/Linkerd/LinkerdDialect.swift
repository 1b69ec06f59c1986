public import MeshModel

/// Linkerd's own APIs on a Kubernetes plane: its HTTPRoutes, ServiceProfiles, and who is let in.
public struct LinkerdDialect: KubernetesDialect {
  /// Creates the dialect.
  public init() {}

  /// Whether a plane's mesh is Linkerd: its policies are served there and Istio's are not.
  public static func isTheMesh(of plane: PlaneName, in snapshot: MeshSnapshot) -> Bool {
    isServed(on: plane, in: snapshot)
      && [IstioKind.peerAuthentication, .policy].allSatisfy {
        snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: $0.rawValue)] == nil
      }
  }

  /// Whether Linkerd's policies are served on a plane.
  public static func isServed(on plane: PlaneName, in snapshot: MeshSnapshot) -> Bool {
    snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: LinkerdKind.server.rawValue)] != nil
  }

  /// The workloads of a plane whose instances Linkerd's proxy serves.
  public static func members(of plane: PlaneName, in snapshot: MeshSnapshot) -> Set<ObjectRef> {
    var members: Set<ObjectRef> = []
    for endpoint in snapshot.endpoints.values where endpoint.ref.plane == plane && isMember(endpoint) {
      members.insert(endpoint.workload)
    }
    return members
  }

  /// Whether Linkerd's proxy serves an instance.
  static func isMember(_ endpoint: Endpoint) -> Bool {
    endpoint.annotations?["linkerd.io/proxy-version"] != nil
      || endpoint.ref.kind == LinkerdKind.externalWorkload.rawValue
  }

  /// Linkerd.
  public var dialect: Dialect { .linkerd }

  /// Routes, profiles, servers, authorizations and authentications.
  public var resources: [DialectResource] { LinkerdKind.allCases.map(\.resource) }

  /// HTTPRoutes and ServiceProfiles.
  public var routeKinds: Set<ObjectKind> { [LinkerdKind.httpRoute.rawValue, LinkerdKind.serviceProfile.rawValue] }

  /// The views of one object.
  public func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    let parts = try ObjectParts(&reader, apiVersion: apiVersion)
    let ref = parts.meta.ref(resource.kind, on: plane)
    return switch LinkerdKind(rawValue: resource.kind) {
    case .httpRoute: [.route(GatewayRouteReader(parts: parts, ref: ref, dialect: .linkerd, layer: .http).route)]
    case .serviceProfile: [.route(LinkerdObjectReader.profile(parts, ref: ref))]
    case .server: [.accessPolicy(LinkerdPolicyReader.server(parts, ref: ref))]
    case .serverAuthorization: [.accessPolicy(LinkerdPolicyReader.authorization(parts, ref: ref))]
    case .authorizationPolicy: [.accessPolicy(LinkerdPolicyReader.policy(parts, ref: ref))]
    case .meshTLSAuthentication: [.accessPolicy(LinkerdPolicyReader.identities(parts, ref: ref))]
    case .networkAuthentication: [.accessPolicy(LinkerdPolicyReader.networks(parts, ref: ref))]
    case .rateLimit: [.accessPolicy(LinkerdPolicyReader.rateLimit(parts, ref: ref))]
    case .egressNetwork: [.accessPolicy(LinkerdPolicyReader.egress(parts, ref: ref))]
    case .externalWorkload: LinkerdObjectReader.external(parts, ref: ref)
    case nil: []
    }
  }

  /// Weights and settings of its routes, and who is let in.
  public func handles(_ intent: Intent) -> Bool {
    switch intent {
    case .weights(let intent): routeKinds.contains(intent.route.kind)
    case .rule(let intent): routeKinds.contains(intent.route.kind)
    case .mtls: true
    case .object, .delete: false
    }
  }

  /// mTLS, where Linkerd is the mesh of what the intent is for.
  public func claims(_ intent: Intent, in snapshot: MeshSnapshot) -> Bool {
    guard case .mtls(let intent) = intent else { return handles(intent) }
    if Self.isTheMesh(of: intent.plane, in: snapshot) { return true }
    return snapshot.endpoints.values.contains { endpoint in
      endpoint.ref.plane == intent.plane && endpoint.ref.namespace == intent.namespace && Self.isMember(endpoint)
        && (intent.workload.isEmpty || endpoint.workload.name == intent.workload)
    }
  }

  /// The one write that carries out an intent; none where everything is as wanted already.
  public func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    switch intent {
    case .weights(let intent):
      let native = try await access.native(intent.route)
      let route = try route(of: native)
      let (json, guards) =
        intent.route.kind == LinkerdKind.serviceProfile.rawValue
        ? try ProfileEdit.weights(native, intent, of: route) : try GatewayRouteEdit.weights(native, intent, of: route)
      return Step.editing(native, to: json, guards: guards)
    case .rule(let intent):
      let native = try await access.native(intent.route)
      let route = try route(of: native)
      let (json, guards) =
        intent.route.kind == LinkerdKind.serviceProfile.rawValue
        ? try ProfileEdit.rule(native, intent, of: route) : try GatewayRouteEdit.rule(native, intent, of: route)
      return Step.editing(native, to: json, guards: guards)
    case .mtls(let intent): return try await LinkerdMTLSEdit.steps(for: intent, in: snapshot, using: access)
    case .object, .delete:
      throw MeshError(.refused, "Linkerd's dialect edits weights, rules and who is let in", plane: access.plane)
    }
  }

  /// The trust domain, the cluster's networks and its default inbound policy.
  public func settings(using access: any KubernetesAccess) async -> MeshSettings? {
    await LinkerdSettings.settings(using: access)
  }

  /// The proxies of meshed instances with their versions; what they were sent they do not tell, and what the policy
  /// controller reports of routes stands in the objects' status.
  public func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport? {
    let proxies = snapshot.endpoints.values.filter { $0.ref.plane == access.plane && Self.isMember($0) }.map {
      endpoint in
      ProxyState(
        ref: endpoint.ref, workload: endpoint.workload,
        version: endpoint.annotations?["linkerd.io/proxy-version"] ?? "", isConnected: endpoint.isReady)
    }
    guard !proxies.isEmpty || routes.contains(where: { $0.dialect == .linkerd }) else { return nil }
    return ProgrammedReport(proxies: proxies.sorted { $0.ref < $1.ref }, at: access.now)
  }
}

extension LinkerdDialect: DialectRules {
  /// The routing rules over a snapshot: those of the Gateway API's form.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    GatewayRouting(snapshot, plane: plane)
  }

  /// The share of each backend: its weight, 1 where absent, in proportion to the sum.
  public func shares(of rule: Rule) -> [Double] {
    GatewayWeights.shares(rule.backends.map { $0.weight ?? GatewayWeights.absent })
  }

  /// The rules all of whose conditions an earlier rule has too.
  public func unreachableRules(of route: Route) -> [Int: String] { GatewayPrecedence.unreachable(route) }

  /// The problems of routes, and policies that refer to what is not there.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    var found = GatewayAnalysis(snapshot, plane: plane, dialect: .linkerd).findings()
    found += LinkerdAnnotations.findings(in: snapshot, plane: plane)
    found += ProfilePrecedence.findings(in: snapshot, plane: plane)
    for policy in snapshot.accessPolicies.values.sorted(by: { $0.ref < $1.ref }) where policy.ref.plane == plane {
      for ref in policy.requires where snapshot.accessPolicies[ref] == nil {
        found.append(
          Finding(
            code: "MD2401", severity: .error, object: policy.ref, pointer: "/spec/requiredAuthenticationRefs",
            message: "there is no \(ref.kind) \(ref.name) in \(ref.namespace): nobody meets this policy",
            remedy: "Make it, or correct the name"))
      }
      for ref in policy.targets
      where ref.kind == LinkerdKind.server.rawValue && snapshot.accessPolicies[ref] == nil {
        found.append(
          Finding(
            code: "MD2402", severity: .warning, object: policy.ref, pointer: "/spec/targetRef",
            message: "there is no Server \(ref.name) in \(ref.namespace): the policy is for nothing",
            remedy: "Make it, or correct the name"))
      }
    }
    return found
  }

  /// What a caller needs to be let in.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    LinkerdMTLS(snapshot, plane: plane)
  }

  /// The entities one of its objects stands for, and those of a namespace or workload, whose annotations it reads.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    let annotated = [
      CoreResources.namespaces, CoreResources.deployments, CoreResources.statefulSets, CoreResources.daemonSets,
    ]
    guard let resource = annotated.first(where: { $0.names(object) }) else {
      return try entities(fromNative: object, plane: plane)
    }
    do {
      return try JSONReader.read(JSONWriter.bytes(object)) { reader throws(JSONError) in
        var pool = TextPool()
        return try CoreResources.entities(of: resource, plane: plane, from: &reader, pool: &pool)
      }
    } catch {
      throw MeshError(.usage, "this object cannot be read: \(error)", underlying: error)
    }
  }
}
