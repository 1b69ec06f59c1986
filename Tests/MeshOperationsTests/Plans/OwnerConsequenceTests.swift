import MeshModel
import Testing

@testable import MeshOperations

@Suite struct OwnerConsequenceTests {
  @Test(
    arguments: [
      ("Flagger", "suspend the Canary api"), ("Argo Rollouts", "reverts weights at once"), ("Argo CD", "change Git"),
      ("Flux", "flux suspend kustomization api"), ("Helm", "helm upgrade api"), ("Kustomize", "apply -k"),
      ("Shift", "edit api instead"),
    ])
  func everyOwnerSaysWhatItWillDoToTheEdit(tool: String, words: String) {
    let owner = Owner(tool: tool, name: "api", evidence: "a label")
    #expect(owner.consequence.contains(words))
  }
}
