import MeshModel

extension EnvoyPlane {
  /// The most proxies named one by one in a check.
  private static let named = 20

  /// Proves that the proxies answer, are ready, run one version, hear from their control plane, hold valid certificates and
  /// let weights be overridden.
  public func check() async -> [PlaneCheck] { await check(isOwner: true) }

  /// The same, of proxies that a plane of its own configures: their runtime is then not written from here.
  func check(isOwner: Bool) async -> [PlaneCheck] {
    let state = await fleet.current()
    var checks = state.gaps.map {
      PlaneCheck(name: "places", result: .failed, detail: $0, remedy: "correct the places of the plane")
    }
    let answering = state.readings.filter { state.failures[$0.address] == nil }
    checks.append(
      PlaneCheck(
        name: "reachable",
        result: state.size == 0 || answering.isEmpty ? .failed : state.failures.isEmpty ? .ok : .warning,
        detail: "\(answering.count) of \(state.size) proxies answer",
        remedy: state.failures.isEmpty ? nil : "start them, or take them out of the plane's places"))
    let silent = state.failures.sorted { $0.key < $1.key }
    for (address, failure) in silent.prefix(Self.named) {
      checks.append(
        PlaneCheck(
          name: "reachable", result: .failed, detail: "\(address): \(failure.reason)",
          remedy: "check that its administration interface listens there"))
    }
    if silent.count > Self.named {
      checks.append(
        PlaneCheck(name: "reachable", result: .failed, detail: "and \(silent.count - Self.named) more do not answer"))
    }
    guard !answering.isEmpty else { return checks }
    for reading in answering where reading.state != "LIVE" {
      checks.append(PlaneCheck(name: "ready", result: .warning, detail: "\(reading.node) is \(reading.state)"))
    }
    if answering.allSatisfy({ $0.state == "LIVE" }) {
      checks.append(PlaneCheck(name: "ready", result: .ok, detail: "all are LIVE"))
    }
    let versions = Set(answering.map(\.version)).sorted()
    checks.append(
      PlaneCheck(
        name: "version", result: versions.count == 1 ? .ok : .warning,
        detail: "\(speech.title) \(versions.joined(separator: ", "))",
        remedy: versions.count == 1 ? nil : "proxies of one fleet should run one version"))
    checks += controlPlaneChecks(answering)
    checks += certificateChecks(answering)
    if speech == .mosn {
      checks.append(
        PlaneCheck(
          name: "edits", result: .skipped,
          detail: "MOSN's production builds take no change here; those of /debug are of debugging builds alone"))
    }
    let open = answering.count { $0.runtime.adminLayer != nil }
    if speech == .envoy, isOwner {
      checks.append(
        PlaneCheck(
          name: "runtime", result: open == answering.count ? .ok : .skipped,
          detail: "\(open) of \(answering.count) proxies have an admin layer: their runtime can be overridden",
          remedy: open == answering.count ? nil : "layered_runtime: {layers: [{name: admin, admin_layer: {}}]}"))
    }
    for reading in answering where !reading.gaps.isEmpty {
      checks.append(
        PlaneCheck(
          name: "reading", result: .warning, detail: "\(reading.node): \(reading.gaps.joined(separator: "; "))"))
    }
    return checks
  }

  private func controlPlaneChecks(_ readings: [EnvoyReading]) -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    for (owner, group) in Dictionary(grouping: readings, by: { $0.origin.owner(isStatic: false) }).sorted(by: {
      $0.key < $1.key
    }) {
      let cut = group.filter { $0.isConnected == false }
      checks.append(
        PlaneCheck(
          name: "control plane", result: cut.isEmpty ? .ok : .warning,
          detail: cut.isEmpty
            ? "\(group.count) proxies are configured by \(owner)"
            : "\(cut.map(\.node).prefix(5).joined(separator: ", ")) of \(group.count) lost \(owner)",
          remedy: cut.isEmpty ? nil : "they keep what they have until it is back"))
    }
    for reading in readings {
      for (type, words) in reading.rejections.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        checks.append(
          PlaneCheck(
            name: "rejected", result: .warning,
            detail: "\(reading.node) rejected \(type.rawValue.uppercased()): \(words)",
            remedy: "correct it at \(reading.origin.owner(isStatic: false))"))
      }
    }
    return checks
  }

  private func certificateChecks(_ readings: [EnvoyReading]) -> [PlaneCheck] {
    let known = readings.compactMap { reading in reading.certificateDaysLeft.map { (reading.node, $0) } }
    guard let first = known.min(by: { $0.1 < $1.1 }) else {
      return [PlaneCheck(name: "certificates", result: .skipped, detail: "no proxy has a certificate of its own")]
    }
    return [
      PlaneCheck(
        name: "certificates", result: first.1 <= 0 ? .failed : first.1 < 7 ? .warning : .ok,
        detail: "the first of \(known.count) expires in \(first.1) days, that of \(first.0)",
        remedy: first.1 < 7 ? "renew it" : nil)
    ]
  }
}
