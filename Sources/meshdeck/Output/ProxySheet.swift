import MeshKit

/// Everything known of one proxy: what its control plane says of it, what it runs, whom it can prove to be.
struct ProxySheet {
  let console: Console
  let view: MeshView
  let inspection: ProxyInspection

  func write() throws {
    let ref = inspection.proxy
    let endpoint = view.snapshot.endpoints[ref]
    try console.line("\(ref)\(endpoint.map { "  of \($0.workload.name)" } ?? "")")
    if let endpoint {
      try console.line(
        "address \(endpoint.address.isEmpty ? "unknown" : endpoint.address), \(endpoint.isReady ? "ready" : "not ready"), proxy \(endpoint.proxy.rawValue)"
      )
    }
    try console.line()
    try console.line("CONTROL PLANE")
    if let state = view.programmed[ref.plane]?.value?.proxies.first(where: { $0.ref == ref }) {
      try console.line(
        "  \(state.isConnected ? "connected" : "not connected"), version \(state.version.isEmpty ? "unknown" : state.version)"
      )
      for type in ProxyState.ConfigType.allCases {
        try console.line("  \(type.rawValue.uppercased())  \(state.sync[type]?.label ?? "unknown")")
      }
      if let rejection = state.rejection { try console.line("  rejected: \(rejection)") }
    } else {
      try console.line("  \(view.programmed[ref.plane]?.reason ?? "it does not know this proxy")")
    }
    for line in ConnectionText.lines(inspection.connection, at: view.at) { try console.line("  \(line)") }
    if let registration = inspection.registration {
      for line in RegistrationText.instance(registration) { try console.line("  \(line)") }
    }
    try condition()
    try weights()
    try certificates()
  }

  /// How the proxy fares and what it calls: what is in trouble, and the busiest.
  private func condition() throws {
    try console.line()
    try console.line("PROCESS")
    try console.line("  \(ConditionText.process(inspection.condition))")
    for line in ConditionText.rejections(inspection.condition) { try console.line("  \(line)") }
    guard let upstreams = inspection.condition.value?.upstreams, !upstreams.isEmpty else { return }
    try console.line()
    try console.line("UPSTREAMS")
    let (shown, others) = ConditionText.shown(upstreams)
    for one in shown {
      try console.line("  \(ConditionText.upstream(one))")
      for trouble in ConditionText.troubles(one) { try console.line("    \(trouble)") }
    }
    if let others { try console.line("  \(others)") }
  }

  /// The weights the proxy runs beside those that are configured.
  private func weights() throws {
    try console.line()
    try console.line("WEIGHTED ROUTES")
    switch inspection.routes {
    case .unknown(let reason): try console.line("  unknown: \(reason)")
    case .known:
      var table = TextTable(console, ["  ROUTE", "RULE", "BACKEND", ">DESIRED", ">RUNS", ""])
      var rows = 0
      for (split, backend, runs) in ProxyComparison.weights(inspection, in: view) {
        let agrees = backend.desired.value.map { abs($0.share - runs) < 0.005 } ?? true
        table.row([
          console.paint("  \(split.route.shortName)", .plain), console.paint(split.rule, .plain),
          console.paint(backend.name, .plain), console.paint(Figures.percent(backend.desired.value?.share), .plain),
          console.paint(Figures.percent(runs), agrees ? .plain : .warn),
          console.paint(agrees ? "" : "differs", .warn),
        ])
        rows += 1
      }
      if rows == 0 { try console.line("  none of the weighted routes known here") } else { try table.write() }
    }
  }

  private func certificates() throws {
    try console.line()
    try console.line("CERTIFICATES")
    switch inspection.certificates {
    case .unknown(let reason): try console.line("  unknown: \(reason)")
    case .known(let held, _, _):
      if held.own.isEmpty { try console.line("  it shows none") }
      for name in held.missing { try console.line("  waits for the secret \(name), which it was not sent") }
      for one in held.own { try line("shows", one) }
      for one in held.roots { try line("believes", one) }
    }
  }

  private func line(_ verb: String, _ one: ProxyCertificate) throws {
    try console.line("  \(verb) \(CertificateText.names(one, isRoot: verb == "believes"))")
    try console.line(
      "    serial \(one.serial), \(CertificateText.left(one, at: view.at)) left\(one.expires.map { ", until \($0.rfc3339)" } ?? "")"
    )
    if let issuer = one.issuer { try console.line("    issued by \(issuer)") }
    if let fingerprint = one.fingerprint { try console.line("    SHA-256 \(fingerprint)") }
    if let secret = one.secret { try console.line("    delivered as the secret \(secret)") }
  }
}
