import MeshModel

/// A reader of ServiceProfiles and of instances outside the cluster.
enum LinkerdObjectReader {
  /// A profile: a rule a class of requests, and one more where it divides traffic (`dstOverrides`, in thousandths).
  static func profile(_ parts: ObjectParts, ref: ObjectRef) -> Route {
    let percent = parts.spec["retryBudget"]?["retryRatio"]?.double.flatMap { Int(exactly: ($0 * 100).rounded()) }
    let budget = percent.map { "budget \($0)%" } ?? ""
    var rules = (parts.spec["routes"]?.array ?? []).enumerated().map { index, item in
      let condition = item["condition"] ?? [:]
      let match = RuleMatch(
        uri: condition["pathRegex"]?.string.map { .regex($0) }, method: condition["method"]?.string.map { .exact($0) },
        others: ["all", "any", "not"].filter { condition[$0] != nil })
      return Rule(
        name: item["name"]?.string ?? "", matches: match.isEmpty ? [] : [match],
        timeout: item["timeout"]?.string.flatMap(GoDuration.seconds),
        retries: item["isRetryable"]?.bool ?? false ? RetrySetting(attempts: 1, retryOn: budget) : nil,
        pointer: JSONPointer(["spec", "routes", String(index)]))
    }
    let overrides = (parts.spec["dstOverrides"]?.array ?? []).enumerated().map { index, item in
      let authority = (item["authority"]?.string ?? "").prefix { $0 != ":" }
      return Backend(
        name: authority.split(separator: ".").first.map(String.init) ?? "", host: String(authority),
        weight: item["weight"].flatMap(Quantity.thousandths),
        pointer: JSONPointer(["spec", "dstOverrides", String(index)]))
    }
    if !overrides.isEmpty { rules.append(Rule(backends: overrides, pointer: "/spec")) }
    return Route(
      ref: ref, dialect: .linkerd, apiVersion: parts.apiVersion, hosts: [ref.name], attachedTo: ["mesh"], rules: rules,
      version: parts.meta.version, createdAt: parts.meta.createdAt, owners: ObjectOwners.owners(of: parts.meta))
  }

  /// An ExternalWorkload: an instance outside the cluster, such as a VM, with the identity its proxy has.
  static func external(_ parts: ObjectParts, ref: ObjectRef) -> [Entity] {
    // v1alpha1 spells it otherwise.
    let identity = (parts.spec["meshTLS"] ?? parts.spec["meshTls"])?["identity"]?.string ?? ""
    let ports = (parts.spec["ports"]?.array ?? []).compactMap { $0["port"]?.int }
    let ready = parts.conditions(parts.status).first { $0.type == "Ready" }
    let labels = parts.meta.labels
    // Linkerd's proxy runs beside it: an ExternalWorkload without an identity is not accepted.
    let endpoint = Endpoint(
      ref: ref, workload: ref, labels: labels, address: parts.spec["workloadIPs"]?[0]?["ip"]?.string ?? "",
      ports: ports.sorted(), isReady: ready?.holds ?? false, proxy: identity.isEmpty ? .none : .sidecar,
      acceptsMeshTLS: !identity.isEmpty, runtime: .vm, serviceAccount: identity)
    return [
      .workload(
        Workload(
          ref: ref, labels: labels, serviceAccount: identity, runtime: .vm, desired: 1, nativeKind: ref.kind)),
      .endpoint(endpoint),
    ]
  }
}
