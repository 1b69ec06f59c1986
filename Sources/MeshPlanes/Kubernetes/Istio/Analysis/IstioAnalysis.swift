public import MeshModel

/// Problems of Istio configuration, found over a whole snapshot: live or made of files.
///
/// Pure: hosts, subsets, selectors and policies are indexed once. Codes follow the numbering of Kiali where it has one
/// (`MD1101` is `KIA1101`); each finding names its counterparts of Kiali and of `istioctl analyze`.
/// Sources: Kiali's validations (KIA) and Istio's analysis messages (IST).
public struct IstioAnalysis: Sendable {
  let snapshot: MeshSnapshot
  let plane: PlaneName
  let settings: MeshSettings
  let hosts: HostIndex
  let destinations: DestinationIndex
  let instances: InstanceIndex
  let mtls: IstioMTLS
  /// Whether services are known, so that an unknown host is one.
  let knowsServices: Bool
  /// The end of the hosts whose services are known, where those of one namespace were read; empty where all were.
  private let knownHosts: String
  /// Whether instances are known, so that a selector without instance selects nothing.
  let knowsInstances: Bool
  private let workloadLabels: [String: [[String: String]]]

  /// Indexes one plane of a snapshot.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    self.init(snapshot, plane: plane, index: IstioIndex(snapshot, plane: plane, settings: settings))
  }

  /// Uses an index that was made already.
  init(_ snapshot: MeshSnapshot, plane: PlaneName, index: IstioIndex) {
    self.snapshot = snapshot
    self.plane = plane
    settings = index.settings
    hosts = index.hosts
    destinations = index.destinations
    instances = index.instances
    mtls = IstioMTLS(snapshot, plane: plane, index: index)
    func isRead(_ kinds: String...) -> Bool {
      kinds.allSatisfy { kind in
        switch snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: kind)] {
        case nil, .live, .stale: true
        case .loading, .refused, .absent: false
        }
      }
    }
    knowsServices = isRead("service", "serviceentry") && snapshot.services.keys.contains { $0.plane == plane }
    let only = Self.onlyNamespace(of: snapshot, plane: plane)
    knownHosts = only.isEmpty ? "" : ".\(only).svc.\(index.settings.domain)"
    knowsInstances =
      isRead("pod", "workloadentry")
      && (snapshot.endpoints.keys.contains { $0.plane == plane }
        || snapshot.workloads.keys.contains { $0.plane == plane })
    var labels: [String: [[String: String]]] = [:]
    for workload in snapshot.workloads.values where workload.ref.plane == plane {
      labels[workload.ref.namespace, default: []].append(workload.labels)
    }
    workloadLabels = labels
  }

  /// The namespace whose services alone are read; empty where all are.
  private static func onlyNamespace(of snapshot: MeshSnapshot, plane: PlaneName) -> String {
    switch snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: "service")] {
    case .live(_, let namespace)?: return namespace
    case .stale?:
      // It does not say how much was read: what is known does.
      var namespaces: Set<String> = []
      for ref in snapshot.services.keys where ref.plane == plane && ref.kind == "service" {
        namespaces.insert(ref.namespace)
        if namespaces.count > 1 { return "" }
      }
      return namespaces.first ?? ""
    default: return ""
    }
  }

  /// Every problem found, the worst first, then by object and place.
  public func findings() -> [Finding] {
    var found: [Finding] = []
    checkRoutes(into: &found)
    checkOverlaps(into: &found)
    checkDestinations(into: &found)
    checkGateways(into: &found)
    checkPeerAuthentications(into: &found)
    checkOlderPolicies(into: &found)
    checkAccess(into: &found)
    checkSidecars(into: &found)
    return found.sorted {
      if $0.severity != $1.severity { return $0.severity > $1.severity }
      if $0.object != $1.object { return $0.object < $1.object }
      return ($0.code, $0.pointer.tokens.count, $0.pointer.description)
        < ($1.code, $1.pointer.tokens.count, $1.pointer.description)
    }
  }

  /// The problems of one object.
  public func findings(of ref: ObjectRef) -> [Finding] { findings().filter { $0.object == ref } }

  /// Whether a service of a host would be known if there was one.
  func wouldKnow(_ host: String) -> Bool { host.hasSuffix(knownHosts) }

  /// Whether a selector selects an instance, or a workload that has none at the moment.
  func isSelecting(_ selector: [String: String], and labels: [String: String] = [:], in namespace: String) -> Bool {
    instances.isAnySelected(by: selector, and: labels, in: namespace)
      || (workloadLabels[namespace] ?? []).contains { IstioHost.selects(selector, $0) && IstioHost.selects(labels, $0) }
  }

  /// Whether a selector selects an instance or a workload in any namespace.
  func isSelectingAnywhere(_ selector: [String: String]) -> Bool {
    instances.isAnySelectedAnywhere(by: selector)
      || workloadLabels.values.contains { $0.contains { IstioHost.selects(selector, $0) } }
  }

  static func words(_ labels: [String: String]) -> String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }
}
