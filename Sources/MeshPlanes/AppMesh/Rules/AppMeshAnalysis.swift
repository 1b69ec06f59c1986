import MeshModel

/// The configuration problems that App Mesh itself does not tell.
struct AppMeshAnalysis {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    self.plane = plane
  }

  func findings() -> [Finding] {
    let routes = snapshot.routes.values.filter { $0.ref.plane == plane && $0.dialect == .appMesh }
    let nodesKnown = snapshot.workloads.keys.contains { $0.plane == plane }
    let routing = AppMeshRouting(snapshot, plane: plane)
    return routes.flatMap { route in
      route.rules.flatMap { rule in
        route.ref.kind == AppMeshKind.route.rawValue
          ? weights(rule, route) + (nodesKnown ? targets(rule, route, routing) : []) : []
      }
    }
  }

  private func weights(_ rule: Rule, _ route: Route) -> [Finding] {
    guard let fault = AppMeshWeights.fault(rule.backends.map { $0.weight ?? 0 }) else { return [] }
    return [
      Finding(
        code: "MD4101", severity: .error, object: route.ref,
        pointer: rule.pointer.appending("action").appending("weightedTargets"), message: fault.description,
        remedy: "App Mesh wants each weight between 0 and 100 and a total between 1 and 100")
    ]
  }

  private func targets(_ rule: Rule, _ route: Route, _ routing: AppMeshRouting) -> [Finding] {
    rule.backends.filter { routing.target(of: $0, in: route).workloads.isEmpty }.map { backend in
      Finding(
        code: "MD4102", severity: .error, object: route.ref,
        pointer: backend.pointer.appending("virtualNode"),
        message: "there is no virtual node \(backend.host) in mesh \(route.ref.namespace)",
        remedy: "create the node, or take the target away")
    }
  }
}
