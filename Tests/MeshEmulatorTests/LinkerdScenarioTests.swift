import MeshModel
import Testing

@testable import MeshEmulator

/// Linkerd's proxies in the embedded mesh: what they route by, whom they let in, and what they count.
@Suite struct LinkerdScenarioTests {
  static func mesh() throws -> SimulatedMesh {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    return mesh
  }

  static func backend(_ mesh: SimulatedMesh, _ name: String, _ status: String) -> Double {
    mesh.rate("route_kind=", "backend_name=\"\(name)\"", status)
  }

  @Test(
    arguments: [
      ("books-v1", "books-v2", "http_status=\"200\"", "httproutes", "policy.linkerd.io", "books-split", 0.9),
      ("quotes-v1", "quotes-v2", "grpc_status=\"OK\"", "grpcroutes", "gateway.networking.k8s.io", "quotes-split", 0.75),
    ])
  func routesDivideTrafficAndAnEditHoldsAtOnce(
    first: String, second: String, status: String, plural: String, group: String, name: String, share: Double
  ) throws {
    let mesh = try Self.mesh()
    let (one, other) = (Self.backend(mesh, first, status), Self.backend(mesh, second, status))
    #expect(one + other > 5)
    #expect(abs(one / (one + other) - share) < 0.01)
    try mesh.edit(plural, group, "l5d-shop", name) { object in
      object["spec"]?["rules"] = [
        ["backendRefs": [["kind": "Service", "name": .string(second), "port": 8080, "weight": 1]]]
      ]
    }
    #expect(Self.backend(mesh, first, status) == 0)
    #expect(Self.backend(mesh, second, status) > 5)
  }

  @Test func aProfileGoesBeforeTheRoutesOfItsService() throws {
    let mesh = try Self.mesh()
    func profile(_ namespace: String, _ spec: JSONValue) throws {
      try mesh.put([
        "apiVersion": "linkerd.io/v1alpha2", "kind": "ServiceProfile",
        "metadata": ["name": "books.l5d-shop.svc.cluster.local", "namespace": .string(namespace)], "spec": spec,
      ])
    }
    let routes: JSONValue = ["routes": [["name": "all", "condition": ["pathRegex": "/.*"]]]]
    try profile("l5d-shop", ["opaquePorts": ["9000"]])
    try profile("smi-shop", routes)
    #expect(Self.backend(mesh, "books-v2", "http_status=") > 2, "neither an empty one nor another caller's counts")
    try profile("l5d-shop", routes)
    #expect(Self.backend(mesh, "books-v2", "http_status=") == 0)
    // Of three instances behind the Service one is v2.
    let v2 = mesh.rate("deployment=\"web-v1\"", "dst_deployment=\"books-v2\"", "classification=")
    #expect(abs(v2 - 25.0 / 3) < 0.2)
  }

