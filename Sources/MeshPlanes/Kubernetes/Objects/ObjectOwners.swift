public import MeshModel

/// Who else writes an object, as its labels, annotations, owner references and field managers tell.
///
/// Sources: the tracking labels and annotations of Argo CD, Flux, Helm and Kustomize, the owner references of Flagger
/// and Argo Rollouts, and the field managers these controllers write with (the objects and fields each of them writes).
public enum ObjectOwners {
  /// The owners of a native object; none where its metadata cannot be read.
  public static func owners(of object: JSONValue) -> [Owner] {
    guard let metadata = object["metadata"],
      let meta = try? JSONReader.read(
        JSONWriter.bytes(metadata),
        { (reader: inout JSONReader) throws(JSONError) in
          try ObjectMetadata(&reader)
        })
    else { return [] }
    return owners(of: meta)
  }

  /// The owners of an object, each tool once, the strongest evidence first.
  static func owners(of meta: ObjectMetadata) -> [Owner] {
    if meta.labels.isEmpty, meta.annotations.isEmpty, meta.owners.isEmpty, meta.managers.isEmpty { return [] }
    var found: [Owner] = []
    func add(_ tool: String, _ name: String, _ evidence: String, kind: ObjectKind = "", in namespace: String = "") {
      guard !found.contains(where: { $0.tool == tool }) else { return }
      found.append(Owner(tool: tool, name: name, evidence: evidence, kind: kind, namespace: namespace))
    }
    for owner in meta.owners {
      let evidence = "owner reference \(owner.kind) \(owner.name)"
      switch owner.kind {
      case "Canary" where owner.apiVersion.hasPrefix("flagger.app/"):
        add("Flagger", owner.name, evidence, kind: canary, in: meta.namespace)
      case "Rollout" where owner.apiVersion.hasPrefix("argoproj.io/"):
        add("Argo Rollouts", owner.name, evidence, kind: rollout, in: meta.namespace)
      default: add(owner.kind, owner.name, evidence)
      }
    }
    for rule in marks {
      let values = rule.isLabel ? meta.labels : meta.annotations
      guard let value = values[rule.key], !value.isEmpty else { continue }
      let evidence = "\(rule.isLabel ? "label" : "annotation") \(rule.key)=\(value)"
      var name = rule.key.hasSuffix("tracking-id") ? String(value.prefix { $0 != ":" }) : value
      var namespace = rule.namespace.flatMap { values[$0] } ?? (rule.kind == rollout ? meta.namespace : "")
      if rule.kind == application, let sign = name.firstIndex(of: "_") {
        // An Application outside of Argo CD's own namespace is named with its namespace; names hold no `_`.
        namespace = String(name[..<sign])
        name = String(name[name.index(after: sign)...])
      }
      add(rule.tool, name, evidence, kind: rule.kind, in: namespace)
    }
    if let manager = meta.labels[managedBy] {
      let evidence = "label \(managedBy)=\(manager)"
      let lower = manager.lowercased()
      if lower == "helm" {
        add("Helm", meta.labels[instance] ?? "", evidence)
      } else if lower == "flagger" {
        add("Flagger", meta.name, evidence, kind: canary, in: meta.namespace)
      } else if lower.hasPrefix("kustomize") {
        add("Kustomize", "", evidence)
      }
    }
    for manager in meta.managers {
      guard let (tool, kind) = tool(ofManager: manager.manager) else { continue }
      add(tool, "", "field manager \(manager.manager) (\(manager.operation))", kind: kind)
    }
    return found
  }

  /// Whether a label or annotation of this name can tell an owner.
  static func asks(for name: JSONKey) -> Bool { names.contains(name.string) }

  private static let names = Set(
    marks.map(\.key) + marks.compactMap(\.namespace) + [managedBy, instance])
  private static let managedBy = "app.kubernetes.io/managed-by"
  private static let instance = "app.kubernetes.io/instance"
  private static let canary = "canary.flagger.app"
  private static let rollout = "rollout.argoproj.io"
  private static let application = "application.argoproj.io"
  private static let kustomization = "kustomization.kustomize.toolkit.fluxcd.io"
  private static let helmRelease = "helmrelease.helm.toolkit.fluxcd.io"

  private struct Mark {
    var tool: String
    var key: String
    var isLabel: Bool
    /// The kind of the owner's own object.
    var kind: ObjectKind = ""
    /// The label or annotation that holds the namespace of the owner's own object, or of its release.
    var namespace: String?
  }

  private static let marks: [Mark] = [
    Mark(tool: "Argo CD", key: "argocd.argoproj.io/tracking-id", isLabel: false, kind: application),
    Mark(tool: "Argo CD", key: "argocd.argoproj.io/instance", isLabel: true, kind: application),
    Mark(
      tool: "Argo Rollouts", key: "argo-rollouts.argoproj.io/managed-by-rollouts", isLabel: false, kind: rollout),
    Mark(
      tool: "Flux", key: "kustomize.toolkit.fluxcd.io/name", isLabel: true, kind: kustomization,
      namespace: "kustomize.toolkit.fluxcd.io/namespace"),
    Mark(
      tool: "Flux", key: "helm.toolkit.fluxcd.io/name", isLabel: true, kind: helmRelease,
      namespace: "helm.toolkit.fluxcd.io/namespace"),
    Mark(
      tool: "Helm", key: "meta.helm.sh/release-name", isLabel: false, namespace: "meta.helm.sh/release-namespace"),
    Mark(tool: "Kustomize", key: "config.kubernetes.io/origin", isLabel: false),
  ]

  private static func tool(ofManager manager: String) -> (tool: String, kind: ObjectKind)? {
    switch manager {
    case "argocd-controller", "argocd-application-controller", "argocd-server", "argocd": ("Argo CD", application)
    case "kustomize-controller": ("Flux", kustomization)
    case "helm-controller": ("Flux", helmRelease)
    case "helm", "Helm": ("Helm", "")
    case "flagger": ("Flagger", canary)
    case "rollouts-controller", "argo-rollouts": ("Argo Rollouts", rollout)
    default: nil
    }
  }
}
