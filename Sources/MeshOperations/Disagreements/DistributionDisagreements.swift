import MeshModel

/// What a control plane could not distribute, and where it holds other configuration than its store.
struct DistributionDisagreements {
  let plane: PlaneName
  let report: DistributionReport

  func all() -> [Finding] { pushErrors() + differences() }

  /// Objects or subjects in one sentence: three by name, the others by number.
  private func names(_ names: [String]) -> String {
    let shown = names.prefix(3).joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }

  /// Push errors, one entry a kind.
  private func pushErrors() -> [Finding] {
    Dictionary(grouping: report.pushErrors, by: \.kind).compactMap { kind, errors in
      guard let first = errors.first else { return nil }
      let words = first.message.isEmpty ? "" : ": \(first.message)"
      return Finding(
        code: "MD3007", severity: .warning,
        object: first.proxy ?? ObjectRef(plane: plane, namespace: "", kind: "controlplane", name: kind),
        pointer: JSONPointer(),
        message: "the control plane reports \(kind) for \(names(errors.map(\.subject)))\(words)",
        remedy:
          "it made configuration all the same, without what it could not make sense of; correct what the words name")
    }
  }

  /// What replicas hold otherwise, one entry a replica and kind of difference.
  private func differences() -> [Finding] {
    struct Key: Hashable {
      let replica: String
      let difference: HeldDifference.Difference
    }
    let groups = Dictionary(grouping: report.differences) { Key(replica: $0.replica, difference: $0.difference) }
    return groups.compactMap { key, list in
      guard let first = list.first else { return nil }
      let objects = names(list.map { "\($0.object.kind) \($0.object.shortName)" })
      let (what, remedy) =
        switch key.difference {
        case .older:
          (
            "holds an older version of",
            "it has lost its watch or lags behind: look at its log, restart it if that lasts"
          )
        case .missing:
          (
            "does not hold",
            "look at the label istio.io/rev, at the discovery selectors of the mesh, and at its log for what it refused"
          )
        case .leftOver: ("still holds, though it was deleted,", "it has lost its watch: look at its log, restart it")
        }
      return Finding(
        code: "MD3008", severity: .warning, object: first.object, pointer: JSONPointer(),
        message: "\(key.replica) \(what) \(list.count == 1 ? "" : "\(list.count) objects: ")\(objects)", remedy: remedy)
    }
  }
}
