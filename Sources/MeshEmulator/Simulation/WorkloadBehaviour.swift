/// What a workload does: how it answers and what it calls.
struct WorkloadBehaviour: Sendable {
  var role: AppRole
  var behaviour: Scenario.Behaviour
  var calls: [Scenario.Call]
  /// The address of what stands outside the mesh, where it is told.
  var address: String?
}
