import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// What Azure tells of a cluster of AKS: its Istio add-on, its revisions, and the way in.
@Suite(.timeLimit(.minutes(10))) struct AKSClusterTests {
  /// Azure Resource Manager with one cluster; paths that are not there are refused as Azure refuses them.
  struct Manager: HTTPTransport {
    var profile: JSONValue
    var offered: [String] = ["asm-1-24", "asm-1-25", "asm-1-26"]
    var actions: [String] = ["*"]

    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      throw TransportError(.unreachable, "no streams here")
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      guard request.method == .get else { throw TransportError(.malformed, "something is written") }
      let target = try TargetURL(parsing: request.url)
      let cluster = "/subscriptions/sub/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/prod"
      switch target.path {
      case cluster:
        return FakeServiceFabric.answer(
          200,
          [
            "location": "westeurope", "eTag": "1",
            "properties": [
              "currentKubernetesVersion": "1.33.4", "provisioningState": "Succeeded", "serviceMeshProfile": profile,
            ],
          ])
      case cluster + "/meshUpgradeProfiles":
        return FakeServiceFabric.answer(
          200, ["value": [["name": "istio", "properties": ["revision": "asm-1-25", "upgrades": ["asm-1-26"]]]]])
      case "/subscriptions/sub/providers/Microsoft.ContainerService/locations/westeurope/meshRevisionProfiles":
        let revisions = JSONValue.array(offered.map { ["revision": .string($0)] })
        return FakeServiceFabric.answer(
          200, ["value": [["name": "istio", "properties": ["meshRevisions": revisions]]]])
      case cluster + "/providers/Microsoft.Authorization/permissions":
        return FakeServiceFabric.answer(
          200, ["value": [["actions": .array(actions.map { .string($0) }), "notActions": []]]])
      default:
        return FakeServiceFabric.answer(
          404, ["error": ["code": "ResourceNotFound", "message": .string("no \(target.path)")]])
      }
    }
  }

  static func checks(_ manager: Manager, cluster: String = "prod") async throws -> [PlaneCheck] {
    var settings = AzureSettings()
    for (name, value) in [("subscription", "sub"), ("resourceGroup", "shop"), ("cluster", cluster)] {
      settings[name] = value
    }
    var options = Session.Options()
    let authority = FakeAuthority()
    options.transport = { _ in FakeAuthority.Router(authority: authority, resources: manager) }
    options.gate = OriginGate()
    options.retry = .never
    let environment = ["AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "never-shown-secret"]
    return await (try AKSCluster(plane: "prod", settings: settings, environment: environment, options: options)).check()
  }

  static let profile: JSONValue = [
    "mode": "Istio",
    "istio": [
      "revisions": ["asm-1-25"],
      "components": [
        "ingressGateways": [["mode": "External", "enabled": true], ["mode": "Internal", "enabled": false]],
        "egressGateways": [["name": "out", "enabled": true]],
      ],
      "certificateAuthority": [
        "plugin": ["keyVaultId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/keys"]
      ],
    ],
  ]

  @Test func theAddOnIsTold() async throws {
    let checks = try await Self.checks(Manager(profile: Self.profile))
    func detail(_ name: String) -> String { checks.filter { $0.name == name }.map(\.detail).joined(separator: "; ") }
    #expect(checks.allSatisfy { $0.result == .ok }, "\(checks)")
    #expect(detail("azure-identity") == "application client of tenant tenant by client secret of the environment")
    #expect(detail("aks") == "cluster prod in westeurope, Kubernetes 1.33.4, Succeeded")
    #expect(
      detail("istio-addon")
        == "Istio, revision asm-1-25; gateways: ingress external, egress out; certificates signed by the authority in key vault keys"
    )
    #expect(detail("istio-upgrades") == "to asm-1-26")
    #expect(detail("istio-revisions") == "westeurope offers asm-1-24, asm-1-25, asm-1-26")
    #expect(detail("way-in").contains("az aks get-credentials --subscription sub --resource-group shop --name prod"))
    #expect(!"\(checks)".contains("never-shown"))
  }

  @Test func anUpgradeUnderWayAndARevisionNoLongerOfferedAreTold() async throws {
    let profile = Self.profile.setting(["asm-1-23", "asm-1-24"], at: ["istio", "revisions"])
    let checks = try await Self.checks(Manager(profile: profile, actions: ["*/read"]))
    #expect(checks.contains { $0.detail.contains("an upgrade is under way: revisions asm-1-23 and asm-1-24") })
    #expect(
      checks.contains {
        $0.name == "istio-revisions" && $0.result == .warning && $0.detail.contains("asm-1-23 is no longer offered")
      })
    #expect(checks.contains { $0.name == "way-in" && $0.result == .warning && $0.detail.contains("do not allow") })
  }

  @Test(arguments: [JSONValue.null, ["mode": "Disabled"]])
  func aClusterWithoutTheAddOnSaysSo(_ profile: JSONValue) async throws {
    let checks = try await Self.checks(Manager(profile: profile))
    #expect(
      checks.contains { $0.name == "istio-addon" && $0.result == .skipped && $0.detail.contains("not installed") })
    #expect(!checks.contains { $0.name == "istio-upgrades" })
  }

  @Test func aClusterThatIsNotThereFails() async throws {
    let checks = try await Self.checks(Manager(profile: Self.profile), cluster: "other")
    #expect(checks.contains { $0.name == "aks" && $0.result == .failed && $0.detail.contains("ResourceNotFound") })
  }

  static func map(_ namespace: String, _ name: String, _ mesh: String?) -> NativeObject {
    var json: JSONValue = ["metadata": ["name": .string(name)]]
    if let mesh { json["data"] = ["mesh": .string(mesh)] }
    return NativeObject(
      ref: ObjectRef(plane: "p", namespace: namespace, kind: "configmap", name: name), path: "", json: json, version: ""
    )
  }

  @Test func theAddOnsIstiodIsFoundInItsOwnNamespace() throws {
    let maps = [
      Self.map("aks-istio-system", "istio-asm-1-9", "trustDomain: old.example"),
      Self.map("aks-istio-system", "istio-asm-1-25", "trustDomain: cluster.local\nenableAutoMtls: true"),
      Self.map("aks-istio-system", "istio-shared-configmap-asm-1-25", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"),
      Self.map("aks-istio-system", "istio-shared-configmap-asm-1-9", "trustDomain: wrong.example"),
      Self.map("aks-istio-system", "istio-ca-root-cert", nil),
    ]
    let settings = try #require(IstioSettingsReader.settings(of: IstioSettingsReader.revisioned(maps)))
    #expect(settings.rootNamespace == "aks-istio-system")
    #expect(settings.trustDomain == "cluster.local")
    #expect(!settings.allowsUnknownHosts)
    #expect(IstioSettingsReader.settings(of: IstioSettingsReader.revisioned([])) == nil)
  }
}
