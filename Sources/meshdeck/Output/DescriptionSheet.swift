import MeshKit

/// Everything known of one thing, in words.
struct DescriptionSheet {
  let console: Console
  let view: MeshView
  let known: Description

  func write() throws {
    let ref = known.ref
    if let route = view.snapshot.routes[ref] {
      try RuleSheet(console: console).write(route, in: view)
    } else if let service = view.snapshot.services[ref] {
      try write(service)
    } else if let workload = view.snapshot.workloads[ref] {
      try write(workload)
    } else if let endpoint = view.snapshot.endpoints[ref] {
      try write(endpoint)
    } else if let policy = view.snapshot.mtlsPolicies[ref] {
      try console.line("\(ref)  mTLS \(policy.mode.rawValue)")
      for (port, mode) in policy.ports.sorted(by: { $0.key < $1.key }) {
        try console.line("  port \(port): \(mode.rawValue)")
      }
      if !policy.selector.isEmpty { try console.line("  selects \(labels(policy.selector))") }
      for target in policy.targets ?? [] {
        let ports = target.ports.isEmpty ? "" : ", port \(target.ports.joined(separator: ", "))"
        try console.line("  for service \(target.service)\(ports)")
      }
    } else if let policy = view.snapshot.accessPolicies[ref] {
      try console.line("\(ref)  \(policy.action)")
      for rule in policy.rules { try console.line("  \(rule)") }
      if !policy.targets.isEmpty {
        try console.line("  for \(policy.targets.map { "\($0.kind) \($0.shortName)" }.joined(separator: ", "))")
      }
      if !policy.selector.isEmpty { try console.line("  selects \(labels(policy.selector))") }
    } else if let policy = view.snapshot.destinations[ref] {
      try console.line("\(ref)  host \(policy.host)")
      if let tls = policy.settings.tls { try console.line("  TLS \(tls.rawValue)") }
      if let words = policy.settings.verification { try console.line("  \(words)") }
      for subset in policy.subsets { try console.line("  subset \(subset.name): \(labels(subset.labels))") }
    } else {
      try console.line(ref.description)
    }
    for finding in known.findings {
      try console.line("\(finding.severity.rawValue) \(finding.code) \(finding.pointer): \(finding.message)")
    }
  }

  /// What the control plane's registry holds of a service.
  func registration(_ held: Known<[Registration]>) throws {
    for line in RegistrationText.service(held) { try console.line(line) }
  }

  /// The annotations of a native object, each made safe for a terminal.
  func annotations(_ object: NativeObject) throws {
    for (name, key) in [("labels", "labels"), ("annotations", "annotations")] {
      guard let members = object.json["metadata"]?[key]?.object?.members, !members.isEmpty else { continue }
      try console.line("\(name):")
      for member in members {
        try console.line("  \(member.name): \(member.value.string ?? JSONWriter.text(member.value))")
      }
    }
  }

  private func write(_ service: Service) throws {
    try console.line("\(service.ref)  \(service.runtime.rawValue) \(service.role.rawValue)")
    try console.line("hosts: \(service.hosts.joined(separator: ", "))")
    if let remote = service.remote { try console.line("stands for: \(remote.host) of \(remote.cluster)") }
    for words in view.serviceJoins().words(for: service.ref) { try console.line(words) }
    for port in service.ports {
      try console.line(
        "port \(port.port)\(port.name.isEmpty ? "" : " \(port.name)") → \(port.targetPort.map(String.init) ?? "named") \(port.appProtocol)"
      )
    }
    let rows = known.health.filter { $0.ref == service.ref }
    try HealthTable(console, wide: true, view).write(rows)
    for line in rows.flatMap({ $0.stores ?? [] }).flatMap(\.lines) { try console.line(line) }
    let workloads = known.health.filter { $0.ref != service.ref }
    if !workloads.isEmpty {
      try console.line("workloads:")
      try HealthTable(console, wide: true, view).write(workloads)
    }
    if !known.splits.isEmpty { try SplitTable(console, view).write(known.splits) }
    for pair in known.callers {
      try console.line(
        "called by \(pair.client.shortName) at \(Figures.amount(pair.traffic)): \(pair.policy.outcome.rawValue), \(pair.verdict)"
      )
      try console.line("  programmed: \(programmed(pair.programmed))")
      try console.line("  observed: \(observed(pair.observed))")
    }
  }

  private func write(_ workload: Workload) throws {
    try console.line("\(workload.ref)  \(workload.nativeKind), \(workload.runtime.rawValue)")
    try console.line("labels: \(labels(workload.labels))")
    if !workload.serviceAccount.isEmpty { try console.line("account: \(workload.serviceAccount)") }
    try HealthTable(console, wide: true, view).write(known.health)
    for row in known.mtls {
      try console.line("accepts \(row.mode.rawValue) on \(row.port.map { "port \($0)" } ?? "all ports")")
      try console.line("  programmed: \(row.programmed.value?.rawValue ?? "unknown: \(row.programmed.reason ?? "")")")
      try console.line("  observed: \(observed(row.observed))")
      for reason in row.reasons { try console.line("  because \(reason)") }
    }
    for endpoint in view.snapshot.endpoints.values.filter({ $0.workload == workload.ref }).sorted(by: {
      $0.ref < $1.ref
    }) {
      try console.line(
        "instance \(endpoint.ref.name) \(endpoint.address) \(endpoint.isReady ? "ready" : "not ready") \(proxy(endpoint))"
      )
    }
  }

  private func write(_ endpoint: Endpoint) throws {
    try console.line("\(endpoint.ref)  of \(endpoint.workload.name)")
    try console.line(
      "address \(endpoint.address), \(endpoint.isReady ? "ready" : "not ready"), proxy \(proxy(endpoint))")
    for proxy in view.programmed[endpoint.ref.plane]?.value?.proxies ?? [] where proxy.ref.name == endpoint.ref.name {
      for type in ProxyState.ConfigType.allCases {
        try console.line("  \(type.rawValue): \(proxy.sync[type]?.label ?? "unknown")")
      }
      if let rejection = proxy.rejection { try console.line("  rejected: \(rejection)") }
    }
  }

  /// How an instance takes part in the mesh, with its proxy's version where that is known.
  private func proxy(_ endpoint: Endpoint) -> String {
    let state = view.programmed[endpoint.ref.plane]?.value?.proxies.first { $0.ref.name == endpoint.ref.name }
    let version = state?.version ?? ""
    return endpoint.proxy.rawValue + (version.isEmpty ? "" : " \(version)")
  }

  private func programmed(_ known: Known<ProgrammedMTLS>) -> String {
    switch known {
    case .known(let found, _, _):
      "\(found.outcome.rawValue), the server takes \(found.server.rawValue), the client sends \(found.client) (\(found.proxies.map(\.name).joined(separator: ", ")))"
    case .unknown(let reason): "unknown: \(reason)"
    }
  }

  private func observed(_ known: Known<Proportion>) -> String {
    switch known {
    case .known(let share, _, _): "mTLS \(Figures.percent(share.share)), n=\(Figures.compact(share.n))"
    case .unknown(let reason): "unknown: \(reason)"
    }
  }

  private func labels(_ labels: [String: String]) -> String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
  }
}
