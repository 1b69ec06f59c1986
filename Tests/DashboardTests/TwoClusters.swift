import MeshKit

/// Two clusters of one mesh: `web` in the east calls `reviews`, which runs in both, and the ledger of the west.
enum TwoClusters {
  private static let at = Instant(seconds: ShopMesh.now.seconds - 2)

  private struct Part {
    var plane, namespace, name, version: String
    var count = 2
    var ready = 2
  }

  private static let parts = [
    Part(plane: "east", namespace: "shop", name: "storefront", version: "v1", count: 3, ready: 3),
    Part(plane: "east", namespace: "shop", name: "reviews", version: "v1"),
    Part(plane: "east", namespace: "shop", name: "reviews", version: "v2", count: 2, ready: 1),
    Part(plane: "west", namespace: "shop", name: "reviews", version: "v1"),
    Part(plane: "west", namespace: "payments", name: "ledger", version: "v1"),
    Part(plane: "west", namespace: "payments", name: "ledger", version: "v2", count: 1, ready: 1),
  ]

  /// The view of the mesh.
  ///
  /// - Parameter lost: The seconds since the west was last heard of; `nil` where it is there.
  static func view(lost: Double? = nil) -> MeshView {
    var view = MeshView(at: ShopMesh.now)
    for plane in ["east", "west"] {
      view.rules[plane] = [.istio: IstioDialect()]
      let since = plane == "west" ? lost.map { Instant(seconds: ShopMesh.now.seconds - $0) } : nil
      let reason = "connection refused by https://\(plane).example:6443"
      view.planes.append(
        PlaneStatus(
          plane: Plane(
            name: plane, kind: .kubernetes,
            capabilities: Capabilities(answers: [.desired: .yes, .observed: .yes], dialects: [.istio]),
            address: "https://\(plane).example:6443"), state: since == nil ? .live : .down,
          error: since == nil ? nil : reason, staleSince: since))
      var settings = MeshSettings(trustDomain: "shop.example")
      settings.cluster = plane
      settings.meshID = "shop-mesh"
      view.snapshot.apply(.mesh(plane, settings))
      for kind in ["service", "workload", "pod", "virtualservice"] {
        let key = MeshSnapshot.FeedKey(plane: plane, kind: kind)
        view.snapshot.apply(.feed(key, .live(ShopMesh.now)))
        if let since { view.snapshot.apply(.feed(key, .stale(reason, since))) }
      }
      let edges = edges.filter { $0.plane == plane }
      view.traffic[plane] =
        since == nil
        ? .known(TrafficReport(edges: edges, queries: [], window: 60, at: at), source: "Prometheus", at: at)
        : .unknown(reason)
      view.programmed[plane] = .unknown(since == nil ? "no proxy access" : reason)
    }
    for part in parts { add(part, to: &view) }
    return view
  }

  private static func add(_ part: Part, to view: inout MeshView) {
    func ref(_ kind: String, _ name: String) -> ObjectRef {
      ObjectRef(plane: part.plane, namespace: part.namespace, kind: kind, name: name)
    }
    let labels = ["app": part.name, "version": part.version]
    let workload = ref("workload", "\(part.name)-\(part.version)")
    view.snapshot.apply(
      .upsert(
        .service(
          Service(
            ref: ref("service", part.name), hosts: ["\(part.name).\(part.namespace).svc.cluster.local"],
            ports: [ServicePort(name: "http", port: 8080, targetPort: 8080, appProtocol: "http")],
            selector: ["app": part.name]))))
    view.snapshot.apply(
      .upsert(.workload(Workload(ref: workload, labels: labels, desired: part.count, nativeKind: "deployment"))))
    for number in 0..<part.count {
      view.snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: ref("pod", "\(part.name)-\(part.version)-\(number)"), workload: workload, labels: labels,
              isReady: number < part.ready, proxy: .sidecar, acceptsMeshTLS: true))))
    }
  }

  private static func edge(
    on plane: PlaneName, to cluster: String, _ namespace: String, _ service: String, _ version: String, _ rps: Double,
    by reporter: Edge.Reporter = .destination
  ) -> Edge {
    Edge(
      plane: plane, source: EdgeEnd(namespace: "shop", workload: "storefront-v1", cluster: "east"),
      destination: EdgeEnd(
        namespace: namespace, workload: "\(service)-\(version)", service: "\(service).\(namespace).svc.cluster.local",
        cluster: cluster), transport: "http", reporter: reporter,
      traffic: Traffic(
        rates: [.success: rps], p50ms: 12, p95ms: 40, p99ms: 90, mtlsShare: reporter == .source ? nil : 1, n: rps * 60,
        window: 60, at: at, query: "requests"))
  }

  private static let edges = [
    edge(on: "east", to: "east", "shop", "reviews", "v1", 64),
    edge(on: "east", to: "east", "shop", "reviews", "v2", 16),
    edge(on: "east", to: "west", "shop", "reviews", "v1", 20, by: .source),
    edge(on: "west", to: "west", "shop", "reviews", "v1", 20),
    edge(on: "east", to: "west", "payments", "ledger", "v1", 43, by: .source),
    edge(on: "east", to: "west", "payments", "ledger", "v2", 5, by: .source),
    edge(on: "west", to: "west", "payments", "ledger", "v1", 43),
    edge(on: "west", to: "west", "payments", "ledger", "v2", 5),
  ]
}
