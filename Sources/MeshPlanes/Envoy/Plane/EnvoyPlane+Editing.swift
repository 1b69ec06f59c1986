public import MeshModel

extension EnvoyPlane {
  /// The steps of an intent: one for each proxy of the group, on its runtime. Everything that the runtime does not hold is
  /// refused with who owns it.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    guard case .weights(let wanted) = intent else { throw await refusal(of: intent, in: snapshot) }
    let state = await fleet.current(within: 1)
    var steps: [Step] = []
    var isKnown = false
    for reading in state.readings
    where reading.group == wanted.route.namespace && state.failures[reading.address] == nil {
      guard let (table, host) = Self.find(wanted.route, in: reading) else { continue }
      isKnown = true
      let owner = reading.origin.owner(isStatic: table.isStatic)
      let entry = try Self.entry(wanted, in: host, owner: owner)
      guard reading.runtime.adminLayer != nil else {
        throw MeshError(
          .refused,
          "\(reading.node) has no admin layer in its runtime, so nothing can be overridden; \(owner) owns the weights",
          plane: name, object: wanted.route,
          remedy: "add {name: admin, admin_layer: {}} to layered_runtime, or change the weights at their owner")
      }
      let ref = ObjectRef(plane: name, namespace: reading.group, kind: EnvoyEntities.Kind.runtime, name: reading.node)
      let native = try await runtime(of: ref)
      if let step = Self.step(native, setting: try Self.values(wanted, entry, now: reading.runtime.values)) {
        steps.append(step)
      }
    }
    guard isKnown else { throw MeshError(.notFound, "no proxy has this route", plane: name, object: wanted.route) }
    return steps
  }

  /// The refusal of an edit that proxies do not take, with who does.
  private func refusal(of intent: Intent, in snapshot: MeshSnapshot) async -> MeshError {
    let state = await fleet.current(within: 60)
    let (what, object): (String, ObjectRef?) =
      switch intent {
      case .rule(let intent): ("the settings of this route", intent.route)
      case .mtls: ("TLS", nil)
      case .object(let intent): ("this \(intent.ref.kind)", intent.ref)
      case .delete(let ref): ("this \(ref.kind)", ref)
      case .weights(let intent): ("the weights", intent.route)
      }
    let words =
      object.flatMap { snapshot.routes[$0]?.owners.first?.evidence }
      ?? state.readings.first.map { $0.origin.owner(isStatic: $0.origin.controlPlane == nil) }
      ?? "whoever configures the proxies"
    return MeshError(
      .refused, "a proxy's administration interface does not change \(what): it is owned by \(words)", plane: name,
      object: object, remedy: "change it there")
  }

  /// The table and virtual host that a route stands for in one proxy.
  private static func find(
    _ ref: ObjectRef, in reading: EnvoyReading
  ) -> (EnvoyRouteTable, EnvoyRouteTable.VirtualHost)? {
    for table in reading.allTables {
      for host in table.hosts where EnvoyEntities.route(table, host) == (ref.kind, ref.name) { return (table, host) }
    }
    return nil
  }

  /// The rule meant, once it opens its weights to the runtime.
  private static func entry(
    _ wanted: WeightsIntent, in host: EnvoyRouteTable.VirtualHost, owner: String
  ) throws(MeshError) -> EnvoyRouteTable.Entry {
    let weighted = host.entries.enumerated().filter { $0.element.weights.clusters.count > 1 }
    let found: [EnvoyRouteTable.Entry]
    if let rule = wanted.rule {
      found = weighted.filter { $0.element.name == rule || String($0.offset) == rule }.map(\.element)
    } else {
      let named = Set(wanted.weights.map(\.backend))
      found = weighted.map(\.element).filter { entry in
        named.isSubset(of: entry.weights.clusters.map { EnvoyReader.name($0.cluster) })
      }
    }
    guard let entry = found.first, found.count == 1 else {
      let names = weighted.map { $0.element.name.isEmpty ? String($0.offset) : $0.element.name }.joined(separator: ", ")
      throw MeshError(
        found.isEmpty ? .refused : .usage,
        found.isEmpty ? "no weighted rule of it has these backends" : "several rules have these backends",
        object: wanted.route, remedy: names.isEmpty ? nil : "rules with weights: \(names)")
    }
    guard entry.weights.override != .none else {
      throw MeshError(
        .refused, "these weights are owned by \(owner); the route names no runtime key to override them by",
        object: wanted.route, remedy: "change them there, or set runtime_key_prefix in the route")
    }
    return entry
  }

  /// The runtime values that bring the wanted weights about; an empty one takes an override away.
  private static func values(
    _ wanted: WeightsIntent, _ entry: EnvoyRouteTable.Entry, now: [String: String]
  ) throws(MeshError) -> [String: String] {
    var weights = entry.weights.effective(now)
    for change in wanted.weights {
      guard let index = entry.weights.clusters.firstIndex(where: { EnvoyReader.name($0.cluster) == change.backend })
      else {
        let names = entry.weights.clusters.map { EnvoyReader.name($0.cluster) }.joined(separator: ", ")
        throw MeshError(
          .refused, "there is no backend \(change.backend)", object: wanted.route, remedy: "backends: \(names)")
      }
      guard (0...Int(UInt32.max)).contains(change.weight) else {
        throw MeshError(.refused, "weight \(change.weight) is not from 0 to \(UInt32.max)", object: wanted.route)
      }
      weights[index] = change.weight
    }
    let sum = weights.reduce(0, +)
    guard sum > 0, sum <= Int(UInt32.max) else {
      throw MeshError(
        .refused, "the weights sum to \(sum): Envoy takes from 1 to \(UInt32.max)", object: wanted.route)
    }
    var values: [String: String] = [:]
    if case .fraction(let key) = entry.weights.override, let first = weights.first {
      let percent = first * 100 / sum
      guard percent * sum == first * 100 else {
        throw MeshError(
          .refused, "the runtime holds a whole per cent, and \(first) of \(sum) is none", object: wanted.route,
          remedy: "use weights that sum to 100")
      }
      let configured = entry.weights.clusters.map(\.weight)
      let isConfigured = configured[0] * sum == first * configured.reduce(0, +)
      values[key] = isConfigured ? "" : String(percent)
      return values
    }
    for (index, target) in entry.weights.clusters.enumerated() {
      guard let key = entry.weights.key(of: index) else { continue }
      values[key] = weights[index] == target.weight ? "" : String(weights[index])
    }
    return values
  }

  /// The step that sets values in a proxy's admin layer; `nil` where they are set already.
  static func step(_ native: NativeObject, setting values: [String: String]) -> Step? {
    var wanted = RuntimeObject.values(native.json)
    for (key, value) in values { wanted[key] = value.isEmpty ? nil : value }
    var json = native.json
    json["values"] = .object(
      JSONObject(
        wanted.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: .string($0.value)) }))
    let forward = StructuralDiff.changes(from: native.json, to: json)
    guard !forward.isEmpty else { return nil }
    return Step(
      object: native.ref, path: native.path, write: .patch(JSONPatch(forward)),
      precondition: Precondition(version: native.version, isAtomic: false),
      inverse: .patch(JSONPatch(StructuralDiff.changes(from: json, to: native.json))), before: native.json, after: json)
  }

  /// Whether the operator may write: a proxy's administration interface asks nobody.
  public func permits(_ step: Step) async -> Capabilities.Answer {
    guard let admin = try? await fleet.admin(proxy(step.object).address), let reason = admin.refusal else {
      return .yes
    }
    return .no(reason)
  }

  /// The runtime has no dry run: the patch is tried on what the proxy has now, and what an override is, is said.
  public func dryRun(_ step: Step) async -> DryRunVerdict {
    do throws(MeshError) {
      let (_, after, _) = try await prepared(step)
      return DryRunVerdict(
        step: 0, accepted: true,
        message: "an override in this proxy's memory: gone when it restarts, and unknown to its control plane",
        result: after)
    } catch {
      let isAnswer = [.refused, .conflict, .forbidden, .notFound, .usage].contains(error.code)
      return DryRunVerdict(
        step: 0, accepted: isAnswer ? false : nil, message: error.message, failure: isAnswer ? error.code : nil)
    }
  }

  /// Writes a step into a proxy's admin layer and reads it back.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    let (before, after, address) = try await prepared(step)
    let (old, new) = (RuntimeObject.values(before), RuntimeObject.values(after))
    let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    try await fleet.admin(address).modifyRuntime(changed.map { ($0, new[$0] ?? "") })
    await fleet.expire()
    let stored = try await readBack(step)
    guard changed.allSatisfy({ RuntimeObject.values(stored.json)[$0] == new[$0] }) else {
      throw MeshError(
        .unknownOutcome, "the proxy took the values and does not show them", plane: name, object: step.object,
        remedy: "look at \(address)/runtime")
    }
    return StepOutcome(version: stored.version, json: stored.json)
  }

  /// The object now, the object as the step would have it, and where it is; a conflict where it is another than expected.
  private func prepared(_ step: Step) async throws(MeshError) -> (JSONValue, JSONValue, String) {
    guard step.object.kind == EnvoyEntities.Kind.runtime, case .patch(let patch) = step.write else {
      throw MeshError(
        .refused, "of a proxy only the runtime can be changed", plane: name, object: step.object)
    }
    let now = try await runtime(of: step.object)
    guard now.json["layer"]?.string != nil else {
      throw MeshError(.refused, "the proxy's runtime has no admin layer", plane: name, object: step.object)
    }
    guard step.precondition.version == nil || step.precondition.version == now.version else {
      throw MeshError(
        .conflict, "the runtime of \(step.object.name) was changed since it was read", plane: name, object: step.object,
        remedy: "read it again")
    }
    do {
      return (now.json, try patch.applied(to: now.json), try await proxy(step.object).address)
    } catch let error as JSONPatchError {
      throw MeshError(.conflict, error.description, plane: name, object: step.object, remedy: "read it again")
    } catch let error as MeshError {
      throw error
    } catch {
      throw MeshError(.malformed, "\(error)", plane: name, object: step.object)
    }
  }
}
