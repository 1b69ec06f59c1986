import MeshModel

/// A wanted mTLS mode in Linkerd's terms: who is let in, since mTLS between meshed instances cannot be turned off.
///
/// A port is a Server's `accessPolicy`, which holds at once. A workload and a namespace are the annotation of the default
/// inbound policy, which holds for instances made from then on. Source: Linkerd, "Authorization Policy".
enum LinkerdMTLSEdit {
  /// The default inbound policy that a mode comes to; `nil` takes the setting away.
  static func word(_ mode: MTLSMode, plane: PlaneName) throws(MeshError) -> String? {
    switch mode {
    case .strict: return DefaultInbound.allAuthenticated.rawValue
    case .permissive: return DefaultInbound.allUnauthenticated.rawValue
    case .unset: return nil
    case .disable:
      throw MeshError(
        .refused, "Linkerd's mTLS is always on between meshed instances", plane: plane,
        remedy: "the annotation config.linkerd.io/skip-inbound-ports takes a port out of the mesh")
    }
  }

  /// The steps of an intent.
  static func steps(
    for intent: MTLSIntent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    let word = try word(intent.mode, plane: intent.plane)
    if intent.scope == .mesh {
      throw MeshError(
        .refused, "the cluster's default inbound policy is a setting of Linkerd's installation", plane: intent.plane,
        remedy: "set proxy.defaultInboundPolicy in its Helm values, or use the scope namespace")
    }
    guard !intent.namespace.isEmpty else { throw MeshError(.usage, "a namespace is needed", plane: intent.plane) }
    if intent.scope == .namespace {
      let ref = ObjectRef(plane: intent.plane, namespace: "", kind: "namespace", name: intent.namespace)
      return try annotating(await access.native(ref), word, at: ["metadata", "annotations"])
    }
    let ref = ObjectRef(plane: intent.plane, namespace: intent.namespace, kind: "workload", name: intent.workload)
    guard let workload = snapshot.workloads[ref] else {
      throw MeshError(
        .notFound, "there is no workload \(intent.workload) in \(intent.namespace)", plane: intent.plane,
        remedy: "look at them with `meshdeck get workloads -n \(intent.namespace)`")
    }
    if intent.scope == .port { return try await port(intent, word, of: workload, in: snapshot, using: access) }
    guard ["deployment", "statefulset", "daemonset"].contains(workload.nativeKind) else {
      throw MeshError(
        .refused, "a \(workload.nativeKind) has no template of instances to annotate", object: ref,
        remedy: "use the scope port, which is a Server and holds at once")
    }
    let owner = ObjectRef(
      plane: intent.plane, namespace: intent.namespace, kind: workload.nativeKind, name: intent.workload)
    return try annotating(
      await access.native(owner), word, at: ["spec", "template", "metadata", "annotations"])
  }

  private static func annotating(
    _ native: NativeObject, _ word: String?, at path: [String]
  ) throws(MeshError) -> [Step] {
    let edited = native.json.setting(word.map { .string($0) }, at: path + [DefaultInbound.annotation])
    return Step.editing(native, to: edited).map { [$0] } ?? []
  }

  /// The Server that claims the port, edited; or a new one that leaves the authorizations to others.
  private static func port(
    _ intent: MTLSIntent, _ word: String?, of workload: Workload, in snapshot: MeshSnapshot,
    using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    guard let port = intent.port, (1...65_535).contains(port) else {
      throw MeshError(.usage, "a container port from 1 to 65535 is needed", plane: intent.plane)
    }
    guard !workload.labels.isEmpty else {
      throw MeshError(.refused, "a workload without labels cannot be selected", object: workload.ref)
    }
    let kind = LinkerdKind.server.rawValue
    let served = await access.apiVersion(of: kind) ?? ""
    guard served.hasSuffix("/v1beta3") else {
      throw MeshError(
        .refused, "Server.accessPolicy came with policy.linkerd.io/v1beta3, this plane serves \(served)",
        plane: intent.plane, remedy: "use the scope workload, which is an annotation")
    }
    let servers = snapshot.accessPolicies.values.filter { policy in
      policy.ref.kind == kind && policy.ref.plane == intent.plane && policy.ref.namespace == intent.namespace
        && policy.port == String(port) && IstioHost.selects(policy.selector, workload.labels)
        && (policy.expressions ?? []).allSatisfy { $0.holds(for: workload.labels) }
    }.sorted { $0.ref < $1.ref }
    if let server = servers.first {
      let native = try await access.native(server.ref)
      guard let word else { return [Step.deleting(native)] }
      return Step.editing(native, to: native.json.setting(.string(word), at: ["spec", "accessPolicy"])).map { [$0] }
        ?? []
    }
    guard let word else { return [] }
    let labels = WorkloadSelector.labels(for: workload, in: snapshot).sorted { $0.key < $1.key }
    let taken = Set(snapshot.accessPolicies.keys.filter { $0.kind == kind && $0.plane == intent.plane }.map(\.name))
    var name = "\(intent.workload)-\(port)"
    if taken.contains(name) { name += "-inbound" }
    let json: JSONValue = [
      "apiVersion": .string(served), "kind": "Server",
      "metadata": ["name": .string(name), "namespace": .string(intent.namespace)],
      "spec": [
        "podSelector": [
          "matchLabels": .object(
            JSONObject(labels.map { JSONObject.Member(name: $0.key, value: .string($0.value)) }))
        ], "port": .number(String(port)), "accessPolicy": .string(word),
      ],
    ]
    let ref = ObjectRef(plane: intent.plane, namespace: intent.namespace, kind: kind, name: name)
    let path = try await access.path(of: kind, namespace: intent.namespace, name: nil)
    return [Step.creating(json, as: ref, in: path)]
  }
}
