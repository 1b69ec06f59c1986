import MeshKit
import TerminalUI

extension CellContext {
  /// The cells of a proxy.
  func proxy(_ row: ProxyRow) -> [Line] {
    let state = row.state
    var types = Line("")
    for (place, type) in ProxyState.ConfigType.allCases.enumerated() {
      let sync = state.sync[type]
      types.append("\(place == 0 ? " " : "   ")\(sign(sync))", sync.map { style($0) } ?? .muted)
    }
    let admin: Line =
      switch row.certificates {
      case .known?: Line("yes", .muted)
      case .unknown?: Line("\(glyphs.cross) no", .warn)
      case nil: Line("…", .muted)
      }
    return [
      Line(Cells.name(state.ref)), Cells.text(state.worstSync.label, style(state.worstSync)), types,
      Cells.text(state.version.isEmpty ? "–" : state.version, .muted), life(row), admin,
      state.isConnected ? Line("connected", .muted) : Line("\(glyphs.cross) gone", .bad),
      Cells.text(Cells.age(of: row.at, at: now), .muted),
      Cells.text(row.certificates?.value?.workload?.spiffe ?? (row.certificates == nil ? "" : "–"), .muted),
    ]
  }

  private func sign(_ sync: ProxyState.SyncState?) -> String {
    switch sync {
    case .synced: String(glyphs.check)
    case .stale: "~"
    case .rejected: String(glyphs.cross)
    case .notSent, nil: "–"
    }
  }

  /// How long the first of its certificates to end still holds, judged by its own life.
  private func life(_ row: ProxyRow) -> Line {
    guard let one = row.certificate else {
      return row.state.certificateDaysLeft.map { Line("\($0)d") }
        ?? (row.certificates == nil ? Line("…", .muted) : Cells.unknown)
    }
    let style: Style =
      switch one.standing(at: now) {
      case .fresh: .text
      case .late: .warn
      case .expired: .bad
      }
    return Cells.text(CertificateText.left(one, at: now), style)
  }

  /// What the columns cut of a proxy, the worst first.
  func remark(_ row: ProxyRow) -> Line {
    if let rejection = row.state.rejection { return Cells.text(rejection, .bad) }
    let behind = ProxyState.ConfigType.allCases.compactMap { type -> String? in
      guard let sync = row.state.sync[type], sync != .synced else { return nil }
      switch sync {
      case .stale: return "\(type.rawValue.uppercased()) was sent and not acknowledged yet (~)"
      case .notSent: return "\(type.rawValue.uppercased()) was never sent (–)"
      case .rejected(let text): return "\(type.rawValue.uppercased()) was rejected: \(text)"
      case .synced: return nil
      }
    }
    if !behind.isEmpty { return Cells.text(behind.joined(separator: "; "), style(row.state.worstSync)) }
    switch row.certificates {
    case .unknown(let reason)?: return Cells.text("its administration interface: \(reason)", .warn)
    case .known(let held, _, _)?:
      let roots = held.roots.count.counted("root")
      guard let one = held.workload else { return Cells.text("it shows no identity; it believes \(roots)", .muted) }
      let late = one.standing(at: now) == .late ? ", late to renew: it is in the last fifth of its life" : ""
      return Cells.text(
        "proves \(one.spiffe ?? ""), \(CertificateText.left(one, at: now)) left\(late); believes \(roots)",
        late.isEmpty ? .muted : .warn)
    case nil: return Line("being asked for its certificates…", .muted)
    }
  }

  private func style(_ state: ProxyState.SyncState) -> Style {
    switch state {
    case .synced: .good
    case .stale: .warn
    case .notSent: .muted
    case .rejected: .bad
    }
  }
}
