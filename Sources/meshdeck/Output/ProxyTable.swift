import MeshKit

/// Proxies as a table: one line a proxy.
struct ProxyTable {
  private let console: Console
  private let isWide: Bool

  init(_ console: Console, wide: Bool) {
    self.console = console
    isWide = wide
  }

  func write(_ items: [ProxyItem], _ view: MeshView) throws {
    var columns = ["!NAMESPACE", "!PROXY", "?VERSION", "CDS", "LDS", "RDS", "EDS", ">CERT"]
    if isWide { columns += ["WORKLOAD", "PROVES", ">ROOTS"] }
    var table = TextTable(console, columns + ["ERROR"])
    for item in items {
      let proxy = item.state
      var cells = [proxy.ref.namespace, proxy.ref.name, proxy.version].map { console.paint($0, .plain) }
      cells += ProxyState.ConfigType.allCases.map { type in
        let state = proxy.sync[type]
        return console.paint(state?.label ?? "–", Self.colour(state))
      }
      cells.append(Self.life(item.certificates.value?.firstToExpire, proxy.certificateDaysLeft, item.now, console))
      if isWide {
        let held = item.certificates.value
        cells += [
          proxy.workload?.name ?? "–", held?.workload?.spiffe ?? "–", held.map { String($0.roots.count) } ?? "–",
        ].map { console.paint($0, .plain) }
      }
      table.row(cells + [console.paint(proxy.rejection ?? "", .bad)], staleFor: view.staleFor(proxy.ref))
    }
    try table.write()
    for (name, report) in view.programmed.sorted(by: { $0.key < $1.key }) {
      if let reason = report.reason { Console.note("\(name): \(reason)") }
      for gap in report.value?.gaps ?? [] { Console.note("\(name): \(gap)") }
    }
    CertificateReading.note(items.map(\.certificates))
  }

  private static func colour(_ state: ProxyState.SyncState?) -> Colour {
    switch state {
    case .synced: .good
    case .stale: .warn
    case .rejected: .bad
    case .notSent, nil: .muted
    }
  }

  /// The life of a certificate, coloured by how it stands.
  static func life(_ one: ProxyCertificate?, _ days: Int?, _ now: Instant, _ console: Console) -> Painted {
    guard let one else { return console.paint(days.map { "\($0)d" } ?? "–", .plain) }
    let colour: Colour =
      switch one.standing(at: now) {
      case .fresh: .plain
      case .late: .warn
      case .expired: .bad
      }
    return console.paint(CertificateText.left(one, at: now), colour)
  }
}

/// Identities as a table: one line a workload, what does not fit first.
struct IdentityTable {
  private let console: Console
  private let isWide: Bool

  init(_ console: Console, wide: Bool) {
    self.console = console
    isWide = wide
  }

  func write(_ rows: [IdentityRow], _ view: MeshView) throws {
    let now = view.at
    var columns = ["NAMESPACE", "!WORKLOAD", "IDENTITY", ">CERT", "?ROOTS", "VERDICT"]
    if isWide { columns += ["PROVEN", "ISSUER", "SERIAL", "EXPIRES", "PROXY", "PLANE"] }
    var table = TextTable(console, columns)
    for row in rows {
      let held = row.certificates.value
      // Where no account says what it should be, it is what it proves.
      var cells = [row.workload.namespace, row.workload.name, row.expected ?? row.proven ?? "–"].map {
        console.paint($0, .plain)
      }
      cells.append(ProxyTable.life(held?.workload, nil, now, console))
      cells.append(console.paint(held.map { roots($0, now) } ?? "–", .plain))
      let verdict = row.trouble?.label ?? (held == nil ? "unknown" : row.isMeshed ? "ok" : "not meshed")
      cells.append(
        console.paint(
          verdict, row.trouble.map { $0 == .late ? .warn : .bad } ?? (verdict == "ok" ? .good : .muted)))
      if isWide {
        cells += [
          row.proven ?? "–", row.issuer ?? "–", held?.workload?.serial ?? "–", held?.workload?.expires?.rfc3339 ?? "–",
          row.proxy?.name ?? "–", row.workload.plane,
        ].map { console.paint($0, .plain) }
      }
      table.row(cells, staleFor: view.staleFor(row.workload))
    }
    try table.write()
    CertificateReading.note(rows.map(\.certificates))
  }

  /// The beginning of each root's fingerprint, or the end of its serial number where that is not known, with the time
  /// it has left.
  private func roots(_ held: ProxyCertificates, _ now: Instant) -> String {
    held.roots.isEmpty
      ? "none"
      : held.roots.map {
        "\($0.fingerprint.map { String($0.prefix(8)) } ?? String($0.serial.suffix(8))) \(CertificateText.left($0, at: now))"
      }.joined(separator: ", ")
  }
}
