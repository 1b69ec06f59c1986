import Foundation
import MeshModel
import Testing

/// The commands against the embedded Service Fabric under both base paths, its state seen through Microsoft's own client.
@Suite("Service Fabric of the embedded mesh", .serialized)
struct ServiceFabricCommandTests {
  static let client = "azure-servicefabric==8.2.0.0"
  static let server = DemoServer.hybrid

  static func address() async throws -> String {
    let planes = try await server.endpoints().planes
    return try #require(planes.array?.first { $0["kind"]?.string == "service-fabric" }?["url"]?.string)
  }

  static let look = """
    import sys
    from azure.servicefabric import ServiceFabricClientAPIs
    from msrest.authentication import Authentication
    c = ServiceFabricClientAPIs(Authentication(), base_url=sys.argv[1])
    g = c.mesh_gateway.get("edge")
    print(g.status, [(r.name, r.match.path.value, [h.value for h in r.match.headers or []], r.destination.service_name)
      for h in g.http[0].hosts for r in h.routes])
    print([s.name for s in c.mesh_service.list("reports").items])
    """

  /// An editor that changes one word.
  static func editor(_ deck: Tool, _ from: String, _ into: String) throws -> String {
    let path = try deck.file("editor", "#!/bin/sh\nsed -i 's/\(from)/\(into)/' \"$1\"\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  @Test("A cluster's gateway is read, edited, refused what the model has not, and taken back")
  func aCluster() async throws {
    let address = try await Self.address()
    let commands = try await PythonLaboratory.commands(Self.client)
    let deck = try Tool(kubeconfig: nil)
    func seen() async throws -> String? {
      guard let commands else { return nil }
      let run = try await deck.run([commands + "/python", "-c", Self.look, address])
      try #require(run.code == 0, "\(run.errors)")
      return run.output
    }
    let added = try await deck("planes", "add", "fabric", "--kind", "service-fabric", "--url", address)
    #expect(added.code == 0, "\(added.errors)")
    let list = try await deck("planes", "list")
    #expect(list.errors.contains("2021-04-28"))
    let services = try await deck("get", "services", "-A", "-o", "name")
    #expect(
      services.output == "fabric/reports/service/api\nfabric/reports/service/api2\nfabric/reports/service/render\n")
    let shown = try await deck("route", "show", "edge")
    #expect(shown.code == 0, "\(shown.errors)")
    #expect(shown.output.contains("/api*"), "\(shown.output)")
    if let text = try await seen() {
      #expect(text.contains("Ready [('preview', '/api', ['yes'], 'api2'), ('api', '/api', [], 'api')]"), "\(text)")
      #expect(text.contains("['api', 'api2', 'render']"))
    }

    let editor = ["EDITOR": try Self.editor(deck, "value: \\\"\\?yes\\\"\\?", "value: maybe")]
    let plan = try await deck("route", "edit", "edge", "--dry-run", "server", more: editor)
    #expect(plan.output.contains("the last writer wins"), "\(plan.output)\(plan.errors)")
    let edit = try await deck("route", "edit", "edge", "-y", more: editor)
    #expect(edit.code == 0, "\(edit.output)\(edit.errors)")
    if let text = try await seen() { #expect(text.contains("['maybe']"), "\(text)") }
    let undo = try await deck("undo", "-y")
    #expect(undo.code == 0, "\(undo.errors)")
    if let text = try await seen() { #expect(text.contains("['yes']"), "\(text)") }

    let nowhere = ["EDITOR": try Self.editor(deck, "serviceName: api2", "serviceName: gone")]
    let refused = try await deck("route", "edit", "edge", "-y", more: nowhere)
    #expect(refused.code == 3)
    #expect(refused.errors.contains("there is no service gone in application reports"), "\(refused.errors)")
    let weights = try await deck("canary", "set", "edge", "api=50", "api2=50", "-y")
    #expect(weights.code == 3)
    #expect(weights.errors.contains("has no weights") && weights.errors.contains("path or header"), "\(weights.errors)")
    let mtls = try await deck("mtls", "set", "mesh", "STRICT", "-y")
    #expect(mtls.code == 3, "\(mtls.errors)")
    #expect(mtls.errors.contains("has no TLS"), "\(mtls.errors)")
    let timeout = try await deck("route", "set", "edge", "--rule", "api", "--request-timeout", "3s", "-y")
    #expect(timeout.code == 3)
    #expect(timeout.errors.contains("no timeouts"), "\(timeout.errors)")
    let check = try await deck("planes", "check")
    for words in [
      "can: topology, desired, edit-rules", "cannot: edit-weights: Service Fabric's mesh model has no weights",
    ] {
      #expect(check.output.contains(words), "\(check.output)")
    }
    #expect(check.code == 0, "\(check.output)")
    #expect(check.output.contains("2021-04-28") && check.output.contains("1 gateway"))
  }

  @Test("At Azure a secret is exchanged, an operation followed, and one says who one is")
  func azure() async throws {
    let address = try await Self.address()
    let deck = try Tool(kubeconfig: nil)
    let more = [
      "AZURE_TENANT_ID": "contoso", "AZURE_CLIENT_ID": "deck", "AZURE_CLIENT_SECRET": "never-shown-secret",
      "AZURE_AUTHORITY_HOST": address,
    ]
    let added = try await deck(
      "planes", "add", "apps", "--kind", "service-fabric", "--subscription", "00000000-0000-4000-8000-000000000001",
      "--resource-group", "embedded", "--endpoint", address)
    #expect(added.code == 0, "\(added.errors)")
    let check = try await deck("planes", "check", more: more)
    #expect(check.code == 0, "\(check.output)")
    #expect(check.output.contains("application deck of tenant contoso"), "\(check.output)")
    #expect(check.output.contains("may write and delete gateways"))
    var wrong = more
    wrong["AZURE_CLIENT_SECRET"] = nil
    wrong["AZURE_TOKEN_CREDENTIALS"] = "EnvironmentCredential"
    let nobody = try await deck("get", "routes", "-A", more: wrong)
    #expect(nobody.code == 5, "\(nobody.errors)")
    let editor = ["EDITOR": try Self.editor(deck, "value: \\\"\\?yes\\\"\\?", "value: azure")].merging(more) { $1 }
    let edit = try await deck("route", "edit", "edge", "-y", more: editor)
    #expect(edit.code == 0, "\(edit.output)\(edit.errors)")
    let routes = try await deck("get", "routes", "-A", "-o", "json", more: more)
    #expect(routes.output.contains("azure"), "\(routes.output)")
    let undo = try await deck("undo", "-y", more: more)
    #expect(undo.code == 0, "\(undo.errors)")
    // The network it leads to is not checked here but there: the operation fails, and what was there is put back.
    let failing = ["EDITOR": try Self.editor(deck, "name: inner", "name: outer")].merging(more) { $1 }
    let failed = try await deck("route", "edit", "edge", "-y", more: failing)
    #expect(failed.code == 3, "\(failed.output)\(failed.errors)")
    #expect(
      (failed.output + failed.errors).contains("network outer does not exist"), "\(failed.output)\(failed.errors)")
    let again = try await deck("get", "gateways", "-A", "-o", "json", more: more)
    #expect(again.code == 0)
    let export = try await deck("get", "objects", "gateway", "-A", "-o", "yaml", more: more)
    #expect(export.output.contains("inner") && !export.output.contains("outer"), "\(export.output)")
    for run in [check, edit, failed, export] {
      #expect(!(run.output + run.errors).contains("never-shown-secret"))
    }
  }
}
