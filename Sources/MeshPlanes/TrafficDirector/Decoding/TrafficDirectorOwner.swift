import MeshModel

/// Whether a controller of Google's made an object, so that Google takes no edits of it.
///
/// Sources: Cloud Service Mesh, "Understand Cloud Service Mesh API resources": what is made from Gateway or Istio objects
/// cannot be modified or deleted; GKE's Gateway controllers name what they make `gkegw1-…` and `gkemcg1-…` and write the
/// Kubernetes object into the description, as the ingress controller does with `kubernetes.io/…`.
enum TrafficDirectorOwner {
  /// The controller; `nil` where none shows.
  static func owner(of json: JSONValue) -> Owner? {
    let id = json["name"]?.string.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
    for (mark, tool) in [("gkegw", "GKE Gateway controller"), ("gkemcg", "GKE multi-cluster Gateway controller")]
    where isMarked(id, mark) {
      return Owner(tool: tool, name: id, evidence: "name \(mark)N-…")
    }
    if let description = json["description"]?.string, description.hasPrefix("{"),
      let told = try? JSONValue(parsing: description), let names = told.object?.names,
      let evidence = names.first(where: {
        $0.hasPrefix("kubernetes.io/") || $0.hasPrefix("networking.gke.io/") || $0.hasPrefix("k8s")
      })
    {
      return Owner(tool: "GKE", name: told[evidence]?.string ?? id, evidence: "description has \(evidence)")
    }
    for label in json["labels"]?.object?.names ?? [] where label.hasPrefix("goog-gke") {
      return Owner(tool: "GKE", name: id, evidence: "label \(label)")
    }
    return nil
  }

  /// Whether a name is the mark, digits and a hyphen.
  private static func isMarked(_ id: String, _ mark: String) -> Bool {
    guard id.hasPrefix(mark) else { return false }
    let rest = id.dropFirst(mark.count)
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    return !digits.isEmpty && rest.dropFirst(digits.count).first == "-"
  }
}
