import MeshModel

extension IstioAnalysis {
  func checkPeerAuthentications(into found: inout [Finding]) {
    var namespaces: Set<String> = []
    for ref in snapshot.mtlsPolicies.keys where ref.plane == plane { namespaces.insert(ref.namespace) }
    for namespace in namespaces {
      let isRoot = namespace == settings.rootNamespace
      let general = isRoot ? mtls.servers.meshPolicies : mtls.servers.namespacePolicies(namespace)
      checkSeveral(general, isRoot ? "the mesh" : namespace, into: &found)
      for policy in general where !policy.ports.isEmpty {
        found.append(
          Finding(
            code: "MD0007", severity: .warning, object: policy.ref, pointer: "/spec/portLevelMtls",
            message: "modes of ports count only in a policy with a selector: these have no effect",
            remedy: "Move them to a policy that selects the workload", equivalents: ["IST0106"]))
      }
      let selecting = mtls.servers.selectingPolicies(namespace)
      if isRoot {
        for policy in selecting {
          found.append(
            Finding(
              code: "MD0006", severity: .warning, object: policy.ref, pointer: "/spec/selector",
              message: "a policy with a selector has no effect in the root namespace",
              remedy: "Move it to the workload's namespace, or take the selector away", equivalents: ["IST0166"]))
        }
        continue
      }
      checkSelecting(selecting, in: namespace, into: &found)
    }
  }

  private func checkSeveral(_ policies: [MTLSPolicy], _ scope: String, into found: inout [Finding]) {
    guard policies.count > 1, let first = policies.first else { return }
    for policy in policies.dropFirst() {
      found.append(
        Finding(
          code: "MD0002", severity: .error, object: policy.ref, pointer: "/spec",
          message: "\(first.ref.name) is an older policy for all of \(scope): this one has no effect",
          remedy: "Keep one of the two", equivalents: ["KIA0002"]))
    }
  }

  private func checkSelecting(_ policies: [MTLSPolicy], in namespace: String, into found: inout [Finding]) {
    guard !policies.isEmpty else { return }
    if knowsInstances {
      for policy in policies where !isSelecting(policy.selector, in: namespace) {
        found.append(
          Finding(
            code: "MD0004", severity: .warning, object: policy.ref, pointer: "/spec/selector/matchLabels",
            message: "no workload in \(namespace) has the labels \(Self.words(policy.selector))",
            remedy: "Correct the labels", equivalents: ["KIA0004", "IST0127"]))
      }
    }
    let workloads = snapshot.workloads.values.filter { $0.ref.plane == plane && $0.ref.namespace == namespace }
    var told: Set<ObjectRef> = []
    for workload in workloads.sorted(by: { $0.ref < $1.ref }) {
      let own = policies.filter { IstioHost.selects($0.selector, workload.labels) }
      for policy in own.dropFirst() where told.insert(policy.ref).inserted {
        found.append(
          Finding(
            code: "MD0003", severity: .error, object: policy.ref, pointer: "/spec/selector",
            message: "\(own[0].ref.name) is older and selects \(workload.ref.name) too: there this one has no effect",
            remedy: "Make one policy of the two, or let them select different workloads", equivalents: ["KIA0003"]))
      }
    }
    // Source: what Istio's server and client rules come to, the trap: callers go by the namespace's mode and send plaintext.
    guard settings.autoMTLS, mtls.servers.inferredMode(namespace: namespace).mode == .disable else { return }
    for policy in policies where policy.mode == .strict || policy.ports.values.contains(.strict) {
      found.append(
        Finding(
          code: "MD0502", severity: .error, object: policy.ref, pointer: "/spec/mtls/mode",
          message:
            "STRICT for a workload of a namespace that is DISABLE: callers go by that, send plaintext, and break",
          remedy: "Set the namespace to PERMISSIVE, or give callers a DestinationRule with ISTIO_MUTUAL",
          equivalents: []))
    }
  }

  func checkAccess(into found: inout [Finding]) {
    // What is for a gateway or a waypoint is for no workload by labels (istiod, `ShouldAttachPolicy`).
    for (ref, policy) in snapshot.accessPolicies
    where ref.plane == plane && IstioKind(rawValue: ref.kind) != nil && policy.targets.isEmpty {
      let isRoot = ref.namespace == settings.rootNamespace
      if knowsInstances, !policy.selector.isEmpty,
        !(isRoot ? isSelectingAnywhere(policy.selector) : isSelecting(policy.selector, in: ref.namespace))
      {
        found.append(
          Finding(
            code: "MD0004", severity: .warning, object: ref, pointer: "/spec/selector/matchLabels",
            message: "no workload\(isRoot ? "" : " in \(ref.namespace)") has the labels \(Self.words(policy.selector))",
            remedy: "Correct the labels", equivalents: ["KIA0004", "IST0127"]))
      }
      guard !policy.principals.isEmpty, !isRoot else { continue }
      let (mode, _) = mtls.servers.mode(namespace: ref.namespace, labels: policy.selector, port: nil)
      let plaintext = mode == .disable
      guard plaintext || (!settings.autoMTLS && mode != .strict) else { continue }
      found.append(
        Finding(
          code: "MD0105", severity: plaintext ? .error : .warning, object: ref, pointer: "/spec/rules",
          message:
            "the rules name callers' identities, which only mesh TLS proves, but the mode here is \(mode.rawValue)",
          remedy: "Set STRICT, or PERMISSIVE with callers that use mesh TLS", equivalents: ["KIA0105"]))
    }
  }
}
