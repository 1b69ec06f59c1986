import Foundation
import MeshModel
import Testing

/// The commands against the embedded Traffic Director, its state seen through Google's own client.
@Suite("Traffic Director, embedded", .serialized)
struct TrafficDirectorCommandTests {
  /// Google's client for network services, over REST and without credentials, as it is meant for local servers.
  static let package = "google-cloud-network-services==0.10.4"
  static let client = """
    import sys
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import network_services_v1 as ns
    from google.cloud.network_services_v1.services.network_services.transports import NetworkServicesRestTransport
    transport = NetworkServicesRestTransport(host=sys.argv[1], credentials=AnonymousCredentials())
    client = ns.NetworkServicesClient(transport=transport)
    place = "projects/shop-prod/locations/global"
    name = place + "/httpRoutes/reviews"
    def weights(route):
      return [(d.service_name.split("/")[-1], d.weight) for d in route.rules[-1].action.destinations]

    """
  static let look = client + "print(weights(client.get_http_route(name=name)))\n"

  /// A home that knows the server's plane alone.
  static func deck() async throws -> (tool: Tool, endpoint: String) {
    let planes = try await DemoServer.hybrid.endpoints().planes
    let plane = try #require(planes.array?.first { $0["kind"]?.string == "traffic-director" })
    let tool = try Tool(kubeconfig: nil)
    _ = try tool.file("config/meshdeck/config.yaml", JSONWriter.text(["planes": [plane]]))
    return (tool, try #require(plane["endpoint"]?.string))
  }

  @Test("Everything is read: routes with their shares, services, groups, instances, gateways, what servers accept")
  func everythingIsRead() async throws {
    let (deck, _) = try await Self.deck()
    let splits = try await deck("get", "splits", "-A", "-o", "json")
    #expect(splits.code == 0, "\(splits.errors)")
    let reviews = try #require(try splits.json["items"]?.array?.first { $0["name"]?.string == "reviews" })
    #expect(reviews["backends"]?.array?.map { $0["name"]?.string } == ["reviews-v1", "reviews-v2"])
    #expect(reviews["backends"]?[0]?["desired"]?["share"]?.double == 0.9)
    #expect(reviews["dialect"]?.string == "traffic-director")
    // What the sidecars themselves counted of the backend services; two rules of one host lead to reviews-v2.
    #expect((reviews["backends"]?[0]?["observed"]?["n"]?.double ?? 0) > 10)
    let workloads = try await deck("get", "workloads", "-A", "-o", "json")
    let items = try workloads.json["items"]?.array ?? []
    #expect(items.contains { $0["name"]?.string == "reviews-v1" && $0["ready"]?.int == 2 })
    #expect(items.contains { $0["runtime"]?.string == "vm" })
    let routes = try await deck("get", "routes", "-A", "-o", "name")
    for name in ["httproute/reviews", "grpcroute/cart", "tcproute/ledger"] {
      #expect(routes.output.contains("traffic-director/global/\(name)"), "\(name): \(routes.output)")
    }
    let mtls = try await deck("mtls", "show", "-A", "-o", "json")
    #expect(mtls.code == 0, "\(mtls.errors)")
    #expect(try mtls.json["items"]?.array?.allSatisfy { $0["mode"]?.string == "PERMISSIVE" } == true)
    let check = try await deck("planes", "check")
    #expect(check.code == 0, "\(check.errors)")
    for words in ["nobody in particular", "httpRoutes", "may networkservices.httpRoutes.update", "are enabled"] {
      #expect(check.output.contains(words), "\(words): \(check.output)")
    }
    let analyze = try await deck("analyze", "-o", "json")
    #expect(analyze.code == 0, "\(analyze.output)")
  }

  @Test("Without a source of its own it is measured through Cloud Monitoring at its address", .timeLimit(.minutes(20)))
  func cloudMonitoring() async throws {
    let planes = try await DemoServer.hybrid.endpoints().planes
    var plane = try #require(planes.array?.first { $0["kind"]?.string == "traffic-director" })
    plane["telemetry"] = nil
    let deck = try Tool(kubeconfig: nil)
    _ = try deck.file("config/meshdeck/config.yaml", JSONWriter.text(["planes": [plane]]))
    var rates: [Double] = []
    // A rate takes two samples, five seconds apart.
    for _ in 0..<20 where rates.count < 2 {
      let splits = try await deck("get", "splits", "-A", "-o", "json")
      #expect(splits.code == 0, "\(splits.errors)")
      let reviews = try #require(try splits.json["items"]?.array?.first { $0["name"]?.string == "reviews" })
      rates = (reviews["backends"]?.array ?? []).compactMap { $0["observed"]?["rps"]?.double }.filter { $0 > 0 }
      if rates.count < 2 { try await Task.sleep(for: .seconds(1)) }
    }
    try #require(rates.count == 2)
    // What proxies counted for a backend does not tell by which rule of the route it came.
    #expect(rates[0] > 2 * rates[1], "\(rates)")
  }

  @Test("A route is shifted, refused what Google would not take, seen and changed by Google's client, and taken back")
  func aShiftAndItsUndo() async throws {
    let (deck, endpoint) = try await Self.deck()
    let commands = try await PythonLaboratory.commands(Self.package)
    func python(_ script: String) async throws -> String? {
      guard let commands else { return nil }
      let run = try await deck.run([commands + "/python", "-c", script, endpoint])
      try #require(run.code == 0, "\(run.errors)")
      return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let plan = try await deck("canary", "set", "reviews", "reviews-v1=70", "reviews-v2=30", "--dry-run", "server")
    #expect(plan.output.contains("the last writer wins"))
    if let seen = try await python(Self.look) { #expect(seen == "[('reviews-v1', 90), ('reviews-v2', 10)]") }

    let refused = try await deck("canary", "set", "reviews", "reviews-v1=0", "reviews-v2=0", "-y")
    #expect(refused.code == 3)
    #expect(refused.errors.contains("equal parts"))
    let absent = try await deck("canary", "set", "reviews", "reviews-v9=1", "-y")
    #expect(absent.code == 3, "\(absent.errors)")

    let set = try await deck("canary", "set", "reviews", "reviews-v1=7", "reviews-v2=3", "-y")
    #expect(set.code == 0, "\(set.errors)")
    if let seen = try await python(Self.look) { #expect(seen == "[('reviews-v1', 7), ('reviews-v2', 3)]") }
    let splits = try await deck("get", "splits", "-A", "-o", "json")
    let shares = try splits.json["items"]?.array?.first { $0["name"]?.string == "reviews" }?["backends"]?.array?
      .map { $0["desired"]?["share"]?.double }
    #expect(shares == [0.7, 0.3])
    let timeout = try await deck("route", "set", "reviews", "--rule", "1", "--request-timeout", "1.5s", "-y")
    #expect(timeout.code == 0, "\(timeout.errors)")

    let history = try await deck("history", "-o", "json")
    let id = try #require(
      try history.json["items"]?.array?.first { $0["intent"]?["set"]?.string == "weights" }?["id"]?.string)
    let undo = try await deck("undo", id, "-y")
    #expect(undo.code == 0, "\(undo.errors)")
    let route = try await deck("get", "objects", "httproute", "-A", "-o", "yaml")
    // What was set since stays: only the weights are taken back.
    #expect(route.output.contains("1.5s"))
    if let seen = try await python(Self.look) { #expect(seen == "[('reviews-v1', 90), ('reviews-v2', 10)]") }
    let back = try await deck("route", "set", "reviews", "--rule", "1", "--request-timeout", "none", "-y")
    #expect(back.code == 0, "\(back.errors)")
  }

  @Test("What Google's client writes is read, and a plan made before it is a conflict")
  func changedSinceRead() async throws {
    guard let commands = try await PythonLaboratory.commands(Self.package) else { return }
    let (deck, endpoint) = try await Self.deck()
    let plan = try await deck(
      "canary", "set", "reviews", "reviews-v1=60", "reviews-v2=40", "--dry-run", "client", "-o", "json")
    #expect(plan.code == 0, "\(plan.errors)")
    let file = try deck.file("plan.json", plan.output)
    let patch =
      Self.client + """
        listed = [r.name.split("/")[-1] for r in client.list_http_routes(parent=place)]
        assert listed.count("reviews") == 1, listed
        route = client.get_http_route(name=name)
        for d, w in zip(route.rules[-1].action.destinations, WEIGHTS): d.weight = w
        done = client.update_http_route(http_route=route, update_mask={"paths": ["rules"]}).result(timeout=20)
        print(weights(done))
        """
    func write(_ weights: String) async throws -> String {
      let script = patch.replacing("WEIGHTS", with: weights)
      let run = try await deck.run([commands + "/python", "-c", script, endpoint])
      try #require(run.code == 0, "\(run.errors)")
      return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    #expect(try await write("(50, 50)") == "[('reviews-v1', 50), ('reviews-v2', 50)]")
    let stale = try await deck("apply", "-f", file, "-y")
    #expect(stale.code == 4, "\(stale.code): \(stale.errors)")
    let splits = try await deck("get", "splits", "-A", "-o", "json")
    let shares = try splits.json["items"]?.array?.first { $0["name"]?.string == "reviews" }?["backends"]?.array?
      .map { $0["desired"]?["share"]?.double }
    #expect(shares == [0.5, 0.5])
    #expect(try await write("(90, 10)") == "[('reviews-v1', 90), ('reviews-v2', 10)]")
  }

  @Test("An operation that ends in an error fails with Google's words, and nothing is changed")
  func anOperationFails() async throws {
    let (deck, _) = try await Self.deck()
    let file = try deck.file(
      "route.yaml",
      """
      name: projects/shop-prod/locations/global/httpRoutes/nowhere
      hostnames: [nowhere.shop]
      rules:
        - action: {destinations: [{serviceName: projects/shop-prod/locations/global/backendServices/none}]}
      """)
    let refused = try await deck("apply", "-f", file, "-y")
    #expect(refused.code == 3, "\(refused.errors)")
    #expect(refused.errors.contains("it would bring MD4202"), "\(refused.errors)")
    let apply = try await deck("apply", "-f", file, "-y", "--force")
    #expect(apply.code == 3, "\(apply.code): \(apply.errors)")
    #expect(apply.errors.contains("was not found"), "\(apply.errors)")
    #expect(!(try await deck("get", "routes", "-A", "-o", "name")).output.contains("nowhere"))
  }

  @Test("An mTLS mode is set for the proxies and taken back; the whole configuration is exported and applies to itself")
  func modesAndExport() async throws {
    let (deck, _) = try await Self.deck()
    let strict = try await deck("mtls", "set", "mesh", "STRICT", "-y", "--force")
    #expect(strict.code == 0, "\(strict.errors)")
    let mtls = try await deck("mtls", "show", "-A", "-o", "json")
    #expect(try mtls.json["items"]?.array?.allSatisfy { $0["mode"]?.string == "STRICT" } == true)
    let undo = try await deck("undo", "-y")
    #expect(undo.code == 0, "\(undo.errors)")
    let refused = try await deck("mtls", "set", "workload/reviews-v1", "STRICT", "-y", "--force")
    #expect(refused.code == 3, "\(refused.errors)")
    #expect(refused.errors.contains("say mesh"))

    let export = try await deck("get", "objects", "-A", "-o", "yaml")
    #expect(export.code == 0, "\(export.errors)")
    for words in ["httpRoutes/reviews", "compute#backendService", "serverTlsPolicies/", "endpointPolicies/"] {
      #expect(export.output.contains(words), "\(words)")
    }
    let file = try deck.file("export.yaml", export.output)
    let same = try await deck("diff", "-f", file)
    #expect(same.code == 0, "\(same.output)\(same.errors)")
  }

  @Test("A project that is not there, and a read-only plane, are told so")
  func refusals() async throws {
    let (_, endpoint) = try await Self.deck()
    let deck = try Tool(kubeconfig: nil)
    let added = try await deck(
      "planes", "add", "gcp", "--kind", "traffic-director", "--project", "other", "--endpoint", endpoint)
    #expect(added.code == 0, "\(added.errors)")
    let check = try await deck("planes", "check")
    #expect(check.code == 1)
    #expect(check.output.contains("PERMISSION_DENIED"), "\(check.output)")
    let (known, _) = try await Self.deck()
    let refused = try await known("canary", "set", "reviews", "reviews-v1=1", "reviews-v2=1", "-y", "--read-only")
    #expect(refused.code == 3, "\(refused.code): \(refused.errors)")
  }
}
