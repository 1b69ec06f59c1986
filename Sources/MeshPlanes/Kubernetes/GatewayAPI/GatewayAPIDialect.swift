public import MeshModel

/// The Gateway API on a Kubernetes plane: routes of gateways and, by their Service parents (GAMMA), of the mesh.
public struct GatewayAPIDialect: KubernetesDialect {
  /// Creates the dialect.
  public init() {}

  /// The Gateway API.
  public var dialect: Dialect { .gatewayAPI }

  /// Gateways with their ListenerSets, the four kinds of routes with weights, ReferenceGrants and BackendTLSPolicies.
  public var resources: [DialectResource] { GatewayAPIKind.allCases.map(\.resource) }

  /// The four kinds of routes.
  public var routeKinds: Set<ObjectKind> {
    Set([GatewayAPIKind.httpRoute, .grpcRoute, .tlsRoute, .tcpRoute].map(\.rawValue))
  }

  /// Gateways, and the listeners added to them.
  public var gatewayKinds: Set<ObjectKind> { [GatewayAPIKind.gateway.rawValue, GatewayAPIKind.listenerSet.rawValue] }

  /// The views of one object.
  public func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    guard let kind = GatewayAPIKind(rawValue: resource.kind) else {
      try reader.skip()
      return []
    }
    let parts = try ObjectParts(&reader, apiVersion: apiVersion)
    let ref = parts.meta.ref(resource.kind, on: plane)
    switch kind {
    case .gateway: return [.gateway(GatewayObjectReader.gateway(parts, ref: ref, named: ref.name))]
    case .listenerSet:
      let parent = parts.spec["parentRef"]?["name"]?.string ?? ""
      return [.gateway(GatewayObjectReader.gateway(parts, ref: ref, named: parent))]
    case .backendTLSPolicy: return GatewayObjectReader.backendTLS(parts, ref: ref).map(Entity.destination)
    case .referenceGrant: return [.accessPolicy(GatewayObjectReader.grant(parts, ref: ref))]
    case .httpRoute, .grpcRoute, .tlsRoute, .tcpRoute:
      let layer: Rule.Layer =
        switch kind {
        case .grpcRoute: .grpc
        case .tlsRoute: .tls
        case .tcpRoute: .tcp
        default: .http
        }
      return [.route(GatewayRouteReader(parts: parts, ref: ref, dialect: .gatewayAPI, layer: layer).route)]
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
      let (json, guards) = try GatewayRouteEdit.weights(native, intent, of: route(of: native))
      return Step.editing(native, to: json, guards: guards)
    case .rule(let intent):
      let native = try await access.native(intent.route)
      let (json, guards) = try GatewayRouteEdit.rule(native, intent, of: route(of: native))
      return Step.editing(native, to: json, guards: guards)
    case .mtls, .object, .delete:
      throw MeshError(.refused, "the Gateway API's dialect edits weights and rules", plane: access.plane)
    }
  }

  /// Nothing of its own to ask: what controllers report stands in the objects' status.
  public func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport? {
    routes.contains { $0.dialect == .gatewayAPI } ? ProgrammedReport(at: access.now) : nil
  }
}
