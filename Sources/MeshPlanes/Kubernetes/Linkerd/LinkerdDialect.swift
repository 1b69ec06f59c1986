public import MeshModel

/// Linkerd's own APIs on a Kubernetes plane: its HTTPRoutes, ServiceProfiles, and who is let in.
public struct LinkerdDialect: KubernetesDialect {
  /// Creates the dialect.
  public init() {}

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
    case .server: [.accessPolicy(LinkerdObjectReader.server(parts, ref: ref))]
    case .serverAuthorization: [.accessPolicy(LinkerdObjectReader.authorization(parts, ref: ref))]
    case .authorizationPolicy: [.accessPolicy(LinkerdObjectReader.policy(parts, ref: ref))]
    case .meshTLSAuthentication: [.accessPolicy(LinkerdObjectReader.identities(parts, ref: ref))]
    case .networkAuthentication: [.accessPolicy(LinkerdObjectReader.networks(parts, ref: ref))]
    case nil: []
    }
  }

  /// Weights and settings of its routes.
  public func handles(_ intent: Intent) -> Bool {
    switch intent {
    case .weights(let intent): routeKinds.contains(intent.route.kind)
    case .rule(let intent): routeKinds.contains(intent.route.kind)
    case .mtls, .object, .delete: false
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
    case .mtls, .object, .delete:
      throw MeshError(
        .refused, "Linkerd's mTLS is always on between meshed pods", plane: access.plane,
        remedy: "Say who is let in with Server, AuthorizationPolicy and MeshTLSAuthentication")
    }
  }

  /// Nothing of its own to ask: what the policy controller reports stands in the objects' status.
  public func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport? {
    routes.contains { $0.dialect == .linkerd } ? ProgrammedReport(at: access.now) : nil
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

  /// The entities one of its objects stands for.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    try entities(fromNative: object, plane: plane)
  }
}
