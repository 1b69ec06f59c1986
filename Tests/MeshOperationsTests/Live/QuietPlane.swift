import MeshModel
import MeshPlanes

@testable import MeshOperations

/// A plane that has nothing to tell and takes no edit, but for what a test gives it to say.
protocol QuietPlane: ControlPlane {}

extension QuietPlane {
  func check() async -> [PlaneCheck] { [] }
  var configurationKinds: [ObjectKind] { [] }
  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] { [] }
  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject { throw MeshError(.notFound, "none") }
  func rules(for dialect: Dialect) -> (any DialectRules)? { nil }
  func permits(_ step: Step) async -> Capabilities.Answer { .yes }
  func dryRun(_ step: Step) async -> DryRunVerdict { DryRunVerdict(step: 0, accepted: true, message: "yes") }
  func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] { [] }
  func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    ProgrammedReport(at: .now)
  }
  func apply(_ step: Step) async throws(MeshError) -> StepOutcome { throw MeshError(.refused, "no") }
}
