import Foundation
import MeshModel
import Testing

/// Several objects of one file: one plan, in the order in which they rest on each other, and taken back as a whole.
@Suite struct SeveralObjectsTests {
  /// The route, which rests on the DestinationRule below.
  static let route = """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: api, namespace: demo}
    spec:
      hosts: [api]
      http:
        - route:
            - {destination: {host: api, subset: v1}, weight: 60}
            - {destination: {host: api, subset: next}, weight: 40}

    """
  static let rule = """
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: api, namespace: demo}
    spec:
      host: api
      subsets:
        - {name: v1, labels: {version: v1}}
        - {name: v2, labels: {version: v2}}
        - {name: next, labels: {version: v2}}

    """

  static func file(_ text: String) throws -> String {
    let path = try Program.temporaryFolder() + "/file"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// The specs of both objects.
  static func specs(_ mesh: Laboratory) async throws -> [String] {
    var specs: [String] = []
    for kind in ["virtualservice", "destinationrule"] {
      let run = try await Invocation.meshdeck(
        ["get", "objects", kind, "-n", "demo", "-o", "json"], kubeconfig: mesh.announced["kubeconfig"]?.string)
      let items = try JSONValue(parsing: run.output)["items"]?.array ?? []
      specs += items.map { JSONWriter.text($0["spec"] ?? .null) }
    }
    return specs
  }

  @Test("What is referred to is written first, and one undo takes back the whole")
  func appliedAndTakenBack() async throws {
    let mesh = try await Laboratory.mesh("small")
    let server = try await Laboratory.faulty("[]", before: mesh)
    let before = try await Self.specs(mesh)
    let path = try Self.file(Self.route + "---\n" + Self.rule)
    let plan = try await Invocation.meshdeck(["plan", "-f", path, "-o", "json"], kubeconfig: server.kubeconfig)
    let json = try JSONValue(parsing: plan.output)
    let objects = (json["steps"]?.array ?? []).compactMap {
      $0["object"]?.string?.split(separator: "/").dropFirst().joined(separator: "/")
    }
    #expect(objects == ["demo/destinationrule/api", "demo/virtualservice/api"])
    #expect(json["findings"]?.array?.contains { $0["severity"] == "error" } == false, "\(plan.output)")
    // The saved plan rests on versions that the first round leaves behind, and is moved onto the objects as they are.
    for source in [path, try Self.file(plan.output)] {
      let run = try await Invocation.meshdeck(["apply", "-f", source, "-y"], kubeconfig: server.kubeconfig)
      #expect(run.code == 0, "\(run.error)")
      #expect(try await Self.specs(mesh).allSatisfy { $0.contains("next") })
      let history = try await Invocation.meshdeck(
        ["history", "-o", "name"], kubeconfig: server.kubeconfig, state: run.state)
      #expect(history.output.split(separator: "\n").count == 1)
      let undo = try await Invocation.meshdeck(["undo", "-y"], kubeconfig: server.kubeconfig, state: run.state)
      #expect(undo.code == 0, "\(undo.error)")
      #expect(try await Self.specs(mesh) == before)
    }
  }

  @Test("A conflict at the second object takes the first back, and both are told")
  func takenBack() async throws {
    let mesh = try await Laboratory.mesh("small")
    let conflict = #"{"kind":"Status","status":"Failure","message":"changed","reason":"Conflict","code":409}"#
    let server = try await Laboratory.faulty(
      #"[{"method":"PATCH","target":"^(?!.*dryRun).*virtualservices/api","do":"status","code":409,"body":\#(conflict)}]"#,
      before: mesh)
    let before = try await Self.specs(mesh)
    let path = try Self.file(Self.route + "---\n" + Self.rule)
    let run = try await Invocation.meshdeck(["apply", "-f", path, "-y"], kubeconfig: server.kubeconfig)
    #expect(run.code == 7, "\(run.error)")
    #expect(run.error.contains("destinationrule/api: rolled-back, it is as it was before"), "\(run.error)")
    #expect(run.error.contains("virtualservice/api: failed"), "\(run.error)")
    #expect(try await Self.specs(mesh) == before)
  }

  @Test("A route to what is not there is refused, and so is one that takes away what a route needs")
  func refused() async throws {
    let mesh = try await Laboratory.mesh("small")
    let server = try await Laboratory.faulty("[]", before: mesh)
    for text in [Self.route, Self.rule.replacing("    - {name: v2, labels: {version: v2}}\n", with: "")] {
      let path = try Self.file(text)
      let run = try await Invocation.meshdeck(["apply", "-f", path, "-y"], kubeconfig: server.kubeconfig)
      #expect(run.code == 3, "\(run.error)")
      #expect(run.error.contains("it would bring MD1107 (demo/api: "), "\(run.error)")
      #expect(run.error.contains("say --force"))
    }
    #expect(server.writes.isEmpty)
  }

  @Test("A file that makes a namespace and what lies in it is one plan, in whichever order it names them")
  func namespaceOfItsOwn() async throws {
    let mesh = try await Laboratory.mesh("small")
    let server = try await Laboratory.faulty("[]", before: mesh)
    let path = try Self.file(
      """
      apiVersion: v1
      kind: Service
      metadata: {name: late, namespace: fresh}
      spec:
        selector: {app: late}
        ports: [{name: http, port: 80}]
      ---
      apiVersion: v1
      kind: Namespace
      metadata: {name: fresh}
      """)
    let plan = try await Invocation.meshdeck(["plan", "-f", path], kubeconfig: server.kubeconfig)
    #expect(plan.code == 0, "\(plan.error)")
    #expect(plan.output.contains("step 2: not validated by the server: this plan makes its namespace first"))
    let run = try await Invocation.meshdeck(["apply", "-f", path, "-y"], kubeconfig: server.kubeconfig)
    #expect(run.code == 0, "\(run.error)")
    #expect(server.writes == ["POST", "POST"])
  }

  @Test("A saved plan that makes an object makes it in the cluster it was made for alone")
  func elsewhere() async throws {
    let mesh = try await Laboratory.mesh("small")
    let server = try await Laboratory.faulty("[]", before: mesh)
    let path = try Self.file(
      Self.rule.replacing("name: api,", with: "name: api-new,").replacing("host: api", with: "host: web"))
    let plan = try await Invocation.meshdeck(["plan", "-f", path, "-o", "json"], kubeconfig: server.kubeconfig)
    let uid = try #require(try JSONValue(parsing: plan.output)["madeFor"]?.string)
    let other = try Self.file(plan.output.replacing(uid, with: "another"))
    let run = try await Invocation.meshdeck(["apply", "-f", other, "-y", "--force"], kubeconfig: server.kubeconfig)
    #expect(run.code == 3, "\(run.error)")
    #expect(run.error.contains("made for another cluster"), "\(run.error)")
    #expect(server.writes.isEmpty)
  }
}
