public import MeshModel

extension XDSPlane {
  /// One object as the control plane sent it.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard let found = try await natives(ref.kind, namespace: ref.namespace).first(where: { $0.ref == ref }) else {
      throw MeshError(.notFound, "the control plane sends no such object", plane: name, object: ref)
    }
    return found
  }

  /// Istio's, where an istiod gives them; else none, since discovery makes nothing.
  public var configurationKinds: [ObjectKind] { settings.content == .istio ? IstioResources.objectKinds : [] }

  /// The objects of a kind as they were sent: members without a definition by their numbers, extensions by their names.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    let state = await feed.current(within: 3)
    guard state.at != nil else {
      throw state.failure?.error ?? MeshError(.unreachable, "the control plane gave no answer", plane: name)
    }
    let all = settings.content == .istio ? istio(kind, state.resources) : try envoy(kind, state.resources)
    return all.filter { namespace == nil || $0.ref.namespace == namespace }.sorted { $0.ref < $1.ref }
  }

  private func envoy(_ kind: ObjectKind, _ resources: XDSResources) throws(MeshError) -> [NativeObject] {
    let group = EnvoyReader.name(settings.node.cluster)
    func object(_ name: String, _ path: String, _ json: JSONValue, _ version: String) -> NativeObject {
      NativeObject(
        ref: ObjectRef(plane: self.name, namespace: group, kind: kind, name: EnvoyReader.name(name)), path: path,
        json: json, version: version)
    }
    func objects(_ type: XDSType) -> [NativeObject] {
      resources.items(type).map { object($0.name, type.url, $0.json, $0.version) }
    }
    switch kind {
    case EnvoyEntities.Kind.virtualHost:
      let reading = XDSReading.reading(resources, settings: settings, at: now())
      return reading.tables.flatMap { table in
        table.hosts.map { object("\(table.name):\($0.name)", XDSType.routes.url, $0.json, table.version) }
      }
    case EnvoyEntities.Kind.cluster: return objects(.clusters)
    case EnvoyEntities.Kind.listener, EnvoyEntities.Kind.tcpProxy: return objects(.listeners)
    case Self.assignment: return objects(.endpoints)
    case Self.scope: return objects(.scopedRoutes)
    default:
      throw MeshError(
        .usage, "discovery has no objects of kind \(kind)", plane: name,
        remedy: "there are virtualhost, cluster, listener, \(Self.assignment) and \(Self.scope)")
    }
  }

  private static let assignment = "loadassignment"
  private static let scope = "scopedroute"

  private func istio(_ kind: ObjectKind, _ resources: XDSResources) -> [NativeObject] {
    IstioResources.objects(resources).objects.compactMap { type, json in
      guard json["kind"]?.string?.lowercased() == kind, let metadata = json["metadata"] else { return nil }
      return NativeObject(
        ref: ObjectRef(
          plane: name, namespace: metadata["namespace"]?.string ?? "", kind: kind,
          name: metadata["name"]?.string ?? ""), path: type.url, json: json,
        version: metadata["resourceVersion"]?.string ?? "")
    }
  }

  /// None: discovery changes nothing.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    throw await refusal(nil)
  }

  /// Refused, with who owns it.
  public func dryRun(_ step: Step) async -> DryRunVerdict {
    let error = await refusal(step.object)
    return DryRunVerdict(step: 0, accepted: false, message: error.message, failure: error.code)
  }

  /// No: discovery changes nothing.
  public func permits(_ step: Step) async -> Capabilities.Answer { .no(await refusal(step.object).message) }

  /// Refused, with who owns it.
  public func apply(_ step: Step) async throws(MeshError) -> StepOutcome { throw await refusal(step.object) }

  private func refusal(_ object: ObjectRef?) async -> MeshError {
    MeshError(
      .refused, "discovery changes nothing: this is owned by \(await owner)", plane: name, object: object,
      remedy: "change it there")
  }
}
