import MeshKit

/// Filters and orders rows; rows under a head stay under it.
enum RowOrder {
  /// The rows that pass a filter, with the heads of those that do.
  static func filtered(_ rows: [Row], _ filter: Filter) -> [Row] {
    var result: [Row] = []
    var head: Row?
    for row in rows {
      if row.isHead {
        head = row
        continue
      }
      guard filter.matches(row) else { continue }
      if let open = head {
        result.append(open)
        head = nil
      }
      result.append(row)
    }
    return result
  }

  /// The rows in an order; under heads, the rows of each.
  static func sorted(_ rows: [Row], by order: SortOrder) -> [Row] {
    var result: [Row] = []
    var group: [(row: Row, key: SortKey)] = []
    func close() {
      group.sort { left, right in
        if left.key != right.key { return order.isAscending ? left.key < right.key : right.key < left.key }
        return left.row.id < right.row.id
      }
      result += group.map(\.row)
      group = []
    }
    for row in rows {
      if row.isHead {
        close()
        result.append(row)
      } else {
        group.append((row, SortKey(row.sortValue(order.column))))
      }
    }
    close()
    return result
  }
}

/// A value rows are ordered by; what is not known comes before everything known.
private struct SortKey: Comparable {
  let number: Double
  let text: String

  init(_ value: FilterValue?) {
    switch value {
    case .number(let number)?: (self.number, text) = (number, "")
    case .text(let text)?: (number, self.text) = (0, text)
    case nil: (number, text) = (-.infinity, "")
    }
  }

  static func < (left: SortKey, right: SortKey) -> Bool {
    left.number == right.number ? left.text < right.text : left.number < right.number
  }
}

extension Row: FilterSubject {
  var searchText: String {
    switch self {
    case .attention(let row): "\(row.subject) \(row.state) \(row.why)".lowercased()
    case .health(let row): "\(row.ref.namespace)/\(row.ref.name) \(row.ref.plane)".lowercased()
    case .routeHead(let route):
      "\(route.ref.namespace)/\(route.ref.name) \(route.hosts.joined(separator: " "))".lowercased()
    case .rule(let row):
      ("\(row.route.ref.namespace)/\(row.route.ref.name) \(row.rule.name) \(row.route.hosts.joined(separator: " ")) "
        + "\(row.rule.backends.map(\.name).joined(separator: " ")) \(row.unreachable ?? "")").lowercased()
    case .splitHead(let split): "\(split.route.namespace)/\(split.route.name) \(split.rule)".lowercased()
    case .backend(let row):
      "\(row.split.route.namespace)/\(row.split.route.name) \(row.split.rule) \(row.backend?.name ?? "") \(row.backend?.verdict.description ?? "")"
        .lowercased()
    case .pair(let pair):
      "\(pair.client.namespace)/\(pair.client.name) \(pair.server.namespace)/\(pair.server.name):\(pair.port) \(pair.verdict) \(pair.policy.server.rawValue)"
        .lowercased()
    case .accepted(let row): "\(row.workload.namespace)/\(row.workload.name) \(row.mode.rawValue)".lowercased()
    case .proxy(let row):
      "\(row.state.ref.namespace)/\(row.state.ref.name) \(row.state.version) \(row.state.sync.values.map(\.label).joined(separator: " "))"
        .lowercased()
    case .finding(let finding):
      "\(finding.severity.rawValue) \(finding.code) \(finding.object) \(finding.message)".lowercased()
    case .receipt(let receipt):
      "\(receipt.plan.id) \(receipt.result.rawValue) \(receipt.plan.summary) \(receipt.author) \(receipt.reason)"
        .lowercased()
    case .plane(let row):
      "\(row.status.plane.name) \(row.status.plane.kind.rawValue) \(row.status.state.rawValue)".lowercased()
    }
  }

