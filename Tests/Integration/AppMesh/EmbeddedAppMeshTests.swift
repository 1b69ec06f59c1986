import Foundation
import MeshModel
import Testing

/// The embedded App Mesh seen through AWS's own tools, which nobody here wrote: what they write is seen here, and what is
/// written here is seen by them.
@Suite("App Mesh of the embedded mesh", .serialized)
struct EmbeddedAppMeshTests {
  static let tools = "awscli==1.46.2"
  static let server = DemoServer.hybrid
  static let keys = [
    "AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "never-shown-secret", "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
  ]

  /// A tool whose only plane is the embedded App Mesh, and its address.
  static func tool() async throws -> (deck: Tool, address: String) {
    let planes = try await server.endpoints().planes
    var plane = try #require(planes.array?.first { $0["kind"]?.string == "app-mesh" })
    // What is told of the service's end is no setting.
    plane["notice"] = nil
    let deck = try Tool(kubeconfig: nil)
    _ = try deck.file("config/meshdeck/config.yaml", JSONWriter.text(["planes": [plane]]))
    return (deck, try #require(plane["endpoint"]?.string))
  }

  @Test("What the command line of AWS writes is seen, and it sees what is written here")
  func theCommandLineOfAWS() async throws {
    guard let commands = try await PythonLaboratory.commands(Self.tools) else { return }
    let (deck, address) = try await Self.tool()
    func aws(_ arguments: String...) async throws -> JSONValue {
      let run = try await deck.run(
        [commands + "/python", commands + "/aws", "appmesh", "--endpoint-url", address, "--output", "json"] + arguments,
        more: Self.keys)
      try #require(run.code == 0, "\(run.errors)")
      return try run.json
    }
    let route = ["--mesh-name", "store", "--virtual-router-name", "catalog", "--route-name", "primary"]
    func weights() async throws -> [Int?] {
      let told = try await aws("describe-route", route[0], route[1], route[2], route[3], route[4], route[5])
      return (told["route"]?["spec"]?["httpRoute"]?["action"]?["weightedTargets"]?.array ?? []).map {
        $0["weight"]?.int
      }
    }
    #expect(try await aws("list-meshes")["meshes"]?[0]?["meshName"]?.string == "store")
    let nodes = try await aws("list-virtual-nodes", "--mesh-name", "store", "--page-size", "2")
    #expect(nodes["virtualNodes"]?.array?.count == 4)
    #expect(try await weights() == [90, 10])

    let set = try await deck("canary", "set", "primary", "catalog-v1=70", "catalog-v2=30", "-y", more: Self.keys)
    #expect(set.code == 0, "\(set.errors)")
    #expect(try await weights() == [70, 30])
    let undo = try await deck("undo", "-y", more: Self.keys)
    #expect(undo.code == 0, "\(undo.errors)")

    let spec =
      #"{"httpRoute":{"match":{"prefix":"/"},"action":{"weightedTargets":["#
      + #"{"virtualNode":"catalog-v1","weight":55},{"virtualNode":"catalog-v2","weight":45}]}}}"#
    _ = try await aws("update-route", route[0], route[1], route[2], route[3], route[4], route[5], "--spec", spec)
    let splits = try await deck("get", "splits", "-A", "-o", "json", more: Self.keys)
    #expect(
      try splits.json["items"]?[0]?["backends"]?.array?.map { $0["desired"]?["weight"]?.int } == [55, 45],
      "\(splits.output)")
    #expect(!(set.output + set.errors + undo.output).contains("never-shown-secret"))
  }

  static let script = """
    import boto3, sys
    c = boto3.client("appmesh", endpoint_url=sys.argv[1])
    names = [s["virtualServiceName"] for p in c.get_paginator("list_virtual_services").paginate(
      meshName="store", PaginationConfig={"PageSize": 1}) for s in p["virtualServices"]]
    assert names == ["catalog.store.local", "prices.store.local", "web.store.local"], names
    try: c.describe_virtual_node(meshName="store", virtualNodeName="none"); raise SystemExit("found")
    except c.exceptions.NotFoundException: pass
    try: c.create_mesh(meshName="store"); raise SystemExit("made twice")
    except c.exceptions.ConflictException: pass
    try: c.delete_virtual_router(meshName="store", virtualRouterName="catalog"); raise SystemExit("deleted")
    except c.exceptions.ResourceInUseException: pass
    made = c.create_virtual_service(meshName="store", virtualServiceName="new.store.local", clientToken="one",
      spec={"provider": {"virtualNode": {"virtualNodeName": "web"}}}, tags=[{"key": "team", "value": "x"}])
    again = c.create_virtual_service(meshName="store", virtualServiceName="new.store.local", clientToken="one",
      spec={"provider": {"virtualNode": {"virtualNodeName": "web"}}})
    arn = made["virtualService"]["metadata"]["arn"]
    assert again["virtualService"]["metadata"]["uid"] == made["virtualService"]["metadata"]["uid"]
    assert c.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "x"}]
    gone = c.delete_virtual_service(meshName="store", virtualServiceName="new.store.local")
    assert gone["virtualService"]["status"]["status"] == "DELETED"
    g = c.describe_gateway_route(meshName="store", virtualGatewayName="entrance", gatewayRouteName="all")
    print(g["gatewayRoute"]["spec"]["httpRoute"]["action"]["target"]["virtualService"]["virtualServiceName"])
    """

  @Test("boto3 finds its own exceptions, pages, tokens and tags")
  func boto3() async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let (deck, address) = try await Self.tool()
    let run = try await deck.run([commands + "/python", "-c", Self.script, address], more: Self.keys)
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.output == "web.store.local\n")
  }

  @Test("Services, who one is, and what CloudWatch counted are read")
  func everythingIsRead() async throws {
    let (deck, _) = try await Self.tool()
    let services = try await deck("get", "services", "-A", "-o", "name", more: Self.keys)
    #expect(services.code == 0, "\(services.errors)")
    #expect(services.output.contains("app-mesh/store/service/catalog.store.local\n"))
    let check = try await deck("planes", "check", more: Self.keys)
    #expect(check.code == 0, "\(check.output)")
    #expect(check.output.contains("arn:aws:iam::123456789012:user/embedded"))
    let edges = try await deck("get", "edges", "-A", "-o", "json", more: Self.keys)
    #expect(edges.code == 0, "\(edges.errors)")
    let rates = try (edges.json["items"]?.array ?? []).compactMap { $0["rps"]?.double }
    #expect(rates.count == 4, "\(edges.output) \(edges.errors)")
    #expect((50...200).contains(rates.reduce(0, +)), "\(rates)")
    let mtls = try await deck("get", "mtls", "-A", "-o", "json", more: Self.keys)
    #expect(mtls.code == 0, "\(mtls.errors)")
  }
}
