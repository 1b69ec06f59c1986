public import MeshModel

extension Owner {
  /// What the owner will do to an edit of its object, and the verb that does what was wanted through it.
  ///
  /// Sources: Argo Rollouts' controller writes weights at every reconciliation, a paused Rollout's too; Flagger at every step
  /// of an analysis, and not at all while `spec.suspend` is true (its scheduler returns); Argo CD and Flux restore what Git
  /// says (Argo CD where self-heal is on); Helm compares only when upgraded.
  public var consequence: String {
    let named = name.isEmpty ? "" : " \(name)"
    return switch tool {
    case "Flagger":
      "it sets the weights again at its next step; \(first), let it on with `\(command("promote"))`, or edit its analysis"
    case "Argo Rollouts":
      "its controller writes its step's weights again at once, paused or not; `\(command("promote"))` "
        + "or `\(command("abort"))` moves them; to hold the step, \(first)"
    case "Argo CD":
      "with self-heal it reverts the edit, without it shows OutOfSync; change Git and `\(command("sync"))`, or \(first)"
    case "Flux": "it reverts the edit within its interval; change Git and `\(command("sync"))`, or \(first)"
    case "Helm":
      "the edit stays until a `helm upgrade\(named)\(place)` changes the same place; change the values too, which "
        + "`helm get values\(named)\(place)` tells"
    case "Kustomize": "the next `kubectl apply -k` writes it again; change the overlay too"
    default: "whatever made it may undo the edit; edit\(named.isEmpty ? " that" : named) instead"
    }
  }

  /// The command line that holds the owner: `meshdeck owner suspend canary/api -n shop`.
  public var suspension: String { command("suspend") }

  private var place: String { namespace.isEmpty ? "" : " -n \(namespace)" }

  private func command(_ verb: String) -> String {
    let word = OwnerHold.of(kind: kind)?.word ?? "KIND"
    return "meshdeck owner \(verb) \(word)/\(name.isEmpty ? "NAME" : name)\(place)"
  }

  private var first: String { "hold it: `\(suspension)`" }
}
