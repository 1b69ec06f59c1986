import MeshModel

/// What is wrong in a fleet by what its proxies show of themselves.
struct EnvoyFindings {
  let rules: EnvoyRules
  let snapshot: MeshSnapshot
  let plane: PlaneName

  func all() -> [Finding] { hosts() + pressure() + routes() }

  /// Hosts that take no requests.
  private func hosts() -> [Finding] {
    snapshot.endpoints.values.filter { $0.ref.plane == plane }.compactMap { endpoint -> Finding? in
      guard let words = endpoint.labels["envoy.health"], let name = endpoint.labels["envoy.cluster"] else {
        return nil
      }
      let readiness = snapshot.readiness[endpoint.workload]
      let left = readiness?.ready ?? 0
      return Finding(
        code: "MD3101", severity: left == 0 ? .error : .warning, object: cluster(endpoint.workload, name),
        pointer: "/load_assignment",
        message: "host \(endpoint.address)\(endpoint.ports.first.map { ":\($0)" } ?? "") \(words); \(left) of "
          + "\(readiness?.total ?? 0) hosts of \(name) take requests",
        remedy: "look at the host; the proxies send it requests again once it passes")
    }
  }

  /// Circuit breakers that are open, and ejections counted.
  private func pressure() -> [Finding] {
    snapshot.workloads.values.filter { $0.ref.plane == plane }.compactMap { workload -> Finding? in
      guard let words = workload.labels["envoy.pressure"], let name = workload.labels["envoy.cluster"] else {
        return nil
      }
      let limits = snapshot.destinations[cluster(workload.ref, name)]?.settings.connectionPool
      return Finding(
        code: "MD3102", severity: .warning, object: cluster(workload.ref, name), pointer: "/circuit_breakers",
        message: "\(name): \(words)" + (limits.map { " (limits: \($0))" } ?? ""),
        remedy: "see whether the hosts are slow or the limits too low for the load")
    }
  }

  /// Backends that lead nowhere, and rules that nothing reaches.
  private func routes() -> [Finding] {
    var findings: [Finding] = []
    for route in snapshot.routes.values where route.ref.plane == plane && route.dialect == .envoy {
      for rule in route.rules {
        for backend in rule.backends where !backend.host.isEmpty {
          let workload = ObjectRef(
            plane: plane, namespace: route.ref.namespace, kind: "workload", name: EnvoyReader.name(backend.host))
          guard snapshot.workloads[workload] == nil else { continue }
          findings.append(
            Finding(
              code: "MD3103", severity: .error, object: route.ref, pointer: backend.pointer,
              message: "no proxy has the cluster \(backend.host): requests there get 503 (NC)",
              remedy: "add the cluster at \(route.owners.first?.evidence ?? "the owner of the configuration")"))
        }
      }
      for (index, reason) in rules.unreachableRules(of: route) {
        findings.append(
          Finding(
            code: "MD3104", severity: .warning, object: route.ref, pointer: route.rules[index].pointer,
            message: "no request reaches this rule: \(reason)", remedy: "move it before that rule"))
      }
    }
    return findings
  }

  private func cluster(_ workload: ObjectRef, _ name: String) -> ObjectRef {
    ObjectRef(plane: plane, namespace: workload.namespace, kind: "cluster", name: EnvoyReader.name(name))
  }
}
