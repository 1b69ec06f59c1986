import Foundation
import MeshModel
import Testing

/// The instances of virtual nodes from Cloud Map: moto's, which nobody here wrote, and the embedded one's.
@Suite("Cloud Map", .serialized)
struct CloudMapTests {
  static let setUp = """
    import boto3
    c, d = boto3.client("appmesh"), boto3.client("servicediscovery")
    http = {"portMapping": {"port": 80, "protocol": "http"}}
    c.create_mesh(meshName="shop")
    d.create_http_namespace(Name="shop.local")
    space = d.list_namespaces()["Namespaces"][0]["Id"]
    service = d.create_service(Name="reviews", NamespaceId=space)["Service"]["Id"]
    for name, version in (("a", "v1"), ("b", "v1"), ("c", "v2")):
      d.register_instance(ServiceId=service, InstanceId=name, Attributes={
        "AWS_INSTANCE_IPV4": "10.0.1.7", "AWS_INSTANCE_PORT": "80", "version": version})
    for v in ("v1", "v2"):
      c.create_virtual_node(meshName="shop", virtualNodeName=f"reviews-{v}", spec={"listeners": [http],
        "serviceDiscovery": {"awsCloudMap": {"namespaceName": "shop.local", "serviceName": "reviews",
          "attributes": [{"key": "version", "value": v}]}}})
    """

  @Test("moto's Cloud Map tells the instances of each node by its attributes")
  func ofMoto() async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let port = MetricsServer.freePort()
    let moto = try await PythonLaboratory.serving([commands + "/moto_server", "-p", "\(port)"], port: port)
    defer { withExtendedLifetime(moto) {} }
    let deck = try Tool(kubeconfig: nil)
    var more = AppMeshCommandTests.keys
    more["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(port)"
    let run = try await deck.run([commands + "/python", "-c", Self.setUp], more: more)
    try #require(run.code == 0, "\(run.errors)")
    _ = try deck.file(
      "config/meshdeck/config.yaml",
      "planes:\n  - {name: aws, kind: app-mesh, endpoint: \"http://127.0.0.1:\(port)\"}\n")
    let workloads = try await deck("get", "workloads", "-A", "-o", "json", more: more)
    let items = try workloads.json["items"]?.array ?? []
    #expect(items.map { $0["name"]?.string } == ["reviews-v1", "reviews-v2"], "\(workloads.output)")
    #expect(items.map { $0["total"]?.int } == [2, 1], "\(workloads.output)")
  }

  @Test("The embedded Cloud Map tells those of the embedded mesh, and the check counts them")
  func ofTheEmbeddedMesh() async throws {
    let (deck, _) = try await EmbeddedAppMeshTests.tool()
    let keys = ["AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded"]
    let splits = try await deck("get", "splits", "-A", "-o", "json", more: keys)
    let backends = try splits.json["items"]?[0]?["backends"]?.array ?? []
    #expect(backends.map { $0["ready"]?.int } == [2, 1], "\(splits.output)")
    let check = try await deck("planes", "check", more: keys)
    #expect(check.output.contains("Cloud Map tells 3 instances of 2 nodes"), "\(check.output)")
  }
}
