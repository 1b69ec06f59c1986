import MeshKit

/// A small mesh written down: one canary that is fine, one that is not, plaintext callers, a rejected proxy.
enum ShopMesh {
  /// A moment that no clock of a machine has come to, since the views of a deck bear the true time and none is to be later.
  static let now = Instant(seconds: 4_000_000_000)
  static let plane = "prod"

  static func ref(_ namespace: String, _ kind: String, _ name: String) -> ObjectRef {
    ObjectRef(plane: plane, namespace: namespace, kind: kind, name: name)
  }

  /// The view of the mesh.
  static func view(reviews: [(String, Int)] = [("v1", 80), ("v2", 20)]) -> MeshView {
    var view = MeshView(at: now)
    view.rules = [plane: [.istio: IstioDialect()]]
    view.planes = [
      PlaneStatus(
        plane: Plane(
          name: plane, kind: .kubernetes,
          capabilities: Capabilities(
            answers: [.desired: .yes, .observed: .yes, .editWeights: .yes, .dryRun: .no("the server does not say")],
            dialects: [.istio]), address: "https://api.prod.example:6443"), state: .live),
      PlaneStatus(
        plane: Plane(name: "edge", kind: .consul, address: "https://consul.edge.example"), state: .down,
        error: "token expired 4m ago"),
    ]
    for name in ["shop", "payments", "legacy"] {
      view.snapshot.apply(.upsert(.namespace(Namespace(ref: ref("", "namespace", name), labels: [:]))))
    }
    for part in parts { add(part, to: &view) }
    for object in natives(reviews: reviews) {
      for entity in (try? IstioDialect().entities(from: object, plane: plane)) ?? [] {
        view.snapshot.apply(.upsert(entity))
      }
    }
    for kind in ["service", "workload", "virtualservice", "destinationrule"] {
      view.snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: kind)] = .live(now)
    }
    view.snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: "peerauthentication")] = .stale(
      "watch ended", Instant(seconds: now.seconds - 61))
    let at = Instant(seconds: now.seconds - 2)
    view.traffic[plane] = .known(
      TrafficReport(
        edges: edges(at: at),
        queries: [
          QueryRecord(
            id: "requests", text: "sum by (source_workload, destination_workload) (rate(istio_requests_total[1m]))",
            purpose: "requests a second by response class", seconds: 0.04, series: 42),
          QueryRecord(
            id: "latency",
            text: "histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket[1m])))",
            purpose: "latency", seconds: 0.1, series: 12),
        ], window: 60, at: at, reporting: [EdgeEnd(namespace: "shop", workload: "storefront-v1")]),
      source: "Prometheus at http://prometheus.example", at: at)
    view.traffic["edge"] = .unknown("no telemetry source")
    view.programmed[plane] = .known(programmed(reviews, at: at), source: "istiod and proxies", at: at)
    view.programmed["edge"] = .unknown("no proxy access")
    return view
  }

  private struct Part {
    var namespace, name, version: String
    var ready, total: Int
    var proxy: ProxyMode = .sidecar
    var role: MeshModel.Role = .http
    var port = 8080
    var runtime: Runtime = .container
  }

  private static let parts: [Part] = [
    Part(namespace: "shop", name: "storefront", version: "v1", ready: 3, total: 3),
    Part(namespace: "shop", name: "reviews", version: "v1", ready: 2, total: 2),
    Part(namespace: "shop", name: "reviews", version: "v2", ready: 2, total: 2),
    Part(namespace: "shop", name: "ratings", version: "v1", ready: 1, total: 1),
    Part(namespace: "shop", name: "cart", version: "v1", ready: 1, total: 2),
    Part(namespace: "shop", name: "redis", version: "v1", ready: 1, total: 1, role: .cache, port: 6379),
    Part(namespace: "payments", name: "ledger", version: "v1", ready: 2, total: 2),
    Part(namespace: "payments", name: "ledger", version: "v2", ready: 2, total: 2),
    Part(namespace: "legacy", name: "mainframe", version: "v1", ready: 2, total: 2, proxy: .none, runtime: .vm),
  ]

  private static func add(_ part: Part, to view: inout MeshView) {
    let labels = ["app": part.name, "version": part.version]
    let workload = ref(part.namespace, "workload", "\(part.name)-\(part.version)")
    view.snapshot.apply(
      .upsert(
        .service(
          Service(
            ref: ref(part.namespace, "service", part.name), hosts: ["\(part.name).\(part.namespace).svc.cluster.local"],
            ports: [
              ServicePort(
                name: "http", port: part.port, targetPort: part.port, appProtocol: part.role == .cache ? "tcp" : "http")
            ],
            selector: ["app": part.name], runtime: part.runtime, role: part.role))))
    view.snapshot.apply(
      .upsert(
        .workload(
          Workload(
            ref: workload, labels: labels, serviceAccount: part.name, runtime: part.runtime, desired: part.total,
            nativeKind: "deployment"))))
    for number in 0..<part.total {
      view.snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: ref(part.namespace, "pod", "\(part.name)-\(part.version)-\(number)"), workload: workload,
              labels: labels,
              address: "10.1.\(part.name.utf8.count).\(number + 1)", ports: [part.port], isReady: number < part.ready,
              proxy: part.proxy, acceptsMeshTLS: part.proxy == .sidecar, runtime: part.runtime))))
    }
  }

  private static func weighted(
    _ namespace: String, _ name: String, _ weights: [(String, Int)], testers: Bool = true
  ) -> JSONValue {
    let primary: JSONValue = [
      "name": "primary", "timeout": "2s", "retries": ["attempts": 2, "retryOn": "5xx"],
      "route": .array(
        weights.map { subset, weight in
          ["destination": ["host": .string(name), "subset": .string(subset)], "weight": .int(weight)]
        }),
    ]
    let first: JSONValue = [
      "name": "testers", "match": [["headers": ["x-tester": ["exact": "yes"]]]],
      "route": [["destination": ["host": .string(name), "subset": .string(weights.last?.0 ?? "v1")]]],
    ]
    return [
      "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
      "metadata": ["name": .string(name), "namespace": .string(namespace), "resourceVersion": "7", "uid": "u1"],
      "spec": [
        "hosts": [.string(name)],
        "http": .array(testers ? [first, primary] : [primary]),
      ],
    ]
  }

  static func reviewsObject(_ weights: [(String, Int)]) -> JSONValue {
    weighted("shop", "reviews", weights, testers: false)
  }

  private static func natives(reviews: [(String, Int)]) -> [JSONValue] {
    func subsets(_ namespace: String, _ name: String) -> JSONValue {
      [
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": ["name": .string(name), "namespace": .string(namespace)],
        "spec": [
          "host": .string(name),
          "subsets": [
            ["name": "v1", "labels": ["version": "v1"]], ["name": "v2", "labels": ["version": "v2"]],
          ],
        ],
      ]
    }
    return [
      reviewsObject(reviews), weighted("payments", "ledger", [("v1", 95), ("v2", 5)]), subsets("shop", "reviews"),
      subsets("payments", "ledger"),
      [
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": ["name": "cart", "namespace": "shop"],
        "spec": [
          "hosts": ["cart"],
          "http": [
            ["route": [["destination": ["host": "cart"]]]],
            ["name": "late", "match": [["uri": ["prefix": "/v2"]]], "route": [["destination": ["host": "basket"]]]],
          ],
        ],
      ],
      [
        "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": ["name": "default", "namespace": "payments"], "spec": ["mtls": ["mode": "STRICT"]],
      ],
    ]
  }

  private static func edge(
    _ from: (String, String), _ to: (String, String, String), _ rps: Double, errors: Double = 0, p99: Double,
    mtls: Double? = 1, tcp: Bool = false, at: Instant
  ) -> Edge {
    var traffic = Traffic(
      rates: tcp ? [:] : [.success: rps * (1 - errors), .serverError: rps * errors], p50ms: tcp ? nil : p99 / 6,
      p95ms: tcp ? nil : p99 / 2,
      p99ms: tcp ? nil : p99, mtlsShare: mtls, n: rps * 60, window: 60, at: at, query: "requests")
    if tcp { (traffic.bytesInPerSecond, traffic.bytesOutPerSecond) = (rps * 1000, rps * 200) }
    return Edge(
      plane: plane, source: EdgeEnd(namespace: from.0, workload: from.1),
      destination: EdgeEnd(namespace: to.0, workload: to.2, service: "\(to.1).\(to.0).svc.cluster.local"),
      transport: tcp ? "tcp" : "http", reporter: .destination, traffic: traffic)
  }

  private static func edges(at: Instant) -> [Edge] {
    [
      edge(("shop", "storefront-v1"), ("shop", "reviews", "reviews-v1"), 212, errors: 0.001, p99: 84, at: at),
      edge(("shop", "storefront-v1"), ("shop", "reviews", "reviews-v2"), 54, errors: 0.002, p99: 88, at: at),
      edge(("shop", "storefront-v1"), ("shop", "cart", "cart-v1"), 340, p99: 22, at: at),
      edge(("shop", "reviews-v1"), ("shop", "ratings", "ratings-v1"), 212, p99: 16, at: at),
      edge(("shop", "reviews-v2"), ("shop", "ratings", "ratings-v1"), 54, p99: 16, at: at),
      edge(("shop", "cart-v1"), ("shop", "redis", "redis-v1"), 1200, p99: 0, tcp: true, at: at),
      edge(("shop", "cart-v1"), ("payments", "ledger", "ledger-v1"), 112, errors: 0.002, p99: 120, at: at),
      edge(("shop", "cart-v1"), ("payments", "ledger", "ledger-v2"), 5.9, errors: 0.041, p99: 910, at: at),
      edge(("legacy", "mainframe-v1"), ("payments", "ledger", "ledger-v1"), 9, p99: 51, mtls: 0, at: at),
    ]
  }

  private static func programmed(_ reviews: [(String, Int)], at: Instant) -> ProgrammedReport {
    var proxies: [ProxyState] = []
    var routes: [ProgrammedRoute] = []
    for part in parts where part.proxy == .sidecar {
      for number in 0..<part.total {
        let pod = ref(part.namespace, "pod", "\(part.name)-\(part.version)-\(number)")
        var state = ProxyState(
          ref: pod, workload: ref(part.namespace, "workload", "\(part.name)-\(part.version)"), version: "1.29.0",
          sync: [.cds: .synced, .lds: .synced, .eds: .synced, .rds: .synced], certificateDaysLeft: 1)
        if part.name == "cart", number == 1 { state.sync[.rds] = .stale }
        if part.name == "storefront", number == 2 {
          state.sync[.rds] = .rejected("invalid regex")
          state.rejection = "RDS: invalid regex"
        }
        proxies.append(state)
      }
    }
    for proxy in proxies {
      for (namespace, name, weights) in [
        ("shop", "reviews", reviews), ("payments", "ledger", [("v1", 95), ("v2", 5)]),
      ] {
        let host = "\(name).\(namespace).svc.cluster.local"
        routes.append(
          ProgrammedRoute(
            proxy: proxy.ref, domains: [host], name: "primary",
            origin: "/apis/networking.istio.io/v1/namespaces/\(namespace)/virtual-service/\(name)",
            clusters: weights.map { ProgrammedRoute.Cluster(host: host, subset: $0.0, port: 8080, weight: $0.1) },
            port: 8080))
      }
    }
    return ProgrammedReport(proxies: proxies, routes: routes, asked: proxies.map(\.ref), at: at)
  }

  /// What the proxies answer of their certificates: most have most of a day left, one is late, one does not answer.
  static var certificates: [ObjectRef: Known<ProxyCertificates>] {
    let proxies = programmed([], at: now).proxies
    var result: [ObjectRef: Known<ProxyCertificates>] = [:]
    for (number, proxy) in proxies.enumerated() {
      let left = number == 4 ? 7_200.0 : 70_000
      let account = proxy.workload?.name.split(separator: "-").first.map(String.init) ?? ""
      let own = ProxyCertificate(
        serial: "0\(number)", names: ["spiffe://cluster.local/ns/\(proxy.ref.namespace)/sa/\(account)"],
        begins: Instant(seconds: now.seconds + left - 86_400), expires: Instant(seconds: now.seconds + left))
      let root = ProxyCertificate(serial: "aa", expires: Instant(seconds: now.seconds + 3e8))
      result[proxy.ref] =
        number == 6
        ? .unknown("connection refused") : .known(ProxyCertificates(own: [own], roots: [root]), source: "test", at: now)
    }
    return result
  }
}
