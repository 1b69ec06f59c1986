import MeshModel

/// The problems of routes of the Gateway API's form.
struct GatewayAnalysis {
  let snapshot: MeshSnapshot
  let plane: PlaneName
  let dialect: Dialect
  let targets: BackendTargets

  init(_ snapshot: MeshSnapshot, plane: PlaneName, dialect: Dialect) {
    self.snapshot = snapshot
    self.plane = plane
    self.dialect = dialect
    targets = BackendTargets(snapshot, plane: plane)
  }

  /// All problems, in the order of the objects.
  func findings() -> [Finding] {
    var found: [Finding] = []
    let grants = snapshot.accessPolicies.values.filter { $0.ref.plane == plane && $0.action == "GRANT" }
    for route in snapshot.routes.values.sorted(by: { $0.ref < $1.ref })
    where route.ref.plane == plane && route.dialect == dialect && route.ref.kind != "serviceprofile" {
      check(route, grants, into: &found)
    }
    guard dialect == .gatewayAPI else { return found }
    let kinds = GatewayAPIDialect().gatewayKinds
    for gateway in snapshot.gateways.values.sorted(by: { $0.ref < $1.ref })
    where gateway.ref.plane == plane && kinds.contains(gateway.ref.kind) {
      for listener in gateway.listeners
      where listener.tls == "Terminate" && listener.certificates.isEmpty {
        found.append(
          Finding(
            code: "MD2108", severity: .error, object: gateway.ref, pointer: listener.pointer,
            message: "the listener on port \(listener.port) ends TLS and names no certificate",
            remedy: "Name one in tls.certificateRefs"))
      }
      report(gateway.status, of: gateway.ref, into: &found)
    }
    for policy in snapshot.destinations.values.sorted(by: { $0.ref < $1.ref })
    where policy.ref.plane == plane && policy.ref.kind == GatewayAPIKind.backendTLSPolicy.rawValue {
      if !snapshot.services.isEmpty, targets.service(policy.host, in: policy.ref.namespace) == nil {
        found.append(
          Finding(
            code: "MD2109", severity: .error, object: policy.ref, pointer: "/spec/targetRefs",
            message: "there is no Service \(policy.ref.namespace)/\(policy.host): the policy is for nothing",
            remedy: "Correct the name"))
      }
      report(policy.status, of: policy.ref, into: &found)
    }
    return found
  }

  private func check(_ route: Route, _ grants: [AccessPolicy], into found: inout [Finding]) {
    for (index, rule) in route.rules.enumerated() {
      let weights = rule.backends.map { $0.weight ?? GatewayWeights.absent }
      if let fault = GatewayWeights.fault(weights) {
        found.append(
          Finding(
            code: "MD2101", severity: .error, object: route.ref, pointer: rule.pointer, message: fault.description,
            remedy: "Weights are 0 to 1000000"))
      } else if !weights.isEmpty, weights.allSatisfy({ $0 == 0 }) {
        found.append(
          Finding(
            code: "MD2102", severity: .error, object: route.ref, pointer: rule.pointer,
            message: "all weights of rule \(index) are 0: no request is sent anywhere",
            remedy: "Give one backend a weight above 0"))
      }
      for backend in rule.backends { check(backend, of: route, grants, into: &found) }
    }
    for (index, reason) in GatewayPrecedence.unreachable(route).sorted(by: { $0.key < $1.key }) {
      found.append(
        Finding(
          code: "MD2103", severity: .warning, object: route.ref, pointer: route.rules[index].pointer, message: reason,
          remedy: "Take one of the two away"))
    }
    report(route.status, of: route.ref, into: &found)
  }

  private func check(_ backend: Backend, of route: Route, _ grants: [AccessPolicy], into found: inout [Finding]) {
    guard !backend.host.contains("/") else { return }
    let place = targets.place(backend.host, in: route.ref.namespace)
    if !snapshot.services.isEmpty, targets.service(backend.host, in: route.ref.namespace) == nil {
      found.append(
        Finding(
          code: "MD2104", severity: .error, object: route.ref, pointer: backend.pointer,
          message: "there is no Service \(place.namespace)/\(place.name): its share of requests is answered 500",
          remedy: "Correct the name, or take the backend away"))
    }
    guard place.namespace != route.ref.namespace, dialect == .gatewayAPI else { return }
    let kind = route.ref.kind
    let isGranted = grants.contains { grant in
      grant.ref.namespace == place.namespace
        && grant.principals.contains { $0.lowercased() == "\(kind) \(route.ref.namespace)" }
        && grant.rules.contains { $0 == "Service" || $0 == "Service \(place.name)" }
    }
    if !isGranted {
      found.append(
        Finding(
          code: "MD2105", severity: .error, object: route.ref, pointer: backend.pointer,
          message:
            "no ReferenceGrant in \(place.namespace) lets a \(kind) of \(route.ref.namespace) refer to \(place.name)",
          remedy: "Make a ReferenceGrant in \(place.namespace) from \(kind) \(route.ref.namespace) to Service"))
    }
  }

  /// What controllers say is wrong.
  private func report(_ status: [StatusReport], of ref: ObjectRef, into found: inout [Finding]) {
    for report in status {
      let subject = report.subject.isEmpty ? "" : "\(report.subject): "
      for condition in report.conditions
      where condition.holds == false && ["Accepted", "ResolvedRefs", "Programmed"].contains(condition.type) {
        found.append(
          Finding(
            code: "MD2106", severity: .error, object: ref, pointer: "/status",
            message: "\(subject)not \(condition.type) (\(condition.reason)) \(condition.message)",
            remedy: "This is what \(report.controller) says"))
      }
      if let partial = report["PartiallyInvalid"], partial.holds == true {
        found.append(
          Finding(
            code: "MD2107", severity: .warning, object: ref, pointer: "/status",
            message: "\(subject)some rules are not in effect (\(partial.reason)) \(partial.message)",
            remedy: "Correct the rules that \(report.controller) names"))
      }
    }
  }
}
