public import MeshModel
public import MeshTelemetry

extension MeshView {
  /// What filters counted of each database, cache and broker of a plane, and the filters that are of no service known.
  ///
  /// A filter's `stat_prefix` tells for whom it is: Istio writes the cluster's name there, and operators of Envoys the name
  /// of a service; on the server's side it is told by the workload whose proxy counted.
  public func stores(on plane: PlaneName) -> (services: [ObjectRef: [StoreTraffic]], unknown: [StoreTraffic]) {
    guard let report = traffic(on: plane).value, !report.stores.isEmpty else { return ([:], []) }
    let names = StoreNames(snapshot, plane: plane)
    var services: [ObjectRef: [StoreTraffic]] = [:]
    var unknown: [StoreTraffic] = []
    for store in report.stores {
      if let ref = names.service(of: store) {
        services[ref, default: []].append(store)
      } else {
        unknown.append(store)
      }
    }
    return (services, unknown)
  }
}

/// The services of a plane by the names that filters of stores go by.
private struct StoreNames {
  private var byName: [String: [ObjectRef]] = [:]
  private var services: [Service] = []
  private let snapshot: MeshSnapshot

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    for service in snapshot.services.values where service.ref.plane == plane {
      services.append(service)
      for name in Set(service.hosts + [service.ref.name, "\(service.ref.name).\(service.ref.namespace)"]) {
        byName[StoreTraffic.spelling(name), default: []].append(service.ref)
      }
    }
    services.sort { $0.ref < $1.ref }
  }

  /// The service a filter is for; `nil` where none or several could be meant.
  func service(of store: StoreTraffic) -> ObjectRef? {
    // Source: Istio, `BuildSubsetKey`: `outbound|PORT|SUBSET|HOST`, every bar and dot an underscore here.
    let parts = store.filter.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, let port = Int(parts[1]) else { return only(store.filter) }
    switch parts[0] {
    case "outbound":
      if parts[2].hasPrefix("_"), let found = only(String(parts[2].dropFirst())) { return found }
      for index in parts[2].indices where parts[2][index] == "_" {
        if let found = only(String(parts[2][parts[2].index(after: index)...])) { return found }
      }
      return nil
    case "inbound": return server(store, port: port)
    default: return only(store.filter)
    }
  }

  private func only(_ name: String) -> ObjectRef? {
    guard let found = byName[name], found.count == 1 else { return nil }
    return found[0]
  }

  /// The one service that leads to a port of the workload whose proxy counted.
  private func server(_ store: StoreTraffic, port: Int) -> ObjectRef? {
    guard !store.workload.isEmpty else { return nil }
    let labels = snapshot.workloads.values.first {
      $0.ref.namespace == store.namespace && ($0.ref.name == store.workload || $0.labels["app"] == store.workload)
    }?.labels
    guard let labels else { return nil }
    let found = services.filter { service in
      service.ref.namespace == store.namespace && !service.selector.isEmpty
        && service.selector.allSatisfy { labels[$0.key] == $0.value }
        && service.ports.contains { ($0.targetPort ?? $0.port) == port }
    }
    return found.count == 1 ? found[0].ref : nil
  }
}

extension StoreTraffic {
  /// What was asked in the few words of a column: `redis get 97/s, set 24/s`.
  public var summary: String {
    let shown = operations.prefix(3).map { "\($0.name) \(Figures.rate($0.rate))" }
    let more = operations.count > 3 ? " +\(operations.count - 3)" : ""
    return "\(kind.rawValue) \(shown.isEmpty ? "idle" : shown.joined(separator: ", ") + more)"
  }

  /// Everything that was counted, a line each.
  public var lines: [String] {
    let failed = failures.map { ", failed \(Figures.rate($0))" } ?? ""
    var lines = ["\(kind.rawValue) filter \(filter): \(Figures.rate(rate))\(failed)"]
    for operation in operations.prefix(20) {
      var line = "  \(operation.name)  \(Figures.rate(operation.rate))"
      if let failures = operation.failures, operation.rate > 0 {
        line += "  err \(Figures.percent(min(1, failures / operation.rate)))"
      }
      if let p99 = operation.p99ms { line += "  p99 \(Figures.milliseconds(p99))" }
      lines.append(line)
    }
    if operations.count > 20 { lines.append("  and \(operations.count - 20) more") }
    let rest = others.filter { $0.key != "requests" && $0.key != "errors" }.sorted { $0.key < $1.key }
    if !rest.isEmpty {
      let words = rest.map { "\($0.key.replacing("_", with: " ")) \(Figures.rate($0.value))" }
      lines.append("  " + words.joined(separator: ", "))
    }
    return lines
  }
}
