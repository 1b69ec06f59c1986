import MeshModel
import Testing

@testable import MeshPlanes

/// mTLS modes in Linkerd's terms: what becomes of them, and what is refused.
@Suite struct LinkerdMTLSEditTests {
  static func steps(
    _ scope: MTLSScope, _ mode: MTLSMode, port: Int? = nil, _ objects: [String] = [], workload: String = "books",
    world: LinkerdInboundTests.World = LinkerdInboundTests.World()
  ) async throws -> [Step] {
    var world = world
    var natives: [NativeObject] = []
    for text in objects {
      let json = try JSONValue(parsing: text)
      let kind = (json["kind"]?.string ?? "").lowercased()
      let (namespace, name) = (json["metadata"]?["namespace"]?.string ?? "", json["metadata"]?["name"]?.string ?? "")
      natives.append(
        NativeObject(
          ref: SmallMesh.ref(kind, namespace, name), path: "/x/\(name)", json: json, version: "7", uid: "u"))
      try world.add(text)
    }
    let intent = MTLSIntent(
      plane: "lab", scope: scope, namespace: scope == .mesh ? "" : "shop",
      workload: scope == .workload || scope == .port ? workload : "", port: port, mode: mode)
    return try await LinkerdDialect()
      .steps(for: .mtls(intent), in: world.snapshot, using: StoredObjects(objects: natives))
  }

  static func refusal(_ scope: MTLSScope, _ mode: MTLSMode, port: Int? = nil, workload: String = "books") async
    -> MeshError?
  {
    do {
      _ = try await steps(scope, mode, port: port, workload: workload)
      return nil
    } catch {
      return error as? MeshError
    }
  }

  static let namespace = """
    {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","annotations":{"never/heard-of":"kept"}}}
    """
  static let deployment = """
    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"books","namespace":"shop"},
     "spec":{"template":{"metadata":{"labels":{"app":"books"}},"spec":{}}}}
    """

  @Test(arguments: [(MTLSMode.strict, "all-authenticated"), (.permissive, "all-unauthenticated")])
  func aNamespaceIsAnAnnotationAndItsInverseTakesItAway(mode: MTLSMode, word: String) async throws {
    let step = try #require(try await Self.steps(.namespace, mode, [Self.namespace]).first)
    let annotations = step.after?["metadata"]?["annotations"]
    #expect(annotations?[DefaultInbound.annotation]?.string == word)
    #expect(annotations?["never/heard-of"] == "kept")
    guard case .patch(let inverse) = step.inverse, let after = step.after else {
      Issue.record("the inverse is no patch")
      return
    }
    #expect(try inverse.applied(to: after) == step.before)
    // What is planned is what the rules see: the namespace entity has the annotation.
    let entities = try LinkerdDialect().entities(from: after, plane: "lab")
    guard case .namespace(let entity)? = entities.first else {
      Issue.record("no namespace")
      return
    }
    #expect(entity.annotations?[DefaultInbound.annotation] == word)
  }

  @Test func unsettingANamespaceTakesTheAnnotationAway() async throws {
    let annotated = Self.namespace.replacing(
      #""never/heard-of":"kept""#, with: #""never/heard-of":"kept","config.linkerd.io/default-inbound-policy":"deny""#)
    let step = try #require(try await Self.steps(.namespace, .unset, [annotated]).first)
    #expect(step.after?["metadata"]?["annotations"]?[DefaultInbound.annotation] == nil)
    #expect(try await Self.steps(.namespace, .unset, [Self.namespace]).isEmpty)
  }

  @Test func aWorkloadIsAnAnnotationOfItsTemplate() async throws {
    let step = try #require(try await Self.steps(.workload, .strict, [Self.deployment]).first)
    #expect(step.object.kind == "deployment")
    #expect(
      step.after?["spec"]?["template"]?["metadata"]?["annotations"]?[DefaultInbound.annotation] == "all-authenticated")
    #expect(step.after?["spec"]?["template"]?["metadata"]?["labels"]?["app"] == "books")
  }

  @Test func aPortIsAServerThatHoldsAtOnce() async throws {
    let made = try #require(try await Self.steps(.port, .strict, port: 8080).first)
    #expect(made.before == nil)
    #expect(made.object.kind == "server" && made.object.name == "books-8080")
    #expect(made.after?["spec"]?["podSelector"]?["matchLabels"]?["app"] == "books")
    #expect(made.after?["spec"]?["port"] == 8080)
    #expect(made.after?["spec"]?["accessPolicy"] == "all-authenticated")
    #expect(made.inverse == .delete)
    let edited = try #require(
      try await Self.steps(.port, .permissive, port: 8080, [LinkerdInboundTests.server]).first)
    #expect(edited.before?["spec"]?["accessPolicy"] == "deny")
    #expect(edited.after?["spec"]?["accessPolicy"] == "all-unauthenticated")
    let gone = try #require(try await Self.steps(.port, .unset, port: 8080, [LinkerdInboundTests.server]).first)
    #expect(gone.write == .delete)
    #expect(try await Self.steps(.port, .unset, port: 8080).isEmpty)
  }

  @Test func whatLinkerdCannotDoIsRefusedWithTheReason() async {
    let off = await Self.refusal(.namespace, .disable)
    #expect(off?.code == .refused)
    #expect(off?.message == "Linkerd's mTLS is always on between meshed instances")
    let mesh = await Self.refusal(.mesh, .strict)
    #expect(mesh?.code == .refused)
    #expect(mesh?.message == "the cluster's default inbound policy is a setting of Linkerd's installation")
    #expect(await Self.refusal(.port, .strict, port: 0)?.code == .usage)
    #expect(await Self.refusal(.workload, .strict, workload: "nobody")?.code == .notFound)
  }

  @Test func linkerdClaimsWhatItsProxiesServe() throws {
    var world = LinkerdInboundTests.World()
    let intent = Intent.mtls(MTLSIntent(plane: "lab", scope: .namespace, namespace: "shop", mode: .strict))
    #expect(!LinkerdDialect().claims(intent, in: world.snapshot))
    var endpoint = try #require(world.snapshot.endpoints[SmallMesh.ref("pod", "shop", "books")])
    endpoint.annotations = ["linkerd.io/proxy-version": "edge-26.8.3"]
    world.snapshot.apply(.upsert(.endpoint(endpoint)))
    #expect(LinkerdDialect().claims(intent, in: world.snapshot))
    let elsewhere = Intent.mtls(MTLSIntent(plane: "lab", scope: .namespace, namespace: "other", mode: .strict))
    #expect(!LinkerdDialect().claims(elsewhere, in: world.snapshot))
  }
}
