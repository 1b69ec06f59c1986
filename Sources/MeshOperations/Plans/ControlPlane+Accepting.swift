package import MeshModel
package import MeshPlanes

extension ControlPlane {
  /// Refuses a plan that was made for another control plane under the same name.
  package func accept(_ plan: Plan) async throws(MeshError) {
    guard let madeFor = plan.madeFor, try await uid() != madeFor else { return }
    throw MeshError(
      .refused, "the plan was made for another cluster than the one that is reached by this name now",
      plane: plan.intent.plane, remedy: "see `meshdeck planes`, or plan it afresh for this one")
  }
}
