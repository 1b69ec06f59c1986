import MeshModel

extension IstioAnalysis {
  func checkGateways(into found: inout [Finding]) {
    struct Place: Hashable {
      var port: Int
      var host: String
    }
    var seen: [Place: [Gateway]] = [:]
    for (ref, gateway) in snapshot.gateways.sorted(by: { $0.key < $1.key })
    where ref.plane == plane && ref.kind == IstioKind.gateway.rawValue {
      if knowsInstances, !gateway.selector.isEmpty, !isSelectingAnywhere(gateway.selector) {
        found.append(
          Finding(
            code: "MD0302", severity: .warning, object: ref, pointer: "/spec/selector",
            message: "no workload has the labels \(Self.words(gateway.selector)): nothing serves this gateway",
            remedy: "Install a gateway with these labels, or select the one there is",
            equivalents: ["KIA0302", "IST0101"]))
      }
      for listener in gateway.listeners {
        for (index, host) in listener.hosts.enumerated() {
          let place = Place(port: listener.port, host: Self.listened(host, namespace: ref.namespace))
          defer { seen[place, default: []].append(gateway) }
          guard let first = seen[place]?.first(where: { isServed($0.selector, with: gateway.selector) }) else {
            continue
          }
          found.append(
            Finding(
              code: "MD0301", severity: .warning, object: ref,
              pointer: listener.pointer.appending("hosts").appending(index),
              message: "\(first.ref.shortName) listens for \(host) on port \(listener.port) as well",
              remedy: "Keep the host on one listener", equivalents: ["KIA0301", "IST0145"]))
        }
      }
    }
  }

  /// A listener's host with the namespace whose routes may use it: `*` unless it is written, its own where that is `.`.
  ///
  /// Source: Istio, `sanitizeServerHostNamespace`.
  private static func listened(_ host: String, namespace: String) -> String {
    guard let slash = host.firstIndex(of: "/") else { return "*/\(host)" }
    return host[..<slash] == "." ? namespace + host[slash...] : host
  }

  /// Whether the same workload serves two gateways: their selectors are one, or both select it.
  private func isServed(_ selector: [String: String], with other: [String: String]) -> Bool {
    if selector == other { return true }
    guard knowsInstances, selector.allSatisfy({ other[$0.key] == nil || other[$0.key] == $0.value }) else {
      return false
    }
    return isSelectingAnywhere(selector.merging(other) { $1 })
  }

  func checkSidecars(into found: inout [Finding]) {
    guard knowsInstances else { return }
    for (ref, scope) in snapshot.egressScopes where ref.plane == plane {
      if !scope.selector.isEmpty, !isSelecting(scope.selector, in: ref.namespace) {
        found.append(
          Finding(
            code: "MD0004", severity: .warning, object: ref, pointer: "/spec/workloadSelector",
            message: "no workload in \(ref.namespace) has the labels \(Self.words(scope.selector))",
            remedy: "Correct the labels", equivalents: ["KIA0004", "IST0127"]))
      }
      if ref.namespace == settings.rootNamespace, !scope.selector.isEmpty {
        found.append(
          Finding(
            code: "MD1006", severity: .warning, object: ref, pointer: "/spec/workloadSelector",
            message: "a Sidecar for the whole mesh cannot select workloads", remedy: "Take the selector away",
            equivalents: ["KIA1006"]))
      }
    }
    // Source: IST0103: a namespace that asks for injection, and instances without a proxy.
    var injecting: Set<String> = []
    for namespace in snapshot.namespaces.values where namespace.ref.plane == plane {
      let revision = namespace.labels["istio.io/rev"].map { !$0.isEmpty } ?? false
      let injection = namespace.labels["istio-injection"]
      if injection == "enabled" || (revision && injection != "disabled") { injecting.insert(namespace.ref.name) }
    }
    // What stands outside the mesh has no proxy, and no policy here is for it.
    for (ref, workload) in snapshot.workloads
    where ref.plane == plane && ref.kind != Service.addressesKind && workload.runtime != .external {
      guard let counts = snapshot.readiness[ref], let bare = counts.proxies[.none], bare > 0 else { continue }
      let optedOut = workload.labels["sidecar.istio.io/inject"] == "false"
      if injecting.contains(ref.namespace), !optedOut, workload.runtime == .container {
        found.append(
          Finding(
            code: "MD0103", severity: .warning, object: ref, pointer: JSONPointer(),
            message: "\(bare) of \(counts.total) instances have no proxy, though \(ref.namespace) asks for injection",
            remedy: "Restart the workload, so that its instances are injected", equivalents: ["IST0103"]))
      }
      let (mode, _) = mtls.serverMode(workload: workload, port: nil)
      if mode == .strict {
        found.append(
          Finding(
            code: "MD0504", severity: .warning, object: ref, pointer: JSONPointer(),
            message: "STRICT holds here, but \(bare) of \(counts.total) instances have no proxy: plaintext gets in, "
              + "and their own calls to STRICT servers break",
            remedy: "Give the workload a proxy", equivalents: ["IST0103"]))
      }
    }
  }
}
