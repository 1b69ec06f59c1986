import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Services that other clusters export to this one, and calls that cross.
@Suite(.timeLimit(.minutes(10))) struct ConsulPeeringTests {
  /// A Consul that imports `tax` from the peer `east`; `web` is set up to call that one and one of its own of the name.
  static func peered(state: String = "ACTIVE") -> FakeConsul {
    let consul = FakeConsul.stock()
    consul.register("tax")
    consul.change { consul in
      let node: JSONValue = ["Node": "east-1", "Address": "10.9.0.1", "PeerName": "east"]
      func answer(_ path: String, _ json: JSONValue) {
        consul.answers[path] = HTTPResponse(status: 200, body: JSONWriter.bytes(json))
      }
      answer(
        "/v1/peerings",
        [
          [
            "Name": "east", "State": .string(state),
            "StreamStatus": ["ImportedServices": ["tax"], "ExportedServices": ["stock"]],
          ]
        ])
      answer(
        "/v1/health/service/tax?peer=east",
        [
          [
            "Node": node, "Service": ["ID": "tax-1", "Service": "tax", "Port": 9443, "PeerName": "east"],
            "Checks": [["Status": "passing"]],
          ],
          [
            "Node": node, "Service": ["ID": "tax-2", "Service": "tax", "Port": 9443, "PeerName": "east"],
            "Checks": [["Status": "critical"]],
          ],
        ])
      answer(
        "/v1/health/connect/tax?peer=east",
        [
          [
            "Node": node,
            "Service": [
              "ID": "tax-1-sidecar-proxy", "Service": "tax-sidecar-proxy", "Kind": "connect-proxy",
              "Connect": ["PeerMeta": ["SNI": ["tax.default.east.external.f01.consul"], "Protocol": "grpc"]],
            ],
          ]
        ])
      let proxy: JSONValue = [
        "Kind": "connect-proxy", "ID": "web-sidecar", "Service": "web-sidecar-proxy",
        "Proxy": [
          "DestinationServiceName": "web", "DestinationServiceID": "web",
          "Upstreams": [
            ["DestinationName": "tax", "DestinationPeer": "east"], ["DestinationName": "tax"],
          ],
        ],
      ]
      let here: JSONValue = ["Node": "vm-web", "Address": "10.0.0.9"]
      consul.instances["web"] = [["Node": here, "Service": ["ID": "web", "Service": "web", "Port": 80]]]
      consul.instances["web-sidecar-proxy"] = [["Node": here, "Service": proxy]]
    }
    return consul
  }

  @Test func aPeersServiceStandsBesideOnesOwnOfTheSameName() async throws {
    let snapshot = try await ConsulPlaneTests.snapshot(try Self.peered().plane())
    let service = try #require(snapshot.services[ConsulPlaneTests.ref("service", "tax@east")])
    #expect(service.isExternal && service.runtime == .external && service.role == .grpc)
    #expect(service.remote == RemoteService(host: "tax.service.consul", cluster: "east"))
    #expect(service.ports.map(\.port) == [9443])
    let own = try #require(snapshot.services[ConsulPlaneTests.ref("service", "tax")])
    #expect(!own.isExternal && own.remote == nil)
    let readiness = try #require(snapshot.readiness[ConsulPlaneTests.ref("workload", "tax@east")])
    #expect(readiness.ready == 1 && readiness.total == 2)
    let scope = try #require(snapshot.egressScopes[ConsulPlaneTests.ref("upstreams", "web")])
    #expect(scope.hosts == ["tax", "tax@east"] && scope.namesCallees)
  }

  @Test func aPeerThatFailsHasNothingReady() async throws {
    let snapshot = try await ConsulPlaneTests.snapshot(try Self.peered(state: "FAILING").plane())
    #expect(snapshot.readiness[ConsulPlaneTests.ref("workload", "tax@east")]?.ready == 0)
  }

  @Test func callsToAPeerGoByMutualTLSAndItsModeIsNotSetHere() async throws {
    let plane = try Self.peered().plane()
    let snapshot = try await ConsulPlaneTests.snapshot(plane)
    let client = try #require(snapshot.workloads[ConsulPlaneTests.ref("workload", "web")])
    let server = try #require(snapshot.workloads[ConsulPlaneTests.ref("workload", "tax@east")])
    let service = try #require(snapshot.services[ConsulPlaneTests.ref("service", "tax@east")])
    let verdict = ConsulRules().mtls(in: snapshot, plane: "vms").verdict(
      client: client, server: server, service: service, port: 9443)
    #expect(verdict.outcome == .mtls && verdict.reasons.contains { $0.description.contains("peer east") })
    let intent = MTLSIntent(
      plane: "vms", scope: .workload, namespace: "default", workload: "tax@east", mode: .permissive)
    let error = await #expect(throws: MeshError.self) { try await plane.steps(for: .mtls(intent), in: snapshot) }
    #expect(error?.code == .refused && error?.message.contains("peer east") == true)
  }

  /// An intention for a peer's service of a name says nothing of one's own of that name, nor does one's own wildcard say
  /// who may call a service of a peer.
  @Test func intentionsOfPeersAreOfOthers() async throws {
    let consul = Self.peered()
    consul.store([
      "Kind": "service-intentions", "Name": "*", "Sources": [["Name": "*", "Action": "deny"]],
    ])
    consul.store([
      "Kind": "service-intentions", "Name": "tax",
      "Sources": [["Name": "web", "Peer": "east", "Action": "allow"], ["Name": "*", "Action": "deny"]],
    ])
    let findings = ConsulRules().findings(in: try await ConsulPlaneTests.snapshot(try consul.plane()), plane: "vms")
    let denied = findings.filter { $0.code == "MD5105" }.map(\.message)
    #expect(denied.contains { $0.contains("web has tax as an upstream") })
    #expect(!denied.contains { $0.contains("tax@east") })
  }

  @Test func aChainThatEndsAtAPeerNamesIt() {
    let chain: JSONValue = [
      "Nodes": [
        "splitter:tax.default.default": [
          "Type": "splitter", "Name": "tax.default.default",
          "Splits": [["Weight": 100, "NextNode": "resolver:tax.default.default.external.east"]],
        ],
        "resolver:tax.default.default.external.east": [
          "Type": "resolver", "Resolver": ["Target": "tax.default.default.external.east"],
        ],
      ],
      "Targets": ["tax.default.default.external.east": ["Service": "tax", "Peer": "east"]],
    ]
    let routes = ConsulChainReader(chain, of: ConsulPlaneTests.ref("discovery-chain", "tax")).routes()
    #expect(routes.first?.clusters.map(\.host) == ["tax@east"])
  }

  @Test func serversWithoutPeeringAndTokensWithoutTheRightHideNothingElse() async throws {
    let consul = FakeConsul.stock()
    consul.change {
      $0.answers["/v1/peerings"] = HTTPResponse(
        status: 403, body: Array("Permission denied: token lacks permission 'peering:read'".utf8))
    }
    let snapshot = try await ConsulPlaneTests.snapshot(try consul.plane())
    #expect(snapshot.services.count == 2)
    guard case .refused(let reason)? = snapshot.feeds[MeshSnapshot.FeedKey(plane: "vms", kind: "peering")] else {
      Issue.record("the gap is not told: \(snapshot.feeds)")
      return
    }
    #expect(reason.contains("peering:read"))
    #expect(try await ConsulPlaneTests.snapshot(try FakeConsul.stock().plane()).services.count == 2)
  }

  @Test(arguments: [
    (["tax", "team/rates", "blue/team/levy"], nil as String?, ["tax"]),
    (["tax", "team/rates", "blue/team/levy"], "team", ["rates", "levy"]), (["default/tax"], "default", ["tax"]),
  ])
  func importedNamesAreOfTheirNamespace(_ imported: [String], _ namespace: String?, _ names: [String]) throws {
    let peering = try #require(
      ConsulPeering([
        "Name": "east", "State": "ACTIVE",
        "StreamStatus": ["ImportedServices": .array(imported.map(JSONValue.string))],
      ]))
    #expect(peering.services(in: namespace) == names)
  }
}
