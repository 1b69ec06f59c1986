public import MeshModel
import MeshPlanes

/// What one proxy runs, beside what is configured.
public enum ProxyComparison {
  /// The weighted backends the proxy has, with the share it gives each.
  public static func weights(
    _ inspection: ProxyInspection, in view: MeshView
  ) -> [(split: Split, backend: SplitBackend, runs: Double)] {
    guard let routes = inspection.routes.value else { return [] }
    var own = view
    let plane = inspection.proxy.plane
    let states = view.programmed[plane]?.value?.proxies.filter { $0.ref == inspection.proxy } ?? []
    own.programmed[plane] = .known(
      ProgrammedReport(
        proxies: states.isEmpty ? [ProxyState(ref: inspection.proxy)] : states, routes: routes,
        asked: [inspection.proxy], at: view.at),
      source: "the proxy", at: view.at)
    return own.splits(plane: plane).flatMap { split in
      split.backends.compactMap { backend in backend.programmed.value.map { (split, backend, $0.share) } }
    }
  }
}

/// The words for a certificate: whom it is of, and its life.
public enum CertificateText {
  /// The names it proves; where it has none, its subject.
  public static func names(_ certificate: ProxyCertificate, isRoot: Bool) -> String {
    if !certificate.names.isEmpty { return certificate.names.joined(separator: ", ") }
    if let subject = certificate.subject, !subject.isEmpty { return subject }
    return isRoot ? "a root" : "no names"
  }

  /// The time left, in its largest unit: `23h`, `9d`; `expired`, or `–` where its end is not told.
  public static func left(_ certificate: ProxyCertificate?, at now: Instant) -> String {
    guard let left = certificate?.secondsLeft(at: now) else { return "–" }
    return left <= 0 ? "expired" : Figures.seconds(left.rounded(.down))
  }
}
