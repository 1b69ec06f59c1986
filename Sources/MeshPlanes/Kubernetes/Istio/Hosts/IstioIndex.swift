import MeshModel
import Synchronization

/// What Istio's rules over one plane of a snapshot look things up in.
struct IstioIndex: Sendable {
  let settings: MeshSettings
  let hosts: HostIndex
  let destinations: DestinationIndex
  let instances: InstanceIndex
  let workloads: WorkloadsByLabel
  let roots: [ObjectRef: [DelegateRoot]]
  /// How gateways reach Services by the Gateway API's BackendTLSPolicies, by namespace and name of the Service.
  let backendTLS: [String: [DestinationPolicy]]

  /// Indexes one plane of a snapshot.
  init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    let settings = settings ?? snapshot.meshes[plane] ?? Self.assumed(snapshot, plane: plane)
    self.settings = settings
    hosts = HostIndex(snapshot, plane: plane, settings: settings)
    destinations = DestinationIndex(snapshot, plane: plane, settings: settings)
    instances = InstanceIndex(snapshot, plane: plane)
    workloads = WorkloadsByLabel(snapshot, plane: plane)
    roots = DelegateRoot.all(in: snapshot, plane: plane, settings: settings)
    var backendTLS: [String: [DestinationPolicy]] = [:]
    for policy in snapshot.destinations.values
    where policy.ref.kind == GatewayAPIKind.backendTLSPolicy.rawValue && policy.ref.plane == plane {
      backendTLS["\(policy.ref.namespace)/\(policy.host)", default: []].append(policy)
    }
    self.backendTLS = backendTLS
  }

  /// The settings of a mesh that nobody told of: callers of Istio before 1.5 do not use mesh TLS by themselves.
  private static func assumed(_ snapshot: MeshSnapshot, plane: PlaneName) -> MeshSettings {
    MeshSettings(autoMTLS: AuthenticationPolicies.reign(snapshot, plane: plane, version: "") != .older)
  }
}

/// The index of each plane's newest configuration: routing, analysis and mTLS ask for the same one, and traffic changes
/// every few seconds where configuration seldom does.
final class IstioIndexMemo: Sendable {
  private let known = Mutex<[PlaneName: (generation: Int, index: IstioIndex)]>([:])

  /// The index of one plane of a snapshot.
  func index(of snapshot: MeshSnapshot, plane: PlaneName) -> IstioIndex {
    // What was put together by hand has no generation.
    guard snapshot.generation > 0 else { return IstioIndex(snapshot, plane: plane) }
    let kept = known.withLock { $0[plane] }
    if let kept, kept.generation == snapshot.generation { return kept.index }
    let index = IstioIndex(snapshot, plane: plane)
    known.withLock { $0[plane] = (snapshot.generation, index) }
    return index
  }
}
