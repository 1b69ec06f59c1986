public import MeshModel
public import MeshTransport

/// A cluster of AKS as Azure Resource Manager tells of it: its Istio add-on, revisions and gateways.
///
/// It is read here and edited through the Kubernetes plane, whose API it is not: routes and policies of the add-on are
/// Istio's own objects, and its revisions are changed by the `az aks mesh` commands, which know the steps of an upgrade.
/// Source: azure-mgmt-containerservice 41.8.0 (`ServiceMeshProfile`, `MeshRevisionProfile`, `MeshUpgradeProfile`).
public struct AKSCluster: Sendable {
  private let client: AzureClient
  private let subscription: String
  private let group: String
  private let name: String

  private static let version = "?api-version=2026-08-01"

  /// A cluster by its settings; nothing is asked yet.
  ///
  /// - Parameter options: Rate, clock and transport; nothing is ever written.
  public init(
    plane: PlaneName, settings: AzureSettings, environment: [String: String],
    options: Session.Options = Session.Options()
  ) throws(MeshError) {
    subscription = settings["subscription"] ?? ""
    group = settings["resourceGroup"] ?? ""
    name = settings["cluster"] ?? ""
    let surroundings = AzureEnvironment(endpoint: settings["endpoint"], environment: environment)
    var options = options
    options.settings = ConnectionSettings()
    options.writes = .refused(reason: "a cluster's own settings are only read")
    client = try AzureClient(
      plane: plane, endpoint: surroundings.endpoint,
      identity: AzureIdentity(surroundings, subscription: subscription, options: options), options: options)
  }

  private var path: String {
    AzureScope.group(group, of: subscription) + "/providers/Microsoft.ContainerService/managedClusters/"
      + PercentCoding.encode(name)
  }

  /// Checks who one is at Azure, what the add-on is, what may be upgraded to, and the way in.
  public func check() async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    do throws(MeshError) {
      if let token = try await client.identity?.token() {
        checks.add("azure-identity", .ok, "\(token.bearer ?? "a token that names nobody") by \(token.source)")
      }
      let cluster = try await client.get(path + Self.version, what: "read AKS cluster \(name)")
      let properties = cluster["properties"]
      let location = cluster["location"]?.string ?? ""
      checks.add(
        "aks", .ok,
        "cluster \(name) in \(location), Kubernetes \(properties?["currentKubernetesVersion"]?.string ?? "unknown"), "
          + (properties?["provisioningState"]?.string ?? "state unknown"))
      let profile = AKSMeshProfile(properties?["serviceMeshProfile"])
      checks.add("istio-addon", profile.isOn ? .ok : .skipped, profile.words)
      if profile.isOn {
        checks += await revisions(of: profile, in: location)
      }
      checks.append(await wayIn())
    } catch {
      let isAnswered = [.forbidden, .unauthenticated, .notFound].contains(error.code)
      checks.add("aks", isAnswered ? .failed : .warning, error.message, remedy: error.remedy)
    }
    return checks
  }

  /// What the add-on can be upgraded to, and whether its revisions are still offered.
  private func revisions(of profile: AKSMeshProfile, in location: String) async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    do throws(MeshError) {
      let entries = try await client.list(path + "/meshUpgradeProfiles" + Self.version, what: "list mesh upgrades")
      let upgrades = Set(entries.flatMap { ($0["properties"]?["upgrades"]?.array ?? []).compactMap(\.string) })
        .subtracting(profile.revisions)
      checks.append(
        PlaneCheck(
          name: "istio-upgrades", result: .ok,
          detail: upgrades.isEmpty ? "none is offered" : "to \(upgrades.sorted().joined(separator: ", "))",
          remedy: upgrades.isEmpty ? nil : "az aks mesh upgrade start -g \(group) -n \(name) --revision …"))
    } catch {
      checks.append(
        PlaneCheck(name: "istio-upgrades", result: .warning, detail: error.message, remedy: error.remedy))
    }
    do throws(MeshError) {
      let place =
        AzureScope.subscription(subscription) + "/providers/Microsoft.ContainerService/locations/"
        + PercentCoding.encode(location)
      let entries = try await client.list(
        place + "/meshRevisionProfiles" + Self.version, what: "list the mesh revisions of \(location)")
      let offered = entries.flatMap {
        ($0["properties"]?["meshRevisions"]?.array ?? []).compactMap { $0["revision"]?.string }
      }
      let gone = profile.revisions.filter { !offered.contains($0) }
      checks.append(
        PlaneCheck(
          name: "istio-revisions", result: gone.isEmpty ? .ok : .warning,
          detail: gone.isEmpty
            ? "\(location) offers \(offered.joined(separator: ", "))"
            : "\(gone.joined(separator: ", ")) is no longer offered in \(location); it offers "
              + offered.joined(separator: ", "),
          remedy: gone.isEmpty ? nil : "upgrade the add-on: a revision that is not offered gets no fixes"))
    } catch {
      checks.append(
        PlaneCheck(name: "istio-revisions", result: .warning, detail: error.message, remedy: error.remedy))
    }
    return checks
  }

  /// How one gets to the cluster itself. The kubeconfig is a credential: it is neither fetched nor shown here.
  private func wayIn() async -> PlaneCheck {
    let command = "az aks get-credentials --subscription \(subscription) --resource-group \(group) --name \(name)"
    let action = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
    do throws(MeshError) {
      let entries = try await client.list(AzurePermissions.path(scope: path), what: "read one's permissions")
      let isAllowed = AzurePermissions(entries).allow(action)
      return PlaneCheck(
        name: "way-in", result: isAllowed ? .ok : .warning,
        detail: isAllowed ? "one may fetch a kubeconfig with: \(command)" : "one's roles do not allow \(action)",
        remedy: isAllowed ? nil : "ask for the role Azure Kubernetes Service Cluster User")
    } catch {
      return PlaneCheck(name: "way-in", result: .warning, detail: error.message, remedy: error.remedy)
    }
  }
}

