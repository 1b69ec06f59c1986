public import MeshModel

/// How Traffic Director's routes, weights and TLS policies work out over a snapshot.
public struct TrafficDirectorRules: DialectRules {
  private let project: String

  /// Traffic Director.
  public var dialect: Dialect { .trafficDirector }

  /// The rules; `project` tells a project's own backend services from others', empty where it is not known.
  public init(project: String = "") { self.project = project }

  /// The routing rules over a snapshot, indexed once.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    TrafficDirectorRouting(snapshot, plane: plane)
  }

  /// The share of each destination by Traffic Director's weights.
  public func shares(of rule: Rule) -> [Double] { TrafficDirectorWeights.shares(rule.backends.map(\.weight)) }

  /// The rules behind one without a condition: rules are tried in order, and the first that matches is taken.
  public func unreachableRules(of route: Route) -> [Int: String] {
    guard let all = route.rules.firstIndex(where: { $0.matches.isEmpty || $0.matches.contains(where: \.isEmpty) })
    else {
      return [:]
    }
    return Dictionary(
      (all + 1..<max(all + 1, route.rules.count)).map { ($0, "rule \(all) before it takes every request") }
    ) { $1 }
  }

  /// The problems of a plane's configuration.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    TrafficDirectorAnalysis(snapshot, plane: plane, rules: self).findings()
  }

  /// Traffic Director's TLS over a snapshot.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    TrafficDirectorMTLS(snapshot, plane: plane)
  }

  /// The things a resource stands for, told by its name; none for an object of another API.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    TrafficDirectorReader.entities(object, plane: plane, project: project)
  }
}

/// Traffic Director's routing over one snapshot: destinations are backend services by name.
struct TrafficDirectorRouting: RoutingRules {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName
  /// The workloads by the label of the backend service that sends to them.
  private let members: [String: [ObjectRef]]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    self.plane = plane
    var members: [String: [ObjectRef]] = [:]
    for workload in snapshot.workloads.values where workload.ref.plane == plane {
      for label in workload.labels.keys { members[label, default: []].append(workload.ref) }
    }
    self.members = members
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    let ref = ObjectRef(
      plane: plane, namespace: route.ref.namespace, kind: "service", name: TrafficDirectorName.escaped(backend.host))
    let workloads = members[TrafficDirectorBackendReader.label(backend.host)] ?? []
    return BackendTarget(
      host: backend.host, service: snapshot.services[ref] == nil ? nil : ref, workloads: workloads.sorted())
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    rule.backends.map { _ in .unknown(report.gaps.first ?? TrafficDirectorPlane.programmedGap) }
  }
}
