import MeshModel

/// A new mTLS mode in the API of Istio 1.0 to 1.4: an edit of the Policy or MeshPolicy that holds at a level, or a new one.
///
/// That API knows the mesh, a namespace, a service and a service's port, and the most specific policy counts whole. What it
/// cannot say is refused with the reason: one workload among those of a service, a port that no service leads to, and a
/// policy that would put the tokens a wider one asks for out of force.
/// Source: Istio 1.1, `pilot/pkg/model/validation.go` (`ValidateAuthenticationPolicy`): which names and targets are taken.
struct AuthenticationPolicyEdit {
  let intent: MTLSIntent
  let snapshot: MeshSnapshot

  /// The place a policy is for.
  private enum Place {
    case mesh
    case namespace
    /// A service, or one of its ports.
    case service(Service, ServicePort?)
  }

  /// The one write that carries out an intent; none where everything is as wanted already.
  static func steps(
    for intent: MTLSIntent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    let kind: IstioKind = intent.scope == .mesh ? .meshPolicy : .policy
    guard let apiVersion = await access.apiVersion(of: kind.rawValue) else {
      throw MeshError(
        .refused, "this plane has no \(intent.scope == .mesh ? "MeshPolicy" : "Policy") and no PeerAuthentication",
        plane: access.plane, remedy: "Istio's definitions are not installed whole")
    }
    let edit = AuthenticationPolicyEdit(intent: intent, snapshot: snapshot)
    let place = try edit.place()
    let namespace = intent.scope == .mesh ? "" : intent.namespace
    let natives = try await access.natives(kind.rawValue, namespace: intent.scope == .mesh ? nil : namespace)
    var policies: [(native: NativeObject, policy: MTLSPolicy)] = []
    for native in natives { policies.append((native, try MTLSEdit.policy(native))) }
    policies.sort { ($0.policy.createdAt, $0.policy.ref) < ($1.policy.createdAt, $1.policy.ref) }
    let barrier = Barrier.acknowledged(within: 30)
    if let (native, policy) = try edit.effective(place, among: policies) {
      guard intent.mode != .unset else { return [try edit.removing(native, policy, place, barrier)].compactMap(\.self) }
      let edited = Self.setting(intent.mode, in: native.json)
      return Step.editing(native, to: edited, barrier: barrier).map { [$0] } ?? []
    }
    if intent.mode == .unset { return [] }
    try edit.refuseHidingTokens(place, among: policies)
    let ref = edit.newRef(kind, place, taken: Set(policies.map(\.policy.ref.name)))
    let json = edit.created(ref, apiVersion: apiVersion, place)
    let path = try await access.path(of: kind.rawValue, namespace: namespace, name: nil)
    return [Step.creating(json, as: ref, in: path, barrier: barrier)]
  }

  /// The place an intent means, in the words of this API.
  private func place() throws(MeshError) -> Place {
    if intent.scope == .mesh { return .mesh }
    guard !intent.namespace.isEmpty else { throw MeshError(.usage, "a namespace is needed", plane: intent.plane) }
    if intent.scope == .namespace { return .namespace }
    let ref = ObjectRef(plane: intent.plane, namespace: intent.namespace, kind: "workload", name: intent.workload)
    guard let workload = snapshot.workloads[ref] else {
      throw MeshError(
        .notFound, "there is no workload \(intent.workload) in \(intent.namespace)", plane: intent.plane,
        remedy: "look at them with `meshdeck get workloads -n \(intent.namespace)`")
    }
    let services = ServicesByLabel(snapshot, plane: intent.plane).leading(to: workload.labels, in: intent.namespace)
    guard let service = services.first else {
      throw MeshError(
        .refused, "Istio before 1.5 reaches workloads by their services, and no service leads to \(intent.workload)",
        object: ref, remedy: "make a Service for it, or use the scope namespace")
    }
    guard services.count == 1 else {
      throw MeshError(
        .refused, "several services lead to \(intent.workload): \(services.map(\.ref.name).joined(separator: ", "))",
        object: ref, remedy: "write one Policy with all of them as targets, by `meshdeck apply -f`")
    }
    let others = snapshot.workloads.values.filter {
      $0.ref.plane == intent.plane && $0.ref.namespace == intent.namespace && $0.ref != ref
        && IstioHost.selects(service.selector, $0.labels)
    }.map(\.ref.name).sorted()
    guard others.isEmpty else {
      throw MeshError(
        .refused,
        "Istio before 1.5 sets modes for a service, and \(service.ref.name) is \(others.joined(separator: ", ")) too",
        object: ref,
        remedy: "write a Policy with the target \(service.ref.name) by `meshdeck apply -f`, or use the scope namespace")
    }
    guard intent.scope == .port else { return .service(service, nil) }
    guard let port = intent.port, (1...65_535).contains(port) else {
      throw MeshError(.usage, "a container port from 1 to 65535 is needed", plane: intent.plane)
    }
    guard let found = service.ports.first(where: { ($0.targetPort ?? $0.port) == port }) else {
      let ports = service.ports.map { String($0.targetPort ?? $0.port) }.joined(separator: ", ")
      throw MeshError(
        .refused, "Istio before 1.5 sets modes for ports of services, and none of \(service.ref.name) leads to \(port)",
        object: ref, remedy: "its ports lead to \(ports)")
    }
    return .service(service, found)
  }

