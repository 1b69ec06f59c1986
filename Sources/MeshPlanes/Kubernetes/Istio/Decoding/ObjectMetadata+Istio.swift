import MeshModel

extension ObjectMetadata {
  /// The identity of one of Istio's objects on a plane.
  func ref(_ kind: IstioKind, on plane: PlaneName) -> ObjectRef { ref(kind.rawValue, on: plane) }
}