  @Test func meshedConnectionsProveIdentitiesAndOthersSayWhyNot() throws {
    let mesh = try Self.mesh()
    let web = "deployment=\"web-v1\",direction=\"outbound\""
    let server = "server_id=\"books.l5d-shop.serviceaccount.identity.linkerd.cluster.local\""
    #expect(mesh.rate(web, "tls=\"true\"", server, "dst_deployment=\"books-v1\"", "status_code=\"200\"") > 15)
    #expect(
      mesh.rate(
        web, "no_tls_reason=\"not_provided_by_service_discovery\"", "dst_deployment=\"printer\"", "status_code=\"200\"")
        > 1)
    let inbound = "deployment=\"authors-v1\",direction=\"inbound\""
    #expect(mesh.rate(inbound, "no_tls_reason=\"no_tls_from_remote\"", "status_code=\"200\"") > 2)
    #expect(mesh.rate(inbound, "client_id=\"web.l5d-shop.serviceaccount", "status_code=\"200\"") > 10)
    #expect(mesh.rate("reporter=", "workload=\"web-v1\"", "namespace=\"l5d-shop\"") == 0, "they are no Envoys")
  }

  @Test func onlyWhoAPolicyNamesIsLetIn() throws {
    let mesh = try Self.mesh()
    let denied = "status_code=\"403\""
    let books = "authority=\"books.l5d-shop.svc.cluster.local:8080\""
    #expect(mesh.rate(books, denied) == 0)
    try mesh.edit("meshtlsauthentications", "policy.linkerd.io", "l5d-shop", "shop-accounts") {
      $0["spec"]?["identityRefs"] = [["kind": "ServiceAccount", "name": "authors"]]
    }
    #expect(mesh.rate(books, "direction=\"outbound\"", denied) > 20)
    #expect(mesh.rate(books, "direction=\"inbound\"", "classification=") == 0, "what is refused is no response")
    try mesh.edit("servers", "policy.linkerd.io", "l5d-shop", "books-http") {
      $0["spec"]?["accessPolicy"] = "all-authenticated"
    }
    #expect(mesh.rate(books, denied) == 0)
  }

  @Test func aServerAuthorizationLetsInWhomItNames() throws {
    let mesh = try Self.mesh()
    let database = "authority=\"catalog-db.l5d-shop.svc.cluster.local:5432\""
    #expect(mesh.rate(database, "deployment=\"catalog-db\"", "direction=\"inbound\"", "tls=\"true\"") > 20)
    #expect(mesh.state.served["l5d-shop/catalog-db"] ?? 0 > 20)
    try mesh.edit("serverauthorizations", "policy.linkerd.io", "l5d-shop", "catalog-db-books") {
      $0["spec"]?["client"] = ["meshTLS": ["serviceAccounts": [["name": "web"]]]]
    }
    #expect(mesh.state.served["l5d-shop/catalog-db"] == nil, "a connection that is closed reaches nobody")
  }

  @Test func aNetworkAuthenticationLetsInWhoComesFromThere() throws {
    let mesh = try Self.mesh()
    let quotes = "authority=\"quotes.l5d-shop.svc.cluster.local:8080\""
    #expect(mesh.rate(quotes, "direction=\"outbound\"", "grpc_status=\"7\"") == 0)
    try mesh.edit("networkauthentications", "policy.linkerd.io", "l5d-shop", "pod-network") {
      $0["spec"]?["networks"] = [["cidr": "10.9.0.0/16"]]
    }
    #expect(mesh.rate(quotes, "direction=\"outbound\"", "grpc_status=\"7\"") > 5)
  }

  /// 25 requests a second come from web: 22.5 to the two proxies of v1, 2.5 to the one of v2.
  static let limits: [(spec: JSONValue, refused: Double)] = [
    (["total": ["requestsPerSecond": 9]], 4.5), (["identity": ["requestsPerSecond": 9]], 4.5),
    (
      [
        "identity": ["requestsPerSecond": 1],
        "overrides": [["requestsPerSecond": 9, "clientRefs": [["kind": "ServiceAccount", "name": "web"]]]],
      ], 4.5
    ),
    (["total": ["requestsPerSecond": 0]], 0),
  ]

  @Test(arguments: limits)
  func whatARateLimitDoesNotLetThroughIsAnswered429(_ spec: JSONValue, _ refused: Double) throws {
    let mesh = try Self.mesh()
    let books = "authority=\"books.l5d-shop.svc.cluster.local:8080\""
    let tooMany = "status_code=\"429\""
    #expect(mesh.rate(books, tooMany) == 0, "the scenario's own limit is far away")
    let before = mesh.state.served["l5d-shop/catalog-db"] ?? 0
    try mesh.edit("httplocalratelimitpolicies", "policy.linkerd.io", "l5d-shop", "books-limit") { object in
      let target = object["spec"]?["targetRef"]
      object["spec"] = spec
      object["spec"]?["targetRef"] = target
    }
    #expect(abs(mesh.rate(books, "direction=\"outbound\"", tooMany) - refused) < 0.1)
    #expect(mesh.rate(books, "direction=\"inbound\"", tooMany) == 0, "what is refused is no response")
    let after = mesh.state.served["l5d-shop/catalog-db"] ?? 0
    #expect(abs(before - after - refused) < 0.1, "books asks the database for what it takes alone")
  }

  @Test func whatLeavesTheClusterIsWhatARouteLetsOut() throws {
    let mesh = try Self.mesh()
    let rates = "authority=\"rates.example.net:80\""
    #expect(mesh.rate(rates, "status_code=\"200\"") > 3)
    try mesh.edit("httproutes", "gateway.networking.k8s.io", "l5d-shop", "rates-out") {
      $0["spec"]?["rules"] = [["matches": [["path": ["type": "PathPrefix", "value": "/v2"]]]]]
    }
    #expect(mesh.rate(rates, "status_code=\"200\"") == 0)
    #expect(mesh.rate(rates, "status_code=\"403\"") > 3)
    // Networks of the mesh count where the caller's namespace has none.
    try mesh.put([
      "apiVersion": "policy.linkerd.io/v1alpha1", "kind": "EgressNetwork",
      "metadata": ["name": "all", "namespace": "linkerd-egress"], "spec": ["trafficPolicy": "Allow"],
    ])
    #expect(mesh.rate(rates, "status_code=\"403\"") > 3)
    try mesh.store.delete(
      ResourceID("egressnetworks", group: "policy.linkerd.io"), namespace: "l5d-shop", name: "outside")
    mesh.run(1)
    #expect(mesh.rate(rates, "status_code=\"200\"") > 3)
  }

  @Test func machinesProveTheIdentityOfTheirExternalWorkload() throws {
    let mesh = try Self.mesh()
    let stock = "authority=\"stock.l5d-shop.svc.cluster.local:8080\""
    for name in ["stock-1", "stock-2"] {
      #expect(
        mesh.rate(
          stock, "dst_external_workload=\"\(name)\"", "status_code=\"200\"",
          "server_id=\"spiffe://root.linkerd.cluster.local/\(name)\"") > 2)
    }
    try mesh.edit("externalworkloads", "workload.linkerd.io", "l5d-shop", "stock-2") {
      $0["status"]?["conditions"] = [["type": "Ready", "status": "False"]]
    }
    #expect(mesh.rate(stock, "dst_external_workload=\"stock-2\"") == 0)
    try mesh.put([
      "apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server",
      "metadata": ["name": "stock", "namespace": "l5d-shop"],
      "spec": [
        "externalWorkloadSelector": ["matchLabels": ["app": "stock"]], "port": "http", "accessPolicy": "deny",
      ],
    ])
    #expect(mesh.rate(stock, "status_code=\"403\"") > 5)
  }

  @Test func aServerMayNameItsPort() throws {
    let mesh = try Self.mesh()
    try mesh.put([
      "apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server",
      "metadata": ["name": "authors", "namespace": "l5d-shop"],
      "spec": [
        "podSelector": ["matchLabels": ["app": "authors"]], "port": "http", "accessPolicy": "all-authenticated",
      ],
    ])
    let authors = "deployment=\"authors-v1\",direction=\"inbound\""
    #expect(mesh.rate(authors, "no_tls_reason=", "classification=") == 0)
    #expect(mesh.rate(authors, "tls=\"true\"", "classification=") > 10)
  }

  @Test func aDefaultHoldsForPodsMadeFromThenOn() throws {
    let mesh = try Self.mesh()
    var rollouts = Rollouts(store: mesh.store)
    let authors = "deployment=\"authors-v1\",direction=\"inbound\""
    let annotation = "config.linkerd.io/default-inbound-policy"
    try mesh.store.update(ResourceID("namespaces"), name: "l5d-shop") {
      $0["metadata"]?["annotations"] = [annotation: "all-authenticated"]
    }
    rollouts.reconcile()
    mesh.run(1)
    #expect(mesh.rate(authors, "no_tls_reason=", "classification=") > 2, "pods keep what they were made with")
    let before = try mesh.proxy("l5d-shop/authors-v1").name
    try mesh.store.update(ResourceID("deployments", group: "apps"), namespace: "l5d-shop", name: "authors-v1") {
      $0["spec"]?["template"]?["metadata"]?["annotations"] = ["kubectl.kubernetes.io/restartedAt": "now"]
    }
    rollouts.reconcile()
    mesh.run(1)
    #expect(try mesh.proxy("l5d-shop/authors-v1").name != before)
    #expect(mesh.rate(authors, "no_tls_reason=", "classification=") == 0)
    #expect(mesh.rate(authors, "tls=\"true\"", "classification=") > 10)
  }

  @Test func whatIsCountedHasLinkerdsNamesAndTypes() throws {
    let mesh = try Self.mesh()
    mesh.run(10)
    let text = Exposition(state: mesh.state, simulation: mesh.simulation).text()
    for line in [
      "# TYPE response_total counter", "# TYPE response_latency_ms histogram", "# TYPE tcp_open_connections gauge",
      "# TYPE outbound_http_route_backend_response_statuses_total counter",
      "# TYPE outbound_grpc_route_backend_response_duration_seconds histogram",
    ] {
      #expect(text.contains(line + "\n"), "\(line)")
    }
    #expect(text.contains(",le=\"0.025\"}"))
    #expect(text.contains("tcp_read_bytes_total{namespace=\"l5d-shop\",deployment=\"books-v1\",direction=\"outbound\""))
    var series: Set<Substring> = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let name = line.prefix(upTo: line.lastIndex(of: " ") ?? line.endIndex)
      #expect(series.insert(name).inserted, "twice: \(name)")
    }
    // A proxy's own text is without what the scrape configuration adds.
    let own = String(
      decoding: Exposition(state: mesh.state, simulation: mesh.simulation)
        .bytesOfLinkerd(try mesh.proxy("l5d-shop/web-v1")), as: UTF8.self)
    #expect(own.contains("response_total{direction=\"outbound\",authority=\"books.l5d-shop.svc.cluster.local:8080\""))
    #expect(!own.contains("deployment=\"web-v1\",dir"))
  }

  @Test func theTrafficMetricsAPITellsWhatFlows() throws {
    let mesh = try Self.mesh()
    let server = TrafficMetricsServer(state: mesh.state, store: mesh.store, time: mesh.now)
    let root = "/apis/metrics.smi-spec.io/v1alpha1/namespaces"
    func items(_ path: String) throws -> [JSONValue] {
      try JSONValue(parsing: try #require(server.answer(root + path)).body)["items"]?.array ?? []
    }
    #expect(try items("").contains { $0["resource"]?["name"] == "smi-shop" })
    let splits = try items("/smi-shop/trafficsplits")
    #expect(splits.compactMap { $0["backend"]?["name"]?.string } == ["site-v1", "site-v2"])
    let counts = splits.compactMap { item in
      item["metrics"]?.array?.first { $0["name"] == "success_count" }?["value"]?.string.flatMap(Double.init)
    }
    #expect(counts.count == 2)
    #expect(abs((counts.first ?? 0) / counts.reduce(0, +) - 0.75) < 0.01)
    let edges = try items("/smi-shop/deployments/site-v1/edges")
    #expect(edges.contains { $0["edge"]?["resource"]?["name"] == "edge-v1" && $0["edge"]?["side"] == "client" })
    #expect(server.answer("/healthz") == nil)
  }
}
