import MeshModel
import MeshPlanes
import Testing

/// What the Kubernetes client relies on, held against every server there is: the embedded mesh and a real API server.
/// Where two servers differ, the embedded one is wrong.
@Suite(.serialized, .timeLimit(.minutes(20))) struct KubernetesContractTests {
  /// A Service that no server has by itself.
  static func service(_ name: String, namespace: String) -> JSONValue {
    [
      "apiVersion": "v1", "kind": "Service",
      "metadata": [
        "name": .string(name), "namespace": .string(namespace), "annotations": ["never/heard-of": "kept"],
        "labels": ["contract": "yes"],
      ],
      "spec": ["selector": ["app": .string(name)], "ports": [["name": "http", "port": 80, "targetPort": 8080]]],
    ]
  }

  /// A namespace to write in: `default`, or the first there is.
  static func namespace(_ plane: KubernetesPlane) async throws -> String {
    let names = try await plane.natives("namespace", namespace: nil).map(\.ref.name)
    return names.contains("default") ? "default" : try #require(names.first)
  }

  static func only(_ steps: [Step]) throws -> Step {
    #expect(steps.count == 1)
    return try #require(steps.first)
  }

  @Test(arguments: ContractServer.all) func theServerPassesTheChecks(_ server: ContractServer) async throws {
    guard let checks = try await server.plane()?.check() else { return }
    #expect(checks.first { $0.name == "reachable" }?.result == .ok)
    #expect(!checks.contains { $0.result == .failed }, "\(checks.filter { $0.result == .failed })")
  }

  @Test(arguments: ContractServer.all) func anObjectIsMadeEditedAndDeletedUnderGuard(
    _ server: ContractServer
  ) async throws {
    guard let plane = try await server.plane() else { return }
    let namespace = try await Self.namespace(plane)
    let ref = ObjectRef(plane: "contract", namespace: namespace, kind: "service", name: "meshdeck-contract")
    try await Self.clear(plane, ref)
    let none = MeshSnapshot()

    // A dry run stores nothing; a create does.
    let create = try Self.only(
      await plane.steps(
        for: .object(ObjectIntent(ref: ref, json: Self.service(ref.name, namespace: namespace))), in: none))
    let verdict = await plane.dryRun(create)
    #expect(verdict.accepted == true, "\(verdict.message)")
    #expect(await Self.code { try await plane.native(ref) } == .notFound)
    #expect(await plane.permits(create) == .yes)
    #expect(try await !plane.apply(create).version.isEmpty)
    #expect(await Self.code { try await plane.apply(create) } == .conflict)

    // An edit changes what was meant and nothing else.
    let made = try await plane.native(ref)
    let wanted = try JSONPatch([
      .replace("/spec/ports/0/targetPort", 9090), .add("/metadata/labels/tier", "web"),
    ]).applied(to: made.json)
    let edit = try Self.only(await plane.steps(for: .object(ObjectIntent(ref: ref, json: wanted)), in: none))
    #expect(await plane.dryRun(edit).accepted == true)
    #expect(try await plane.native(ref).version == made.version)
    let outcome = try await plane.apply(edit)
    #expect(outcome.version != made.version)
    let edited = try await plane.native(ref)
    #expect(edited.json["spec"]?["ports"]?[0]?["targetPort"]?.int == 9090)
    #expect(edited.json["metadata"]?["annotations"]?["never/heard-of"]?.string == "kept")
    #expect(edited.uid == made.uid)

    // What was written before is stale now, in a patch and in a delete.
    #expect(await Self.code { try await plane.apply(edit) } == .conflict)
    #expect(await plane.dryRun(edit).accepted == false)
    var stale = Step.deleting(made)
    #expect(await Self.code { try await plane.apply(stale) } == .conflict)
    stale.precondition = Precondition(version: edited.version, uid: "00000000-0000-0000-0000-000000000000")
    #expect(await Self.code { try await plane.apply(stale) } == .conflict)

    // The inverse is exact.
    var undo = edit
    undo.write = edit.inverse
    undo.precondition = Precondition(version: edited.version, uid: edited.uid)
    _ = try await plane.apply(undo)
    let undone = try await plane.native(ref)
    #expect(undone.json["spec"]?.isEquivalent(to: made.json["spec"] ?? .null) == true)
    #expect(undone.json["metadata"]?["labels"]?.isEquivalent(to: ["contract": "yes"]) == true)

    let delete = try Self.only(await plane.steps(for: .delete(ref), in: none))
    #expect(await plane.dryRun(delete).accepted == true)
    #expect(try await plane.native(ref).uid == made.uid)
    #expect(try await plane.apply(delete).json == nil)
    #expect(await Self.code { try await plane.native(ref) } == .notFound)
  }

  @Test(arguments: ContractServer.all) func anUnsoundEditIsRefusedInWords(_ server: ContractServer) async throws {
    guard let plane = try await server.plane() else { return }
    let namespace = try await Self.namespace(plane)
    let ref = ObjectRef(plane: "contract", namespace: namespace, kind: "service", name: "meshdeck-unsound")
    try await Self.clear(plane, ref)
    let create = Step.creating(
      try JSONPatch([.replace("/spec/ports/0/port", 123_456)]).applied(
        to: Self.service(ref.name, namespace: namespace)),
      as: ref, in: "/api/v1/namespaces/\(namespace)/services")
    let verdict = await plane.dryRun(create)
    #expect(verdict.accepted == false)
    #expect(verdict.message.contains("port"))
    #expect(await Self.code { try await plane.apply(create) } == .refused)
    #expect(
      await Self.code {
        try await plane.native(ObjectRef(plane: "contract", namespace: "", kind: "nosuchkind", name: "x"))
      } == .notFound)
  }

  @Test(arguments: ContractServer.all) func changesAreFollowed(_ server: ContractServer) async throws {
    guard let plane = try await server.plane() else { return }
    let namespace = try await Self.namespace(plane)
    let ref = ObjectRef(plane: "contract", namespace: namespace, kind: "service", name: "meshdeck-followed")
    try await Self.clear(plane, ref)
    let key = MeshSnapshot.FeedKey(plane: "contract", kind: "service")
    var (snapshot, stage) = (MeshSnapshot(), 0)
    for await changes in plane.changes() {
      for change in changes { snapshot.apply(change) }
      switch stage {
      case 0:
        guard case .live = snapshot.feeds[key] else { continue }
        #expect(snapshot.services[ref] == nil)
        _ = try await plane.apply(
          Step.creating(
            Self.service(ref.name, namespace: namespace), as: ref, in: "/api/v1/namespaces/\(namespace)/services"))
        stage = 1
      case 1:
        guard let service = snapshot.services[ref] else { continue }
        #expect(service.ports.first?.targetPort == 8080)
        let native = try await plane.native(ref)
        let wanted = try JSONPatch([.replace("/spec/ports/0/targetPort", 9090)]).applied(to: native.json)
        _ = try await plane.apply(try #require(Step.editing(native, to: wanted)))
        stage = 2
      case 2:
        guard snapshot.services[ref]?.ports.first?.targetPort == 9090 else { continue }
        _ = try await plane.apply(Step.deleting(try await plane.native(ref)))
        stage = 3
      default:
        if snapshot.services[ref] == nil { return }
      }
    }
    Issue.record("the changes ended by themselves at stage \(stage)")
  }

  @Test(arguments: ContractServer.all) func whoHasNoRightsIsToldSo(_ server: ContractServer) async throws {
    guard let plane = try await server.plane(isPrivileged: false) else { return }
    #expect(await Self.code { try await plane.natives("service", namespace: nil) } == .forbidden)
    let checks = await plane.check()
    #expect(checks.contains { $0.name == "permissions" && $0.result == .failed })
  }

  /// The code of a failure; `nil` where there was none.
  static func code<Value>(_ body: () async throws -> Value) async -> MeshError.Code? {
    do {
      _ = try await body()
      return nil
    } catch {
      return (error as? MeshError)?.code
    }
  }

  /// Takes away what an earlier run left.
  static func clear(_ plane: KubernetesPlane, _ ref: ObjectRef) async throws {
    // A controller of the embedded mesh may write a status between the look and the deletion.
    for _ in 0..<5 {
      guard let native = try? await plane.native(ref) else { return }
      do throws(MeshError) {
        _ = try await plane.apply(Step.deleting(native))
        return
      } catch {
        guard error.code == .conflict else { throw error }
      }
    }
  }
}
