import Foundation
import MeshModel
import Testing

/// The commands against App Mesh of moto, a server nobody here wrote, its state seen through boto3.
@Suite("App Mesh of moto", .serialized)
struct AppMeshCommandTests {
  static let keys = [
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "never-shown-secret", "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
  ]

  static let setUp = """
    import boto3
    c = boto3.client("appmesh")
    http = {"portMapping": {"port": 80, "protocol": "http"}}
    c.create_mesh(meshName="shop")
    c.create_virtual_router(meshName="shop", virtualRouterName="reviews", spec={"listeners": [http]})
    for v in ("v1", "v2"):
      c.create_virtual_node(meshName="shop", virtualNodeName=f"reviews-{v}", spec={"listeners": [http],
        "serviceDiscovery": {"dns": {"hostname": f"reviews-{v}.local"}}})
    for name in ("primary", "other"):
      c.create_route(meshName="shop", virtualRouterName="reviews", routeName=name, spec={"httpRoute": {
        "match": {"prefix": "/"}, "action": {"weightedTargets": [
          {"virtualNode": "reviews-v1", "weight": 90}, {"virtualNode": "reviews-v2", "weight": 10}]}}})
    """
  static let look = """
    import boto3
    route = boto3.client("appmesh").describe_route(meshName="shop", virtualRouterName="reviews", routeName="primary")
    http = route["route"]["spec"]["httpRoute"]
    print([t["weight"] for t in http["action"]["weightedTargets"]], http.get("timeout"))
    """

  @Test("A weighted route is read, shifted, refused what App Mesh would not take, and taken back")
  func aShiftAndItsUndo() async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let port = MetricsServer.freePort()
    let moto = try await PythonLaboratory.serving([commands + "/moto_server", "-p", "\(port)"], port: port)
    defer { withExtendedLifetime(moto) {} }
    do {
      let deck = try Tool(kubeconfig: nil)
      var more = Self.keys
      more["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(port)"
      func python(_ script: String) async throws -> String {
        let run = try await deck.run([commands + "/python", "-c", script], more: more)
        try #require(run.code == 0, "\(run.errors)")
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      _ = try await python(Self.setUp)
      _ = try deck.file(
        "config/meshdeck/config.yaml",
        "planes:\n  - {name: aws, kind: app-mesh, endpoint: \"http://127.0.0.1:\(port)\"}\n")

      let splits = try await deck("get", "splits", "-A", "-o", "json", more: more)
      #expect(splits.code == 0, "\(splits.errors)")
      #expect(try splits.json["items"]?.array?.count == 2)
      #expect(try splits.json["items"]?[1]?["backends"]?[1]?["name"]?.string == "reviews-v2")
      let workloads = try await deck("get", "workloads", "-o", "name", more: more)
      #expect(workloads.output == "aws/shop/workload/reviews-v1\naws/shop/workload/reviews-v2\n")

      // moto has no virtual services: that is said, and is no failure and no lack of rights.
      let services = try await deck("get", "services", "-A", more: more)
      #expect(services.code == 0, "\(services.errors)")
      #expect(services.errors.contains("list virtualServices: the endpoint does not serve this"), "\(services.errors)")

      let plan = try await deck(
        "canary", "set", "primary", "reviews-v1=70", "reviews-v2=30", "--dry-run", "server", more: more)
      #expect(plan.output.contains("the last writer wins"))
      #expect(try await python(Self.look) == "[90, 10] None")

      let refused = try await deck("canary", "set", "primary", "reviews-v1=70", "reviews-v2=31", "-y", more: more)
      #expect(refused.code == 3)
      #expect(refused.errors.contains("sum to 101"))

      let set = try await deck("canary", "set", "primary", "reviews-v1=70", "reviews-v2=30", "-y", more: more)
      #expect(set.code == 0, "\(set.errors)")
      #expect(try await python(Self.look) == "[70, 30] None")
      let timeout = try await deck("route", "set", "primary", "--request-timeout", "1.5s", "-y", more: more)
      #expect(timeout.code == 0, "\(timeout.errors)")
      #expect(try await python(Self.look) == "[70, 30] {'perRequest': {'unit': 'ms', 'value': 1500}}")

      let history = try await deck("history", "-o", "json", more: more)
      let id = try #require(
        history.json["items"]?.array?.first { $0["intent"]?["set"]?.string == "weights" }?["id"]?.string)
      let undo = try await deck("undo", id, "-y", more: more)
      #expect(undo.code == 0, "\(undo.errors)")
      // What was set since stays: only the weights are taken back.
      #expect(try await python(Self.look) == "[90, 10] {'perRequest': {'unit': 'ms', 'value': 1500}}")

      let export = try await deck("get", "objects", "-A", "-o", "yaml", more: more)
      for word in ["meshName: \"?shop", "virtualRouterName: \"?reviews", "routeName: \"?other", "reviews-v2.local"] {
        #expect(export.output.firstMatch(of: try Regex(word)) != nil, "\(word)")
      }
      let check = try await deck("planes", "check", more: more)
      #expect(check.code == 0, "\(check.errors)")
      for words in ["2026-09-30", "environment", "arn:aws:sts::123456789012:user/moto", "may read"] {
        #expect(check.output.contains(words), "\(words)")
      }
      for run in [splits, plan, refused, set, undo, export, check] {
        #expect(!(run.output + run.errors).contains("never-shown-secret"))
      }
    }
  }