  /// The policy that holds for exactly the place; refuses where it holds for more, or where two would contend.
  private func effective(
    _ place: Place, among policies: [(native: NativeObject, policy: MTLSPolicy)]
  ) throws(MeshError) -> (native: NativeObject, policy: MTLSPolicy)? {
    switch place {
    case .mesh: return policies.first { $0.policy.ref.name == AuthenticationPolicies.defaultName }
    case .namespace: return policies.first { $0.policy.targets == nil }
    case .service(let service, let port):
      let name = service.ref.name
      let own = policies.filter { $0.policy.targets?.contains { $0.service == name } ?? false }
      let found = own.first { entry in
        port.map { entry.policy.names(name, port: $0) } ?? entry.policy.namesWhole(name)
      }
      if let found {
        guard let targets = found.policy.targets, targets.count == 1, targets[0].ports.count == (port == nil ? 0 : 1)
        else {
          throw MeshError(
            .refused, "\(found.policy.ref.name) has one mode for all its targets, and not this one alone",
            object: found.policy.ref, remedy: "split it first, by `meshdeck apply -f`")
        }
        return found
      }
      let rival = own.first { port == nil || $0.policy.namesWhole(name) }
      if let other = rival, intent.mode != .unset {
        // Source: Istio 1.1, `AuthenticationPolicyByDestination`: of two that fit the first seen counts, in no order.
        throw MeshError(
          .refused,
          "the Policy \(other.policy.ref.name) names the service \(name) too: before Istio 1.4 it is chance which counts",
          object: other.policy.ref, remedy: "give each policy the ports it is for, by `meshdeck apply -f`")
      }
      return nil
    }
  }

  /// The step that takes a setting away, so that the next wider policy counts; `nil` where there is none.
  private func removing(
    _ native: NativeObject, _ policy: MTLSPolicy, _ place: Place, _ barrier: Barrier
  ) throws(MeshError) -> Step? {
    guard !Self.asksForTokens(native.json) else {
      throw MeshError(
        .refused, "\(policy.ref.name) asks for tokens too, and a policy counts whole: it cannot inherit a mode",
        object: policy.ref, remedy: "set the mode itself: STRICT, PERMISSIVE or DISABLE")
    }
    return Step.deleting(native, barrier: barrier)
  }

  /// A new policy that is more specific takes the whole place of the wider one, its tokens with it.
  private func refuseHidingTokens(
    _ place: Place, among policies: [(native: NativeObject, policy: MTLSPolicy)]
  ) throws(MeshError) {
    guard case .service = place, let wider = policies.first(where: { $0.policy.targets == nil }),
      Self.asksForTokens(wider.native.json)
    else { return }
    throw MeshError(
      .refused,
      "\(wider.policy.ref.name) asks for tokens in all of \(intent.namespace): a policy for the service would end that",
      object: wider.policy.ref, remedy: "write the whole policy, tokens included, by `meshdeck apply -f`")
  }

  private func newRef(_ kind: IstioKind, _ place: Place, taken: Set<String>) -> ObjectRef {
    var name = AuthenticationPolicies.defaultName
    if case .service(let service, let port) = place {
      name = port.map { "\(service.ref.name)-\($0.port)" } ?? service.ref.name
      // The name `default` is a namespace's own.
      if taken.contains(name) || name == AuthenticationPolicies.defaultName { name += "-mtls" }
    }
    return ObjectRef(
      plane: intent.plane, namespace: kind == .meshPolicy ? "" : intent.namespace, kind: kind.rawValue, name: name)
  }

  private func created(_ ref: ObjectRef, apiVersion: String, _ place: Place) -> JSONValue {
    var meta: JSONValue = ["name": .string(ref.name)]
    if !ref.namespace.isEmpty { meta["namespace"] = .string(ref.namespace) }
    var spec = JSONObject()
    if case .service(let service, let port) = place {
      var target: JSONValue = ["name": .string(service.ref.name)]
      if let port { target["ports"] = [["number": .number(String(port.port))]] }
      spec["targets"] = [target]
    }
    let kind: IstioKind = ref.kind == IstioKind.meshPolicy.rawValue ? .meshPolicy : .policy
    return Self.setting(
      intent.mode,
      in: [
        "apiVersion": .string(apiVersion), "kind": .string(kind.spelling), "metadata": meta, "spec": .object(spec),
      ])
  }

  /// An object whose first mTLS method has a mode; `DISABLE` is no such method.
  static func setting(_ mode: MTLSMode, in json: JSONValue) -> JSONValue {
    let peers = json["spec"]?["peers"]?.array ?? []
    func isMutual(_ peer: JSONValue) -> Bool { peer.object?.names.contains("mtls") ?? false }
    guard let index = peers.firstIndex(where: isMutual) else {
      if mode == .disable { return json }
      return json.setting(.array([["mtls": ["mode": .string(mode.rawValue)]]] + peers), at: ["spec", "peers"])
    }
    if mode == .disable {
      let left = peers.filter { !isMutual($0) }
      return json.setting(left.isEmpty ? nil : .array(left), at: ["spec", "peers"])
    }
    let now = peers[index]["mtls"]?["mode"]
    // STRICT is what an empty method says: it is left as it is written.
    if mode == .strict, now == nil || now == .number("0") { return json }
    if mode == .permissive, now == .number("1") { return json }
    return json.setting(.string(mode.rawValue), at: ["spec", "peers", String(index), "mtls", "mode"])
  }

  private static func asksForTokens(_ json: JSONValue) -> Bool {
    let peers = json["spec"]?["peers"]?.array ?? []
    return !(json["spec"]?["origins"]?.array ?? []).isEmpty || peers.contains { $0["jwt"] != nil }
  }
}
