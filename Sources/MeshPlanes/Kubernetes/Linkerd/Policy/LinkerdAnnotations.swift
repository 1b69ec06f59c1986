import MeshModel

/// Problems of the annotations that say what is let in by default.
enum LinkerdAnnotations {
  static func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    var found: [Finding] = []
    func check(_ ref: ObjectRef, _ annotations: [String: String]?, _ pointer: JSONPointer) {
      guard let word = annotations?[DefaultInbound.annotation], DefaultInbound(rawValue: word) == nil else { return }
      let words = DefaultInbound.allCases.map(\.rawValue).joined(separator: ", ")
      found.append(
        Finding(
          code: "MD2403", severity: .error, object: ref, pointer: pointer.appending(DefaultInbound.annotation),
          message: "\(word) is no default inbound policy", remedy: "Write one of \(words)"))
    }
    for namespace in snapshot.namespaces.values where namespace.ref.plane == plane {
      check(namespace.ref, namespace.annotations, "/metadata/annotations")
    }
    let annotated = snapshot.workloads.values.filter { $0.ref.plane == plane && $0.annotations != nil }
    for workload in annotated { check(workload.ref, workload.annotations, "/spec/template/metadata/annotations") }
    let isAnnotated =
      !annotated.isEmpty || snapshot.namespaces.values.contains { $0.ref.plane == plane && $0.annotations != nil }
    guard isAnnotated else { return found }
    let rules = LinkerdMTLS(snapshot, plane: plane)
    for ref in LinkerdDialect.members(of: plane, in: snapshot).sorted() {
      guard let workload = snapshot.workloads[ref] else { continue }
      let word = rules.fallback(of: workload).word
      let others = rules.otherDefaults(of: workload, than: word)
      guard !others.isEmpty else { continue }
      found.append(
        Finding(
          code: "MD2404", severity: .warning, object: ref, pointer: "/spec/template/metadata/annotations",
          message: "the default inbound policy is \(word), and instances still run \(others.joined(separator: ", "))",
          remedy: "Restart them: the annotation is read when an instance is made"))
    }
    return found
  }
}
