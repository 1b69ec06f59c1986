import MeshModel

/// The problems of Knative services.
struct KnativeAnalysis {
  let snapshot: MeshSnapshot
  let plane: PlaneName

  /// All problems, in the order of the objects.
  func findings() -> [Finding] {
    var found: [Finding] = []
    for route in snapshot.routes.values.sorted(by: { $0.ref < $1.ref })
    where route.ref.plane == plane && route.dialect == .knative {
      for rule in route.rules { check(rule, of: route, into: &found) }
      for condition in route.status.flatMap(\.conditions) where condition.holds == false {
        found.append(
          Finding(
            code: "MD2304", severity: .error, object: route.ref, pointer: "/status",
            message: "not \(condition.type) (\(condition.reason)) \(condition.message)",
            remedy: "This is what Knative says"))
      }
    }
    for configuration in snapshot.destinations.values.sorted(by: { $0.ref < $1.ref })
    where configuration.ref.plane == plane && configuration.ref.kind == KnativeDialect.configuration {
      // Of a Service's own Configuration the Service says it.
      var service = configuration.ref
      service.kind = KnativeDialect.service
      guard snapshot.routes[service] == nil, let ready = configuration.status.first?["Ready"], ready.holds == false
      else { continue }
      let serving = configuration.subsets.first.map { "\($0.name) still gets what follows it" } ?? "nothing serves it"
      found.append(
        Finding(
          code: "MD2306", severity: .warning, object: configuration.ref, pointer: "/status",
          message: "the newest revision is not ready (\(ready.reason)) \(ready.message): \(serving)",
          remedy: "Correct the template; that makes another revision"))
    }
    return found
  }

  private func check(_ rule: Rule, of route: Route, into found: inout [Finding]) {
    if let fault = KnativeTraffic.fault(rule.backends.map { $0.weight ?? 0 }) {
      found.append(
        Finding(
          code: "MD2301", severity: .error, object: route.ref, pointer: "/spec/traffic", message: fault.description,
          remedy: "Percents are 0 to 100 and together exactly 100"))
    }
    let hasRevisions = snapshot.destinations.keys.contains { $0.plane == plane && $0.kind == KnativeDialect.revision }
    for backend in rule.backends where hasRevisions && backend.name != "latest" {
      if let name = KnativeObjectReader.configuration(of: backend) {
        let ref = ObjectRef(
          plane: plane, namespace: route.ref.namespace, kind: KnativeDialect.configuration, name: name)
        if snapshot.destinations[ref] == nil {
          found.append(
            Finding(
              code: "MD2305", severity: .error, object: route.ref, pointer: backend.pointer,
              message: "there is no configuration \(name)", remedy: "Name one that is there"))
        }
        continue
      }
      let ref = ObjectRef(
        plane: plane, namespace: route.ref.namespace, kind: KnativeDialect.revision, name: backend.host)
      guard let revision = snapshot.destinations[ref] else {
        found.append(
          Finding(
            code: "MD2302", severity: .error, object: route.ref, pointer: backend.pointer,
            message: "there is no revision \(backend.host)", remedy: "Name one that is there"))
        continue
      }
      guard (backend.weight ?? 0) > 0, let ready = revision.status.first?["Ready"], ready.holds == false else {
        continue
      }
      found.append(
        Finding(
          code: "MD2303", severity: .error, object: route.ref, pointer: backend.pointer,
          message:
            "revision \(backend.host) gets \(backend.weight ?? 0)% and is not ready (\(ready.reason)) \(ready.message)",
          remedy: "Give its share to a revision that is ready"))
    }
  }
}
