import MeshModel
import Testing

@testable import MeshOperations

@Suite struct OwnerConsequenceTests {
  @Test(
    arguments: [
      ("Flagger", "canary.flagger.app", "meshdeck owner suspend canary/api -n shop"),
      ("Argo Rollouts", "rollout.argoproj.io", "writes its step's weights again at once"),
      ("Argo Rollouts", "rollout.argoproj.io", "meshdeck owner suspend rollout/api -n shop"),
      ("Argo CD", "application.argoproj.io", "meshdeck owner suspend application/api -n shop"),
      ("Flux", "kustomization.kustomize.toolkit.fluxcd.io", "meshdeck owner suspend kustomization/api -n shop"),
      ("Flux", "helmrelease.helm.toolkit.fluxcd.io", "meshdeck owner suspend helmrelease/api -n shop"),
      ("Flagger", "canary.flagger.app", "meshdeck owner promote canary/api -n shop"),
      ("Argo CD", "application.argoproj.io", "change Git and `meshdeck owner sync application/api -n shop`"),
      ("Flux", "helmrelease.helm.toolkit.fluxcd.io", "change Git and `meshdeck owner sync helmrelease/api -n shop`"),
      ("Helm", "", "helm upgrade api -n shop"), ("Helm", "", "helm get values api -n shop"),
      ("Kustomize", "", "apply -k"), ("Shift", "", "edit api instead"),
    ])
  func everyOwnerSaysWhatItWillDoToTheEditAndHowItIsHeld(tool: String, kind: String, words: String) {
    let owner = Owner(tool: tool, name: "api", evidence: "a label", kind: kind, namespace: "shop")
    #expect(owner.consequence.contains(words), "\(owner.consequence)")
  }

  @Test func anOwnerThatIsNotNamedIsLeftForTheOperatorToName() {
    let owner = Owner(tool: "Flux", name: "", evidence: "field manager", kind: "helmrelease.helm.toolkit.fluxcd.io")
    #expect(owner.suspension == "meshdeck owner suspend helmrelease/NAME")
  }
}