  func value(of field: FilterField) -> FilterValue? {
    if let text = identity(field) { return .text(text) }
    switch self {
    case .health(let row): return row.value(field)
    case .attention(let row): return row.traffic.flatMap { $0.value(field) }
    case .backend(let row): return row.backend?.traffic.value.flatMap { $0.value(field) }
    case .pair(let pair):
      return switch field {
      case .rps: .number(pair.rps)
      case .mtls: pair.observed.value.map { .number($0.share) }
      case .state: .text(pair.verdict)
      default: nil
      }
    case .proxy(let row): return field == .state ? .text(row.state.worstSync.label) : nil
    case .finding(let finding): return field == .severity ? .text(finding.severity.rawValue) : nil
    case .receipt(let receipt): return field == .state ? .text(receipt.result.rawValue) : nil
    case .plane(let row): return field == .state ? .text(row.status.state.rawValue) : nil
    default: return nil
    }
  }

  private func identity(_ field: FilterField) -> String? {
    let ref: ObjectRef? =
      switch self {
      case .health(let row): row.ref
      case .routeHead(let route): route.ref
      case .rule(let row): row.route.ref
      case .splitHead(let split): split.route
      case .backend(let row): row.split.route
      case .pair(let pair): pair.server
      case .accepted(let row): row.workload
      case .proxy(let row): row.state.ref
      case .finding(let finding): finding.object
      case .attention(let row): row.native
      case .receipt, .plane: nil
      }
    switch field {
    case .ns: return ref?.namespace
    case .name: return ref?.name
    case .kind: return ref?.kind
    case .plane: return plane
    default: return nil
    }
  }

  /// What a column is sorted by.
  func sortValue(_ column: String) -> FilterValue? {
    switch (self, column) {
    case (.finding(let finding), "severity"):
      .number(Double(Finding.Severity.allCases.firstIndex(of: finding.severity) ?? 0))
    case (.finding(let finding), "code"): .text(finding.code)
    case (.receipt(let receipt), "age"): .number(receipt.at.seconds)
    case (.proxy(let row), "version"): .text(row.state.version)
    case (.proxy(let row), "cert"):
      (row.certificate?.expires?.seconds
        ?? row.state.certificateDaysLeft.map { row.at.seconds + Double($0) * 86_400 }).map { .number($0) }
    case (.backend(let row), "weight"): row.backend?.desired.value.map { .number($0.share) }
    case (.pair(let pair), "client"): .text("\(pair.client.namespace)/\(pair.client.name)")
    default:
      if column == "name", let ref = native {
        .text("\(ref.namespace)/\(ref.name)")
      } else {
        FilterField(typed: column).flatMap { value(of: $0) }
      }
    }
  }
}

extension TrafficSum {
  /// The value of a field of the filter language.
  func value(_ field: FilterField) -> FilterValue? {
    switch field {
    case .rps: .number(rps)
    case .err: errorRate.map { .number($0) }
    case .p50: p50ms.map { .number($0) }
    case .p95: p95ms.map { .number($0) }
    case .p99: p99ms.map { .number($0) }
    case .mtls: mtlsShare.map { .number($0) }
    default: nil
    }
  }
}

extension HealthRow {
  /// The value of a field of the filter language.
  func value(_ field: FilterField) -> FilterValue? {
    switch field {
    case .ready: .number(Double(ready))
    case .total: .number(Double(total))
    case .runtime: .text(runtime.rawValue)
    case .role: role.map { .text($0.rawValue) }
    case .proxy: proxy.map { .text($0.rawValue) }
    default: traffic.value.flatMap { $0.value(field) }
    }
  }
}

extension ProxyState {
  /// The worst state of synchronisation of any type.
  var worstSync: SyncState {
    for case .rejected(let text) in sync.values { return .rejected(text) }
    if sync.values.contains(.stale) { return .stale }
    return sync.values.contains(.synced) || sync.isEmpty ? .synced : .notSent
  }
}
