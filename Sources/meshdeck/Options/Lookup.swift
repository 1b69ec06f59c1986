import Dashboard
import MeshKit

/// Finds the one thing an operator means by what they typed.
enum Lookup {
  /// The weighted route an operator means.
  static func weightedRoute(_ typed: String, in view: MeshView, namespace: String?) throws(MeshError) -> Route {
    if view.snapshot.routes.isEmpty, let refusal = view.refusal(of: Get.Kind.routes.native) { throw refusal }
    let routes = view.snapshot.routes.values.filter { route in route.rules.contains { $0.backends.count > 1 } }
    let ref: ObjectRef
    do throws(MeshError) {
      ref = try ObjectRef.one(typed, among: routes.map(\.ref), namespace: namespace, what: "split")
    } catch {
      if let plain = try? ObjectRef.one(typed, among: view.snapshot.routes.keys, namespace: namespace, what: "route") {
        let answer = view.planes.first { $0.plane.name == plain.plane }?.plane.capabilities.answers[.editWeights]
        if case .no(let reason)? = answer { throw MeshError(.refused, reason, object: plain) }
        throw MeshError(
          .refused, "no rule of it has more than one backend, so there are no weights to set", object: plain)
      }
      throw error
    }
    return try route(ref, in: view)
  }

  /// The route an operator means.
  static func route(_ typed: String, in view: MeshView, namespace: String?) throws(MeshError) -> Route {
    if view.snapshot.routes.isEmpty, let refusal = view.refusal(of: Get.Kind.routes.native) { throw refusal }
    return try route(
      ObjectRef.one(typed, among: view.snapshot.routes.keys, namespace: namespace, what: "route"), in: view)
  }

  private static func route(_ ref: ObjectRef, in view: MeshView) throws(MeshError) -> Route {
    guard let route = view.snapshot.routes[ref] else { throw MeshError(.notFound, "there is no route \(ref)") }
    return route
  }
}

extension MeshView {
  /// Why kinds could be read on no plane; `nil` where one gave one of them.
  func refusal(of kinds: Set<ObjectKind>?) -> MeshError? {
    guard let kinds else { return nil }
    var first: MeshError?
    for (key, state) in snapshot.feeds where kinds.contains(key.kind) {
      guard case .refused(let reason) = state else { return nil }
      first = MeshError(
        .forbidden, reason, plane: key.plane, remedy: "ask for the permission, or use another context or namespace")
    }
    return first
  }
}

extension Get.Kind {
  /// The kinds, each some plane's, without any of which there is nothing to list.
  var native: Set<ObjectKind>? {
    switch self {
    case .splits, .routes: PlaneRegistry.routeKinds
    case .services: ["service"]
    case .gateways: PlaneRegistry.gatewayKinds
    case .workloads, .edges, .mtls, .proxies, .identities, .objects: nil
    }
  }
}
