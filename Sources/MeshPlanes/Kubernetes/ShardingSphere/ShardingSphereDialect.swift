public import MeshModel

/// ShardingSphere's database mesh on a Kubernetes plane: its proxies and databases as nodes, read only.
public struct ShardingSphereDialect: KubernetesDialect {
  /// Creates the dialect.
  public init() {}

  /// ShardingSphere.
  public var dialect: Dialect { .shardingSphere }

  /// No: it has neither proxies nor a status that says so.
  public var tellsProgrammed: Bool { false }

  /// ComputeNodes and StorageNodes.
  public var resources: [DialectResource] { ShardingSphereKind.allCases.map(\.resource) }

  /// None: what divides its queries is no object.
  public var routeKinds: Set<ObjectKind> { [] }

  /// The views of one object.
  public func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    let parts = try ObjectParts(&reader, apiVersion: apiVersion)
    let ref = parts.meta.ref(resource.kind, on: plane)
    return switch ShardingSphereKind(rawValue: resource.kind) {
    case .computeNode: ShardingSphereReader.computeNode(parts, ref: ref)
    case .storageNode: ShardingSphereReader.storageNode(parts, ref: ref)
    case nil: []
    }
  }

  /// Weights and settings of its nodes, to say why they are not edited.
  public func handles(_ intent: Intent) -> Bool {
    switch intent {
    case .weights(let intent): ShardingSphereKind(rawValue: intent.route.kind) != nil
    case .rule(let intent): ShardingSphereKind(rawValue: intent.route.kind) != nil
    case .mtls, .object, .delete: false
    }
  }

  /// None: always refused.
  public func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    throw MeshError(
      .refused, "read-only: ShardingSphere divides queries by rules that its proxies take in DistSQL, not in objects",
      plane: access.plane, remedy: "use ALTER READWRITE_SPLITTING RULE through one of its proxies")
  }
}

extension ShardingSphereDialect: DialectRules {
  /// The routing rules over a snapshot: a backend is a Service.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    GatewayRouting(snapshot, plane: plane)
  }

  /// None: there are no routes.
  public func shares(of rule: Rule) -> [Double] { [] }

  /// None: there are no routes.
  public func unreachableRules(of route: Route) -> [Int: String] { [:] }

  /// The nodes whose operator or provider says that something does not hold.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    snapshot.endpoints.values
      .filter { $0.ref.plane == plane && $0.workload.kind == ShardingSphereKind.storageNode.rawValue && !$0.isReady }
      .sorted { $0.ref < $1.ref }.map { endpoint in
        Finding(
          code: "MD2501", severity: .warning, object: endpoint.workload, pointer: "/status",
          message: "\(endpoint.address) of this database takes no queries, as its provider says",
          remedy: "Look at the database where it runs")
      }
  }

  /// Its nodes say of their own listener alone whether it has TLS.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    NoMTLS(reason: "ShardingSphere says nothing of TLS between workloads")
  }

  /// The entities one of its objects stands for.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    try entities(fromNative: object, plane: plane)
  }
}