  @Test("A role of a profile is assumed at STS, and the plane says so")
  func aRoleIsAssumed() async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let port = MetricsServer.freePort()
    let moto = try await PythonLaboratory.serving([commands + "/moto_server", "-p", "\(port)"], port: port)
    defer { withExtendedLifetime(moto) {} }
    do {
      let deck = try Tool(kubeconfig: nil)
      _ = try deck.file(
        ".aws/config",
        """
        [profile ops]
        role_arn = arn:aws:iam::123456789012:role/operator
        source_profile = base
        region = us-east-1
        services = local
        [services local]
        app_mesh =
          endpoint_url = http://127.0.0.1:\(port)
        sts =
          endpoint_url = http://127.0.0.1:\(port)
        """)
      _ = try deck.file(
        ".aws/credentials", "[base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = never-shown-secret\n")
      let added = try await deck("planes", "add", "store", "--kind", "appmesh", "--profile", "ops")
      #expect(added.code == 0, "\(added.errors)")
      let check = try await deck("planes", "check")
      #expect(check.code == 0, "\(check.errors)")
      #expect(check.output.contains("role arn:aws:iam::123456789012:role/operator through profile ops"))
      #expect(check.output.contains("assumed-role/operator/meshdeck"))
      #expect(!(check.output + check.errors).contains("never-shown-secret"))
    }
  }

  static let measure = """
    import boto3, datetime
    c = boto3.client("cloudwatch")
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=120)
    def put(target, metric, value):
      names = {"Mesh": "shop", "VirtualNode": "web", "TargetVirtualService": "reviews.shop.local",
        "TargetVirtualNode": target}
      c.put_metric_data(Namespace="mesh/proxies", MetricData=[{"MetricName": "envoy.appmesh." + metric,
        "Timestamp": at, "Value": value, "Dimensions": [{"Name": n, "Value": v} for n, v in names.items()]}])
    for target, good, bad in (("reviews-v1", 2700, 0), ("reviews-v2", 270, 30)):
      put(target, "RequestCountPerTarget", good + bad)
      put(target, "HTTPCode_Target_2XX_Count", good)
      put(target, "HTTPCode_Target_5XX_Count", bad)
    """

  @Test("What proxies wrote to CloudWatch stands beside the weights")
  func cloudWatchMeasures() async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let port = MetricsServer.freePort()
    let moto = try await PythonLaboratory.serving([commands + "/moto_server", "-p", "\(port)"], port: port)
    defer { withExtendedLifetime(moto) {} }
    let deck = try Tool(kubeconfig: nil)
    var more = Self.keys
    more["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(port)"
    for script in [Self.setUp, Self.measure] {
      let run = try await deck.run([commands + "/python", "-c", script], more: more)
      try #require(run.code == 0, "\(run.errors)")
    }
    _ = try deck.file(
      "config/meshdeck/config.yaml",
      "planes:\n  - {name: aws, kind: app-mesh, telemetry: {cloudwatch: {namespace: mesh/proxies}}}\n")
    let edges = try await deck("get", "edges", "-o", "json", more: more)
    #expect(edges.code == 0, "\(edges.errors)")
    let rates = try edges.json["items"]?.array?.map { $0["rps"]?.double }
    #expect(rates == [9, 1])
    #expect(try edges.json["items"]?[1]?["errorRate"]?.double == 0.1)
  }

  @Test("A whole configuration taken out of one server is put into another by one file")
  func anExportIsApplied() async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let (from, into) = (MetricsServer.freePort(), MetricsServer.freePort())
    let old = try await PythonLaboratory.serving([commands + "/moto_server", "-p", "\(from)"], port: from)
    let new = try await PythonLaboratory.serving([commands + "/moto_server", "-p", "\(into)"], port: into)
    defer { withExtendedLifetime((old, new)) {} }
    let deck = try Tool(kubeconfig: nil)
    var more = Self.keys
    more["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(from)"
    let made = try await deck.run([commands + "/python", "-c", Self.setUp], more: more)
    try #require(made.code == 0, "\(made.errors)")
    _ = try deck.file("config/meshdeck/config.yaml", "planes:\n  - {name: aws, kind: app-mesh}\n")
    let export = try await deck("get", "objects", "-A", "-o", "yaml", more: more)
    #expect(export.code == 0, "\(export.errors)")
    let file = try deck.file("export.yaml", export.output)
    more["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(into)"
    let applied = try await deck("apply", "-f", file, "-y", more: more)
    #expect(applied.code == 0, "\(applied.errors)")
    let seen = try await deck.run([commands + "/python", "-c", Self.look], more: more)
    #expect(seen.output == "[90, 10] None\n", "\(seen.errors)")
    let again = try await deck("diff", "-f", file, more: more)
    #expect(again.code == 0, "\(again.output)")
  }
}
