import MeshModel

extension Owner {
  /// What the owner will do to an edit of its object, and the verb that does what was wanted through it.
  ///
  /// Sources: Argo Rollouts' controller writes weights at every reconciliation; Flagger at every step of an analysis;
  /// Argo CD and Flux restore what Git says (Argo CD where self-heal is on); Helm compares only when upgraded.
  var consequence: String {
    let named = name.isEmpty ? "" : " \(name)"
    return switch tool {
    case "Flagger":
      "it sets the weights again at its next step; suspend the Canary\(named) (spec.suspend), or edit its analysis"
    case "Argo Rollouts":
      "its controller reverts weights at once; use `kubectl argo rollouts promote\(named)`, or abort"
    case "Argo CD":
      "with self-heal it reverts the edit, without it shows OutOfSync; change Git, or switch auto-sync of\(named) off"
    case "Flux":
      "it reverts the edit within its interval; change Git, or `flux suspend kustomization\(named)`"
    case "Helm": "the edit stays until a `helm upgrade\(named)` changes the same place; change the values too"
    case "Kustomize": "the next `kubectl apply -k` writes it again; change the overlay too"
    default: "whatever made it may undo the edit; edit\(named.isEmpty ? " that" : named) instead"
    }
  }
}
