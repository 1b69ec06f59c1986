import MeshKit

extension MeshView {
  /// How long what is shown of a thing has not been fresh, where it is not.
  func staleFor(_ ref: ObjectRef) -> String? { staleSince(ref).map { Figures.seconds(at.age(of: $0).rounded()) } }
}

/// Splits as a table: one line a backend.
struct SplitTable {
  let console: Console
  let view: MeshView

  init(_ console: Console, _ view: MeshView) {
    self.console = console
    self.view = view
  }

  func write(_ splits: [Split]) throws {
    var table = TextTable(
      console,
      [
        "NAMESPACE", "ROUTE", "?RULE", "BACKEND", ">DESIRED", ">PROGRAMMED", ">OBSERVED", "?>RPS", "?>ERR", "?>P99",
        "?READY", "VERDICT",
      ])
    for split in splits {
      let age = view.staleFor(split.route)
      for backend in split.backends {
        let traffic = backend.traffic.value
        table.row(
          [
            console.paint(split.route.namespace, .plain), console.paint(split.route.name, .plain),
            console.paint(split.rule, .plain), console.paint(backend.name, .plain),
            console.paint(Self.desired(backend), .plain), console.paint(Self.programmed(backend), .plain),
            console.paint(Self.observed(backend), .plain),
            console.paint(traffic.map { Figures.compact($0.rps) } ?? "–", .plain),
            console.paint(Figures.percent(traffic?.errorRate), .plain),
            console.paint(Figures.latency(traffic), .plain),
            console.paint("\(backend.ready)/\(backend.total)", backend.ready < backend.total ? .warn : .plain),
            console.paint(backend.verdict.description, backend.verdict.isBad ? .bad : .good),
          ], staleFor: age)
      }
    }
    try table.write()
    for reason in Set(
      splits.flatMap(\.backends).flatMap { [$0.programmed.reason, $0.traffic.reason].compactMap(\.self) }
    ).sorted() {
      Console.note("– means unknown: \(reason)")
    }
  }

  static func desired(_ backend: SplitBackend) -> String {
    backend.desired.value.map { Figures.percent($0.share) } ?? "–"
  }

  static func programmed(_ backend: SplitBackend) -> String {
    backend.programmed.value.map { "\(Figures.percent($0.share)) \($0.acknowledged)/\($0.proxies)" } ?? "–"
  }

  static func observed(_ backend: SplitBackend) -> String {
    backend.share.value.map { "\(Figures.proportion($0)) n=\(Figures.compact($0.n))" } ?? "–"
  }
}

/// Services or workloads as a table.
struct HealthTable {
  let console: Console
  let isWide: Bool
  let view: MeshView

  init(_ console: Console, wide: Bool, _ view: MeshView) {
    self.console = console
    isWide = wide
    self.view = view
  }

  func write(_ rows: [HealthRow]) throws {
    var columns = [
      "NAMESPACE", "!NAME", "?RUNTIME", "?ROLE", "?PROXY", "READY", ">RPS", ">ERR", "?>P50", "?>P95", ">P99", ">MTLS",
    ]
    let isOfSeveralPlanes = Set(rows.lazy.map(\.ref.plane)).count > 1
    let hasStores = isWide && rows.contains { $0.stores != nil }
    if isWide {
      columns += ["?>BYTES", "?>N", "?PLANE"] + (hasStores ? ["?COMMANDS"] : [])
    } else if isOfSeveralPlanes {
      columns.append("PLANE")
    }
    var table = TextTable(console, columns)
    for row in rows {
      let traffic = row.traffic.value
      var cells = [
        console.paint(row.ref.namespace, .plain), console.paint(row.ref.name, .plain),
        console.paint(row.runtime.rawValue, .plain), console.paint(row.role?.rawValue ?? "–", .plain),
        console.paint(row.uncounted == nil ? (row.proxy ?? .none).rawValue : "–", .plain),
        console.paint(row.uncounted == nil ? "\(row.ready)/\(row.total)" : "–", row.lacksInstances ? .warn : .plain),
        console.paint(traffic.map { Figures.compact($0.rps) } ?? "–", .plain),
        console.paint(Figures.percent(traffic?.errorRate), (traffic?.errorRate ?? 0) >= 0.01 ? .bad : .plain),
      ]
      cells += [\TrafficSum.p50ms, \.p95ms, \.p99ms].map { console.paint(Figures.latency(traffic, $0), .plain) }
      cells.append(console.paint(Figures.percent(traffic?.mtlsShare), .plain))
      if isWide {
        cells += [
          Figures.bytes(traffic?.bytesPerSecond), traffic.map { Figures.compact($0.n) } ?? "–", planes(row),
        ].map { console.paint($0, .plain) }
        if hasStores {
          cells.append(console.paint((row.stores ?? []).map(\.summary).joined(separator: "; "), .plain))
        }
      } else if isOfSeveralPlanes {
        cells.append(console.paint(planes(row), .plain))
      }
      table.row(cells, staleFor: view.staleFor(row.ref))
    }
    try table.write()
    let reasons = Set(rows.compactMap(\.traffic.reason) + rows.compactMap(\.uncounted))
    for reason in reasons.sorted() { Console.note("– means unknown: \(reason)") }
  }

  private func planes(_ row: HealthRow) -> String { row.planes.joined(separator: " = ") }
}
