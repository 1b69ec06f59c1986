import MeshModel
import MeshPlanes
import MeshTelemetry

@testable import MeshOperations

/// A small mesh put together by hand: namespace `shop` with `web` that calls `reviews` in versions v1 and v2.
struct SmallWorld {
  var view = MeshView(at: Instant(seconds: 1000))
  var edges: [Edge] = []

  init(weights: (Int, Int) = (80, 20), programmed: [ProgrammedWeight]? = nil) throws {
    view.rules["lab"] = [.istio: ScriptedRules(weights: programmed)]
    view.planes = [PlaneStatus(plane: Plane(name: "lab", kind: .kubernetes, address: ""), state: .live)]
    view.snapshot.meshes["lab"] = MeshSettings()
    add("web", versions: ["v1"])
    add("reviews", versions: ["v1", "v2"])
    try add(
      object: """
        {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"reviews","namespace":"shop"},
         "spec":{"host":"reviews","subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}}]}}
        """)
    try add(object: Self.reviews(weights))
    view.programmed["lab"] =
      programmed == nil ? nil : .known(ProgrammedReport(at: view.at), source: "test", at: view.at)
  }

  static func reviews(_ weights: (Int, Int)) -> String {
    """
    {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"reviews","namespace":"shop"},
     "spec":{"hosts":["reviews"],"http":[{"name":"primary","route":[
       {"destination":{"host":"reviews","subset":"v1"},"weight":\(weights.0)},
       {"destination":{"host":"reviews","subset":"v2"},"weight":\(weights.1)}]}]}}
    """
  }

  static func ref(_ kind: String, _ name: String, in namespace: String = "shop") -> ObjectRef {
    ObjectRef(plane: "lab", namespace: namespace, kind: kind, name: name)
  }

  mutating func add(object text: String) throws {
    for entity in try IstioDialect().entities(from: JSONValue(parsing: text), plane: "lab") {
      view.snapshot.apply(.upsert(entity))
    }
  }

  mutating func add(
    _ name: String, in namespace: String = "shop", versions: [String], ready: Int = 2, proxy: ProxyMode = .sidecar,
    role: Role = .http
  ) {
    view.snapshot.apply(
      .upsert(
        .service(
          Service(
            ref: Self.ref("service", name, in: namespace), hosts: ["\(name).\(namespace).svc.cluster.local"],
            ports: [ServicePort(name: "http", port: 8080, targetPort: 8080, appProtocol: "http")],
            selector: ["app": name], role: role))))
    for version in versions {
      let workload = Self.ref("workload", "\(name)-\(version)", in: namespace)
      let labels = ["app": name, "version": version]
      view.snapshot.apply(
        .upsert(
          .workload(Workload(ref: workload, labels: labels, serviceAccount: name, desired: 2, nativeKind: "deployment"))
        ))
      for index in 0..<2 {
        view.snapshot.apply(
          .upsert(
            .endpoint(
              Endpoint(
                ref: Self.ref("pod", "\(name)-\(version)-\(index)", in: namespace), workload: workload, labels: labels,
                ports: [8080],
                isReady: index < ready, proxy: proxy, acceptsMeshTLS: proxy != .none, serviceAccount: name))))
      }
    }
  }

  /// Traffic to a version of a service as its destination reports it.
  mutating func call(
    by source: String = "web-v1", from namespace: String = "shop", _ service: String, _ version: String,
    in place: String = "shop", ok: Double, failed: Double = 0, p99: Double? = nil, mtls: Double? = 1,
    transport: String = "http", bytes: Double? = nil, reporter: Edge.Reporter = .destination
  ) {
    let window = 60.0
    edges.append(
      Edge(
        plane: "lab", source: EdgeEnd(namespace: namespace, workload: source),
        destination: EdgeEnd(
          namespace: place, workload: "\(service)-\(version)", service: "\(service).\(place).svc.cluster.local",
          version: version),
        transport: transport, reporter: reporter,
        traffic: Traffic(
          rates: [.success: ok, .serverError: failed].filter { $0.value > 0 }, p99ms: p99, bytesInPerSecond: bytes,
          mtlsShare: mtls,
          n: (ok + failed) * window, window: window, at: view.at, query: "q")))
    view.traffic["lab"] = .known(
      TrafficReport(edges: edges, queries: [], window: window, at: view.at), source: "test", at: view.at)
  }

  /// Calls of a service that reached no workload, as the caller's proxy reports them.
  mutating func lose(_ service: String, failed: Double) {
    call(service, "", ok: 0, failed: failed, mtls: nil, reporter: .source)
    edges[edges.count - 1].destination.workload = ""
    view.traffic["lab"] = .known(
      TrafficReport(edges: edges, queries: [], window: 60, at: view.at), source: "test", at: view.at)
  }

  /// What is measured is that nothing was called.
  mutating func callNothing() {
    view.traffic["lab"] = .known(
      TrafficReport(edges: [], queries: [], window: 60, at: view.at), source: "test", at: view.at)
  }
}

/// Istio's rules, but for what proxies run, which the test says.
struct ScriptedRules: DialectRules {
  var weights: [ProgrammedWeight]?
  private let istio = IstioDialect()

  init(weights: [ProgrammedWeight]?) { self.weights = weights }

  var dialect: Dialect { .istio }
  func shares(of rule: Rule) -> [Double] { istio.shares(of: rule) }
  func unreachableRules(of route: Route) -> [Int: String] { istio.unreachableRules(of: route) }
  func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] { istio.findings(in: snapshot, plane: plane) }
  func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules { istio.mtls(in: snapshot, plane: plane) }
  func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    try istio.entities(from: object, plane: plane)
  }
  func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    Routing(istio: istio.routing(in: snapshot, plane: plane), weights: weights)
  }

  struct Routing: RoutingRules {
    let istio: any RoutingRules
    let weights: [ProgrammedWeight]?
    func target(of backend: Backend, in route: Route) -> BackendTarget { istio.target(of: backend, in: route) }
    func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
      if let gap = report.gaps.first { return rule.backends.map { _ in .unknown(gap) } }
      return (weights ?? []).map { .known($0, source: "test", at: Instant(seconds: 0)) }
    }
  }
}
