import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// The requests of the Kubernetes client by themselves, held against every server there is.
@Suite(.serialized, .timeLimit(.minutes(20))) struct KubernetesClientContractTests {
  /// Does something with a Service made for it, with the label `tier: web`; it is gone afterwards.
  private func withService(
    _ name: String, of server: ContractServer,
    _ body: (KubernetesClient, ResourcePath, KubernetesClient.Stored) async throws -> Void
  ) async throws {
    guard let plane = try await server.plane() else { return }
    let namespace = try await KubernetesContractTests.namespace(plane)
    let path = ResourcePath(group: "", version: "v1", plural: "services", namespace: namespace, name: name)
    let ref = ObjectRef(plane: "contract", namespace: namespace, kind: "service", name: name)
    try await KubernetesContractTests.clear(plane, ref)
    var json = KubernetesContractTests.service(name, namespace: namespace)
    json["metadata"]?["labels"] = ["contract": "yes", "tier": "web"]
    try await body(plane.client, path, try await plane.client.create(json, in: path.collection, dryRun: false))
    try await KubernetesContractTests.clear(plane, ref)
  }

  /// The code of a refusal.
  private func code(_ body: () async throws -> KubernetesClient.Stored) async -> MeshError.Code? {
    await KubernetesContractTests.code(body)
  }

  @Test(arguments: ContractServer.all) func aMergePatchChangesMembersAndReplacesLists(
    _ server: ContractServer
  ) async throws {
    try await withService("meshdeck-merged", of: server) { client, path, first in
      let ports: JSONValue = [["name": "web", "port": 81]]
      let merged = try await client.patch(
        path, .merge(["metadata": ["labels": ["tier": nil]], "spec": ["ports": ports]]), dryRun: false)
      #expect(merged.json["metadata"]?["labels"]?.isEquivalent(to: ["contract": "yes"]) == true)
      #expect(merged.json["metadata"]?["annotations"]?["never/heard-of"]?.string == "kept")
      #expect(merged.json["spec"]?["ports"]?.array?.map { $0["name"]?.string } == ["web"])
      let stale: JSONValue = ["metadata": ["resourceVersion": .string(first.version), "labels": ["tier": "db"]]]
      #expect(await code { try await client.patch(path, .merge(stale), dryRun: false) } == .conflict)
      #expect(try await client.get(path).version == merged.version)
    }
  }

  @Test(arguments: ContractServer.all) func anApplyConflictsWithOtherWritersUnlessForced(
    _ server: ContractServer
  ) async throws {
    try await withService("meshdeck-applied", of: server) { client, path, first in
      func labels(_ tier: JSONValue, version: String? = nil) -> JSONValue {
        var json: JSONValue = ["apiVersion": "v1", "kind": "Service", "metadata": ["labels": ["tier": tier]]]
        json["metadata"]?["name"] = "meshdeck-applied"
        json["metadata"]?["namespace"] = .string(path.namespace)
        json["metadata"]?["resourceVersion"] = version.map { .string($0) }
        return json
      }
      // The same value is owned by both; another one is the first writer's until it is taken.
      let shared = try await client.patch(path, .apply(labels("web"), force: false), dryRun: false)
      #expect(shared.json["metadata"]?["uid"] == first.json["metadata"]?["uid"])
      do throws(MeshError) {
        _ = try await client.patch(path, .apply(labels("db"), force: false), dryRun: false)
        Issue.record("the label is another writer's")
      } catch {
        #expect(error.code == .conflict)
        #expect(error.message.contains(#"conflict with "meshdeck""#), "\(error.message)")
        #expect(error.message.contains("tier"), "\(error.message)")
      }
      let trial = try await client.patch(path, .apply(labels("db"), force: true), dryRun: true)
      #expect(trial.json["metadata"]?["labels"]?["tier"]?.string == "db")
      #expect(try await client.get(path).json["metadata"]?["labels"]?["tier"]?.string == "web")
      let forced = try await client.patch(path, .apply(labels("db"), force: true), dryRun: false)
      #expect(forced.json["metadata"]?["labels"]?.isEquivalent(to: ["contract": "yes", "tier": "db"]) == true)
      let stale = labels("web", version: first.version)
      #expect(await code { try await client.patch(path, .apply(stale, force: true), dryRun: false) } == .conflict)
    }
  }

  @Test(arguments: ContractServer.all) func aReplacementGoesByTheVersionItWasReadAt(
    _ server: ContractServer
  ) async throws {
    try await withService("meshdeck-replaced", of: server) { client, path, first in
      var json = first.json
      json["spec"]?["selector"] = ["app": "another"]
      let wanted = json
      let stored = try await client.put(wanted, at: path, dryRun: false)
      #expect(stored.json["spec"]?["selector"]?.isEquivalent(to: ["app": "another"]) == true)
      #expect(stored.version != first.version)
      #expect(await code { try await client.put(wanted, at: path, dryRun: false) } == .conflict)
    }
  }

  @Test(arguments: ContractServer.all) func pagesAreOfOneState(_ server: ContractServer) async throws {
    guard let plane = try await server.plane() else { return }
    let path = ResourcePath(group: "", version: "v1", plural: "namespaces")
    func page(_ query: [(String, String?)]) async throws -> ListPage {
      let response = try await plane.client.send(.get, path.text, query: query, limits: .page, what: "list namespaces")
      return try ListPage.read(response.body, kind: "Namespace") { reader throws(JSONError) in try reader.skip() }
    }
    let first = try await page([("limit", "1")])
    #expect(first.count == 1 && !first.next.isEmpty)
    let second = try await page([("limit", "1"), ("continue", first.next)])
    #expect(second.count == 1 && second.resourceVersion == first.resourceVersion)
    // The length of a page may change from one to the next.
    let rest = try await page([("limit", "500"), ("continue", second.next)])
    let whole = try await page([
      ("resourceVersion", first.resourceVersion), ("resourceVersionMatch", "Exact"), ("limit", "500"),
    ])
    #expect(2 + rest.count == whole.count && rest.next.isEmpty)
    let garbage = await KubernetesContractTests.code { try await page([("limit", "1"), ("continue", "garbage")]) }
    #expect(garbage == .malformed)
    // The cache knows no pages, which is why its version is asked for by a name that nothing has.
    #expect(try await page([("limit", "1"), ("resourceVersion", "0")]).count > 1)
  }

  @Test(arguments: ContractServer.all) func theVersionOfTheCacheIsToldWithoutItems(
    _ server: ContractServer
  ) async throws {
    guard let plane = try await server.plane() else { return }
    for kind in ["namespace", "service", "virtualservice"] {
      // A real server may be without Istio's definitions.
      guard let served = try? await plane.served(kind) else { continue }
      let path = served.path()
      let version = try await plane.client.cachedVersion(of: path, kind: served.kind)
      #expect(Int(version).map { $0 > 0 } == true, "\(kind): \(version)")
      let response = try await plane.client.send(
        .get, path.text, query: [("fieldSelector", "metadata.name=-"), ("resourceVersion", "0")], what: "list \(kind)")
      let page = try ListPage.read(response.body, kind: served.kind) { reader throws(JSONError) in try reader.skip() }
      #expect(page.count == 0)
    }
  }
}
