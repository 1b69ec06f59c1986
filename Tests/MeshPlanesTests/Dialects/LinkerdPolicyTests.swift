import MeshModel
import Testing

@testable import MeshPlanes

/// What a caller needs to be let in by Linkerd.
@Suite struct LinkerdPolicyTests {
  /// The recorded policies over meshed pods: books behind a Server, web and edge as callers.
  static func snapshot() throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    for path in ["servers.v1beta3", "authorizationpolicies.v1alpha1", "meshtlsauthentications.v1alpha1"] {
      for entity in try DialectFixtures.entities(recorded: "linkerd/\(path).json") { snapshot.apply(.upsert(entity)) }
    }
    for name in ["books", "web", "edge", "plain"] {
      let workload = SmallMesh.ref("workload", "l5d-shop", name)
      snapshot.apply(
        .upsert(
          .workload(
            Workload(ref: workload, labels: ["app": name], serviceAccount: name, nativeKind: "deployment"))))
      snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: SmallMesh.ref("pod", "l5d-shop", name), workload: workload, labels: ["app": name], isReady: true,
              proxy: name == "plain" ? .none : .sidecar, acceptsMeshTLS: false))))
    }
    snapshot.apply(
      .upsert(
        .service(
          Service(
            ref: SmallMesh.ref("service", "l5d-shop", "books"), hosts: ["books.l5d-shop.svc.cluster.local"],
            ports: [
              ServicePort(name: "http", port: 80, targetPort: 8080, appProtocol: "http"),
              ServicePort(name: "admin", port: 90, targetPort: 9990, appProtocol: "http"),
            ], selector: ["app": "books"]))))
    return snapshot
  }

  @Test(
    arguments: [
      ("web", 80, .mtls), ("edge", 80, .breaks), ("plain", 80, .breaks), ("edge", 90, .mtls), ("plain", 90, .plaintext),
    ] as [(String, Int, MTLSVerdict.Outcome)])
  func onlyWhoAPolicyNamesIsLetIn(client: String, port: Int, outcome: MTLSVerdict.Outcome) throws {
    let snapshot = try Self.snapshot()
    func workload(_ name: String) throws -> Workload {
      try #require(snapshot.workloads[SmallMesh.ref("workload", "l5d-shop", name)])
    }
    let service = try #require(snapshot.services[SmallMesh.ref("service", "l5d-shop", "books")])
    let verdict = LinkerdDialect().mtls(in: snapshot, plane: "lab")
      .verdict(client: try workload(client), server: try workload("books"), service: service, port: port)
    #expect(verdict.outcome == outcome, "\(verdict.reasons)")
  }

  @Test func aPolicyThatRefersToNothingIsAFinding() throws {
    var snapshot = try Self.snapshot()
    #expect(LinkerdDialect().findings(in: snapshot, plane: "lab").isEmpty)
    snapshot.apply(.remove(SmallMesh.ref("meshtlsauthentication", "l5d-shop", "shop-accounts")))
    #expect(LinkerdDialect().findings(in: snapshot, plane: "lab").map(\.code) == ["MD2401"])
  }

  @Test func aRecordedProfileHasTimeoutsAndRetriesThatCanBeEdited() async throws {
    let list = try JSONValue(parsing: Recorded.bytes("linkerd/serviceprofiles.v1alpha2.json"))
    let text = JSONWriter.text(try #require(list["items"]?[0]))
    let object = try DialectFixtures.native(text)
    let route = try LinkerdDialect().route(of: object)
    #expect(route.rules.first?.timeout == 0.3)
    #expect(route.rules.first?.retries?.attempts == 1)
    let step = try #require(
      try await DialectFixtures.steps(object, .rule(RuleIntent(route: object.ref, timeout: .set(2), retries: .remove)))
        .first)
    #expect(step.after?["spec"]?["routes"]?[0]?["timeout"] == "2s")
    #expect(step.after?["spec"]?["routes"]?[0]?["isRetryable"] == nil)
  }
}
