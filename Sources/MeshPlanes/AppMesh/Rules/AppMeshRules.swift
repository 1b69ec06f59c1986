public import MeshModel

/// How App Mesh's routes, weights and TLS settings work out over a snapshot.
public struct AppMeshRules: DialectRules {
  /// App Mesh.
  public var dialect: Dialect { .appMesh }

  /// The rules.
  public init() {}

  /// The routing rules over a snapshot, indexed once.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    AppMeshRouting(snapshot, plane: plane)
  }

  /// The share of each target by App Mesh's weights; a gateway route's one service gets everything.
  public func shares(of rule: Rule) -> [Double] {
    if rule.backends.count == 1, rule.backends[0].weight == nil { return [1] }
    return AppMeshWeights.shares(rule.backends.map { $0.weight ?? 0 })
  }

  /// None: a route has one rule here, and which route is tried first depends on the others of its router.
  public func unreachableRules(of route: Route) -> [Int: String] { [:] }

  /// The problems of a plane's configuration.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    AppMeshAnalysis(snapshot, plane: plane).findings()
  }

  /// App Mesh's TLS over a snapshot.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    AppMeshMTLS(snapshot, plane: plane)
  }

  /// The things a resource of App Mesh stands for, told by its members; none for an object of another API.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    AppMeshReader.entities(object, plane: plane)
  }
}

/// App Mesh's routing over one snapshot: targets are nodes by name, gateway routes' targets services by name.
struct AppMeshRouting: RoutingRules {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    self.plane = plane
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    func ref(_ kind: ObjectKind) -> ObjectRef {
      ObjectRef(plane: plane, namespace: route.ref.namespace, kind: kind, name: ObjectRef.escaped(backend.host))
    }
    if route.ref.kind == AppMeshKind.gatewayRoute.rawValue {
      guard let service = snapshot.services[ref("service")] else {
        return BackendTarget(host: backend.host, service: nil, workloads: [])
      }
      let workloads = snapshot.workloads.values.filter { workload in
        workload.ref.plane == plane && workload.ref.namespace == route.ref.namespace && !service.selector.isEmpty
          && service.selector.allSatisfy { workload.labels[$0.key] == $0.value }
      }
      return BackendTarget(host: backend.host, service: service.ref, workloads: workloads.map(\.ref).sorted())
    }
    let node = ref("workload")
    return BackendTarget(
      host: backend.host, service: nil, workloads: snapshot.workloads[node] == nil ? [] : [node])
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    rule.backends.map { _ in .unknown(report.gaps.first ?? "App Mesh does not tell what its proxies run") }
  }
}
