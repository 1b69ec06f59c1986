public import MeshModel
import MeshTransport

extension ConsulPlane {
  /// Makes the steps of an intent from entries read now.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    let step: Step?
    switch intent {
    case .weights(let intent): step = try ConsulEdit.weights(try await native(intent.route), intent)
    case .rule(let intent): step = try ConsulEdit.rule(try await native(intent.route), intent)
    case .mtls(let intent): step = try await self.step(for: intent, in: snapshot)
    case .object(let intent): step = try await self.step(for: intent)
    case .delete(let ref):
      let native = try await native(ref)
      step = Step(
        object: native.ref, path: native.path, write: .delete,
        precondition: Precondition(version: native.version, uid: native.uid),
        inverse: .create(ConsulEdit.bare(native.json)), before: native.json)
    }
    return step.map { [$0] } ?? []
  }

  /// The mode of the mesh stands in proxy-defaults, that of a service in its service-defaults.
  private func step(for intent: MTLSIntent, in snapshot: MeshSnapshot) async throws(MeshError) -> Step? {
    let entry: ConsulName
    switch intent.scope {
    case .mesh: entry = ConsulName(kind: .proxyDefaults, name: "global", namespace: nil)
    case .workload:
      let ref = ObjectRef(plane: name, namespace: intent.namespace, kind: "workload", name: intent.workload)
      let labels = snapshot.workloads[ref]?.labels ?? [:]
      if let peer = labels[ConsulPeering.peerLabel] {
        throw MeshError(
          .refused, "\(intent.workload) is a service of peer \(peer): its mode is set there", plane: name,
          remedy: "set it on a plane of that cluster")
      }
      let service = labels[ConsulReading.serviceLabel] ?? intent.workload
      let isOne = try await hasNamespaces()
      entry = ConsulName(kind: .serviceDefaults, name: service, namespace: isOne ? intent.namespace : nil)
    case .namespace, .port:
      throw MeshError(
        .refused, "Consul sets the mode for the mesh or for a service, not for a \(intent.scope.rawValue)", plane: name,
        remedy: "say mesh or workload/NAME")
    }
    let word = try ConsulEdit.word(intent.mode)
    if word == "permissive" {
      let mesh = try await existing(ConsulName(kind: .mesh, name: "mesh", namespace: nil))
      guard mesh?.json["AllowEnablingPermissiveMutualTLS"]?.bool == true else {
        throw MeshError(
          .refused, "the mesh does not allow permissive mutual TLS (AllowEnablingPermissiveMutualTLS is not true)",
          plane: name, remedy: "allow it in the mesh entry first, by `meshdeck edit mesh` or `meshdeck apply -f`")
      }
    }
    if let native = try await existing(entry) { return try ConsulEdit.mode(intent.mode, of: native) }
    guard let word else { return nil }
    var json: JSONValue = [
      "Kind": .string(entry.kind.rawValue), "Name": .string(entry.name), "MutualTLSMode": .string(word),
    ]
    if let namespace = entry.namespace { json["Namespace"] = .string(namespace) }
    return ConsulEdit.creation(entry, json, plane: name)
  }

  /// An entry as it shall be: changed where it exists, made where it does not.
  private func step(for intent: ObjectIntent) async throws(MeshError) -> Step? {
    guard let entry = ConsulName(of: intent.json) else { throw unknown(intent.ref) }
    var intent = intent
    intent.ref = entry.ref(plane: name)
    guard let current = try await current(for: intent) else {
      return ConsulEdit.creation(entry, intent.json, plane: name)
    }
    return ConsulEdit.step(current, to: intent.json)
  }

  private func existing(_ entry: ConsulName) async throws(MeshError) -> NativeObject? {
    do throws(MeshError) { return try await native(entry.ref(plane: name)) } catch  where error.code == .notFound {
      return nil
    }
  }

  /// Reads again and compares; Consul itself judges only what it stores.
  public func dryRun(_ step: Step) async -> DryRunVerdict { await verdict(comparing: step, api: "Consul") }

  /// Whether the token may write an entry, as the servers judge it beforehand.
  public func permits(_ step: Step) async -> Capabilities.Answer {
    if case .refused(let reason) = client.session.writes { return .no(reason) }
    guard let entry = ConsulName(step.object, hasNamespaces: false) else { return .yes }
    let right = ConsulRight(writing: entry)
    guard let answers = try? await allowed([right]) else { return .yes }
    return answers[right] == false ? .no("the token may not write \(right)") : .yes
  }

  /// Writes one entry where it still has the index the step was made for.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    guard let entry = ConsulName(step.object, hasNamespaces: try await hasNamespaces()) else {
      throw unknown(step.object)
    }
    let what = "write \(entry.kind.rawValue) \(entry.name)"
    let wanted = try await compared(step)
    guard let cas = step.precondition.version.map({ Int($0) }) ?? 0 else {
      throw MeshError(.malformed, "the entry was read without its index", plane: name, object: step.object)
    }
    if case .delete = step.write {
      guard
        try await client.delete(
          entry, cas: cas, what: "delete \(entry.kind.rawValue) \(entry.name)", object: step.object)
      else { throw conflict(step) }
      return StepOutcome(version: "", json: nil)
    }
    guard let wanted else { throw MeshError(.malformed, "there is nothing to write", plane: name, object: step.object) }
    guard
      try await client.put(
        ConsulEdit.bare(wanted), cas: cas, namespace: entry.namespace, what: what, object: step.object)
    else { throw conflict(step) }
    let now = try await readBack(step)
    return StepOutcome(version: now.version, json: now.json)
  }

  private func conflict(_ step: Step) -> MeshError {
    MeshError(
      .conflict, "it was changed since it was read (Consul answers false to index \(step.precondition.version ?? "0"))",
      plane: name, object: step.object, remedy: "read it again and repeat the change")
  }
}
