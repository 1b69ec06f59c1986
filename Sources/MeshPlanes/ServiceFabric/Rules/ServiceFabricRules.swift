public import MeshModel

/// How Service Fabric's gateways work out over a snapshot: each rule leads to one endpoint of one service.
public struct ServiceFabricRules: DialectRules {
  /// Service Fabric's mesh model.
  public var dialect: Dialect { .serviceFabric }

  /// The rules.
  public init() {}

  /// The routing rules over a snapshot.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    ServiceFabricRouting(snapshot: snapshot, plane: plane)
  }

  /// Everything to the one destination a rule has.
  public func shares(of rule: Rule) -> [Double] { rule.backends.map { _ in 1 } }

  /// None: in which order a gateway tries its routes is not documented.
  public func unreachableRules(of route: Route) -> [Int: String] { [:] }

  /// Destinations that are not there, and gateways that Service Fabric reports as failed.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    let routes = snapshot.routes.values.filter { $0.ref.plane == plane && $0.dialect == .serviceFabric }
    let servicesKnown = snapshot.services.keys.contains { $0.plane == plane }
    return routes.flatMap { route -> [Finding] in
      var found = route.status.compactMap { $0["Ready"] }.filter { $0.holds == false }.map { condition in
        Finding(
          code: "MD4402", severity: .error, object: route.ref, pointer: "/properties/status",
          message: "Service Fabric reports \(condition.reason)"
            + (condition.message.isEmpty ? "" : ": \(condition.message)"),
          remedy: "look at what the gateway's network and destinations report")
      }
      guard servicesKnown else { return found }
      for backend in route.rules.flatMap(\.backends) {
        guard let fault = ServiceFabricRouting.fault(of: backend, plane: plane, in: snapshot) else { continue }
        found.append(
          Finding(
            code: "MD4401", severity: .error, object: route.ref, pointer: backend.pointer, message: fault,
            remedy: "correct the destination, or deploy what it names"))
      }
      return found
    }
  }

  /// What a mesh without TLS comes to.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules { ServiceFabricMTLS() }

  /// The things a resource stands for, told by its members; none for an object of another API.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    guard let name = ServiceFabricName(of: object) else { return [] }
    return ServiceFabricReader.entities(object, name, plane: plane)
  }
}

/// The routing of Service Fabric's gateways over one snapshot.
struct ServiceFabricRouting: RoutingRules {
  let snapshot: MeshSnapshot
  let plane: PlaneName

  private static func ref(_ backend: Backend, plane: PlaneName, _ kind: ObjectKind) -> ObjectRef {
    // The host is the service's and the application's name; neither's own dots are told apart otherwise.
    let application = backend.host.dropFirst(backend.name.count + 1)
    return ServiceFabricName(.service, backend.name, application: String(application)).ref(plane: plane, as: kind)
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    let (service, workload) = (
      Self.ref(backend, plane: plane, "service"), Self.ref(backend, plane: plane, "workload")
    )
    return BackendTarget(
      host: backend.host, service: snapshot.services[service] == nil ? nil : service,
      workloads: snapshot.workloads[workload] == nil ? [] : [workload])
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    rule.backends.map { _ in .unknown(report.gaps.first ?? ServiceFabricPlane.unprogrammed) }
  }

  /// What is wrong with a destination, by the services that are there; `nil` where it leads somewhere.
  static func fault(of backend: Backend, plane: PlaneName, in snapshot: MeshSnapshot) -> String? {
    let ref = ref(backend, plane: plane, "service")
    guard let service = snapshot.services[ref] else {
      return "there is no service \(ref.name) in application \(ref.namespace)"
    }
    let endpoint = backend.subset ?? ""
    if service.ports.contains(where: { $0.name == endpoint }) { return nil }
    let known = service.ports.map(\.name).filter { !$0.isEmpty }.joined(separator: ", ")
    return "service \(ref.shortName) has no endpoint \(endpoint); it has \(known.isEmpty ? "none" : known)"
  }
}

/// No TLS at all: the mesh model has no field for it.
struct ServiceFabricMTLS: MTLSRules {
  static let reason = "Service Fabric's mesh model has no TLS: no resource has a field for it"

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    (.disable, [Reason(Self.reason)])
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    MTLSVerdict(server: .disable, client: "plaintext", outcome: .plaintext, reasons: [Reason(Self.reason)])
  }
}