/// The Istio add-on of a cluster as its `serviceMeshProfile` says.
struct AKSMeshProfile: Sendable, Hashable {
  /// Whether the add-on is installed.
  let isOn: Bool
  /// The control plane's revisions, such as `asm-1-24`: two while an upgrade is under way.
  let revisions: [String]
  private let gateways: [String]
  private let vault: String?

  init(_ json: JSONValue?) {
    isOn = json?["mode"]?.string == "Istio"
    let istio = json?["istio"]
    revisions = (istio?["revisions"]?.array ?? []).compactMap(\.string)
    let components = istio?["components"]
    func enabled(_ member: String) -> [JSONValue] {
      (components?[member]?.array ?? []).filter { $0["enabled"]?.bool == true }
    }
    gateways =
      enabled("ingressGateways").map { "ingress \(($0["mode"]?.string ?? "of unknown mode").lowercased())" }
      + enabled("egressGateways").map { "egress \($0["name"]?.string ?? "")" }
    vault = istio?["certificateAuthority"]?["plugin"]?["keyVaultId"]?.string?.split(separator: "/").last.map(
      String.init)
  }

  /// The add-on in one line.
  var words: String {
    guard isOn else { return "the Istio add-on is not installed on this cluster (az aks mesh enable)" }
    let state =
      switch revisions.count {
      case 0: "revision unknown"
      case 1: "revision \(revisions[0])"
      default: "an upgrade is under way: revisions \(revisions.joined(separator: " and "))"
      }
    let entrances = gateways.isEmpty ? "no gateways" : "gateways: \(gateways.joined(separator: ", "))"
    return "Istio, \(state); \(entrances); "
      + (vault.map { "certificates signed by the authority in key vault \($0)" }
        ?? "certificates signed by its own authority")
  }
}
