import MeshModel

/// What a dialect may ask where there is no access to the cluster: nothing, which every answer says.
struct DetachedAccess: KubernetesAccess {
  let plane: PlaneName
  let clock: @Sendable () -> Instant

  var now: Instant { clock() }

  private var refusal: MeshError {
    MeshError(.notFound, "this plane has no access to istiod's cluster", plane: plane)
  }

  func apiVersion(of kind: ObjectKind) async -> String? { nil }

  func path(of kind: ObjectKind, namespace: String, name: String?) async throws(MeshError) -> String { throw refusal }

  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject { throw refusal }

  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] { throw refusal }

  func get(pod: String, namespace: String, port: Int, path: String) async throws(MeshError) -> [UInt8] {
    throw refusal
  }
}
