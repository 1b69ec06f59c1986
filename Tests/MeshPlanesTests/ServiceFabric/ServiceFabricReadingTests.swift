import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// What is read of Service Fabric under both base paths.
@Suite(.timeLimit(.minutes(10))) struct ServiceFabricReadingTests {
  static func snapshot(_ plane: ServiceFabricPlane, _ kinds: Set<ObjectKind>? = nil) async throws -> MeshSnapshot {
    let changes = Mutex<[MeshChange]>([])
    try await plane.read(kinds, namespace: nil) { part in changes.withLock { $0 += part } }
    var snapshot = MeshSnapshot()
    for change in changes.withLock({ $0 }) { snapshot.apply(change) }
    return snapshot
  }

  static let route = ObjectRef(plane: "fabric", namespace: "", kind: "gatewayroute", name: "edge")

  @Test(arguments: [false, true])
  func applicationsServicesReplicasAndGatewaysAreRead(_ isCluster: Bool) async throws {
    let fabric = FakeServiceFabric.shop(cluster: isCluster)
    let snapshot = try await Self.snapshot(try fabric.plane())
    #expect(snapshot.namespaces.keys.map(\.name) == ["shop"])
    #expect(snapshot.services.keys.map(\.shortName).sorted() == ["shop/reviews", "shop/reviews2", "shop/web"])
    let web = try #require(snapshot.workloads.values.first { $0.ref.name == "web" })
    #expect(web.desired == 2)
    #expect(web.labels == ["service": "web", "network/inner": "member"])
    #expect(snapshot.readiness[web.ref]?.ready == 2)
    #expect(snapshot.endpoints.keys.map(\.name).sorted() == ["reviews2:0", "reviews:0", "web:0", "web:1"])
    let route = try #require(snapshot.routes[Self.route])
    #expect(route.rules.map(\.name) == ["reviews", "all", "raw"])
    #expect(route.hosts == ["*"])
    let first = route.rules[0]
    #expect(first.matches.first?.uri == .prefix("/reviews"))
    #expect(first.matches.first?.headers == ["x-canary": .exact("yes")])
    #expect(first.matches.first?.port == 80)
    #expect(first.action == "rewrite to /")
    #expect(first.backends.map(\.host) == ["reviews.shop"])
    #expect(first.backends.first?.port == 9080)
    #expect(first.backends.first?.weight == nil)
    #expect(route.rules[2].layer == .tcp)
    #expect(route.status.first?["Ready"]?.holds == true)
    let gateway = try #require(snapshot.gateways.values.first)
    #expect(gateway.listeners.map(\.port) == [80, 9000])
    let rules = ServiceFabricRules()
    let target = rules.routing(in: snapshot, plane: "fabric").target(of: first.backends[0], in: route)
    #expect(target.workloads.map(\.shortName) == ["shop/reviews"])
    #expect(rules.shares(of: first) == [1])
    #expect(rules.findings(in: snapshot, plane: "fabric").isEmpty)
    let versions = fabric.requests.map(\.url).filter { !$0.contains(isCluster ? "6.4-preview" : "2018-09-01-preview") }
    #expect(versions.isEmpty, "\(versions)")
  }

  @Test(arguments: [false, true])
  func listsAreReadToTheirLastPage(_ isCluster: Bool) async throws {
    let fabric = FakeServiceFabric.shop(cluster: isCluster)
    for number in 0..<5 { fabric.store("gateways/more-\(number)", FakeServiceFabric.edge) }
    fabric.change { $0.pageSize = 2 }
    #expect(try await fabric.plane().natives("gateway", namespace: nil).count == 6)
  }

  @Test func aPageOfAnotherServerDoesNotGetTheToken() async throws {
    let fabric = FakeServiceFabric.shop()
    fabric.change {
      $0.refusals = [
        FakeServiceFabric.answer(200, ["value": [], "nextLink": "https://management.azure.com.evil.example/x"])
      ]
    }
    await #expect { _ = try await fabric.plane().natives("gateway", namespace: nil) } throws: {
      ($0 as? MeshError)?.code == .malformed && "\($0)".contains("does not get the credential")
    }
    #expect(fabric.requests.count == 1)
  }

  @Test func aKindThatIsDeniedDoesNotHideTheOthers() async throws {
    let fabric = FakeServiceFabric.shop()
    fabric.change { $0.refusals = [fabric.refusal(403, "AuthorizationFailed", "no action networks/read")] }
    let snapshot = try await Self.snapshot(try fabric.plane())
    #expect(snapshot.routes[Self.route] != nil)
    guard case .refused(let reason)? = snapshot.feeds[.init(plane: "fabric", kind: "network")] else {
      Issue.record("networks count as read")
      return
    }
    #expect(reason.contains("AuthorizationFailed"))
  }

  @Test func whatIsNotServedAtAllIsTheFailure() async throws {
    let fabric = FakeServiceFabric.shop()
    let gone = fabric.refusal(404, "InvalidResourceType", "The resource type could not be found")
    fabric.change { $0.refusals = [gone, gone, gone, gone] }
    await #expect { _ = try await Self.snapshot(try fabric.plane()) } throws: {
      ($0 as? MeshError)?.code == .notFound && "\($0)".contains("2021-04-28")
    }
  }

  @Test func aPasswordOfARegistryIsNotShown() async throws {
    let plane = try FakeServiceFabric.shop().plane()
    let ref = ObjectRef(plane: "fabric", namespace: "shop", kind: "workload", name: "web")
    let native = try await plane.native(ref)
    #expect(JSONWriter.text(native.json).contains("imageRegistryCredential"))
    #expect(!JSONWriter.text(native.json).contains("pw-leak"))
  }

  @Test func natureIsToldByTypeOrMembers() async throws {
    for isCluster in [false, true] {
      let plane = try FakeServiceFabric.shop(cluster: isCluster).plane()
      for kind in ["network", "application", "gateway"] {
        let native = try #require(try await plane.natives(kind, namespace: nil).first)
        #expect(plane.identity(of: native.json) == native.ref, "\(kind)")
      }
    }
    let plane = try FakeServiceFabric.shop().plane()
    #expect(plane.identity(of: ["meshName": "shop", "spec": [:]]) == nil)
    #expect(plane.identity(of: ["name": "x", "type": "Microsoft.Network/gateways", "properties": [:]]) == nil)
  }

  @Test func everyNoHasItsReason() async throws {
    let plane = await (try FakeServiceFabric.shop().plane()).plane
    for ability in Capabilities.Ability.allCases {
      guard case .no(let reason) = plane.capabilities[ability] else { continue }
      #expect(reason.contains("Service Fabric"), "\(ability): \(reason)")
    }
    #expect(!plane.capabilities[.editWeights].isYes && !plane.capabilities[.editMTLS].isYes)
    #expect(plane.capabilities[.editRules].isYes)
    #expect(plane.notice?.contains("2021-04-28") == true)
  }

  @Test func aDestinationThatIsNotThereIsAFinding() async throws {
    let fabric = FakeServiceFabric.shop()
    fabric.store(
      "gateways/edge",
      FakeServiceFabric.edge.setting(
        "gone", at: ["http", "0", "hosts", "0", "routes", "0", "destination", "serviceName"]))
    let snapshot = try await Self.snapshot(try fabric.plane())
    let findings = ServiceFabricRules().findings(in: snapshot, plane: "fabric")
    #expect(findings.map(\.code) == ["MD4401"])
    #expect(findings.first?.message == "there is no service gone in application shop")
  }

  @Test(arguments: [false, true])
  func theCheckTellsWhoOneIsAndWhatOneMayDo(_ isCluster: Bool) async throws {
    let fabric = FakeServiceFabric.shop(cluster: isCluster)
    let checks = await (try fabric.plane()).check()
    func detail(_ name: String) -> String { checks.filter { $0.name == name }.map(\.detail).joined(separator: "; ") }
    #expect(detail("service").contains("2021-04-28"))
    #expect(detail("permissions").contains("1 gateway"))
    #expect(checks.allSatisfy { $0.result != .failed })
    if isCluster {
      #expect(detail("identity").contains("client certificate"))
    } else {
      #expect(detail("identity") == "application client of tenant tenant")
      #expect(detail("credentials") == "client secret of the environment")
      #expect(detail("writing") == "may write and delete gateways")
      fabric.change { $0.permissions = [["actions": ["*/read"], "notActions": []]] }
      let again = await (try fabric.plane()).check()
      #expect(again.contains { $0.name == "writing" && $0.result == .warning && $0.detail.contains("may not write") })
    }
    #expect(!"\(checks)".contains("never-shown"))
  }
}
