public import MeshModel
import MeshTransport

extension AppMeshPlane {
  /// Reads the kinds once: routes with the routers and services they hang on, nodes with their routes.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let wanted = Self.natives(behind: kinds)
    guard !wanted.isEmpty else { return }
    await receive(try await changes(wanted, mesh: namespace))
  }

  /// Lists again and again; a list tells the version of each resource, and only those that changed are described.
  public func changes() -> AsyncStream<[MeshChange]> {
    PolledChanges.stream(plane: name, kind: "route", interval: interval, clock: clock) { () async throws(MeshError) in
      try await changes(Set(AppMeshKind.allCases), mesh: nil)
    }
  }

  /// Reads one resource now.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard let resource = AppMeshName(ref) else { throw unknown(ref) }
    let path = await catalog.path(resource)
    let json = try await client.get(
      path, what: "describe \(resource.kind.rawValue) \(resource.name)", object: ref)
    return NativeObject(appMesh: json, name: resource, path: path, plane: name, ref: ref)
  }

  /// Reads the resources of a kind in one mesh or all.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    guard let native = AppMeshKind(typed: kind) else {
      throw MeshError(
        .notFound, "App Mesh has no kind \(kind)", plane: name,
        remedy: "its kinds are \(configurationKinds.joined(separator: ", "))")
    }
    let reading = try await catalog.read([native], mesh: namespace)
    if let gap = reading.gaps[native], (reading.objects[native] ?? []).isEmpty {
      throw gap
    }
    return reading.objects[native] ?? []
  }

  func unknown(_ ref: ObjectRef) -> MeshError {
    MeshError(
      .notFound, "App Mesh has no \(ref.kind) of this name", plane: name, object: ref,
      remedy: "routes are named router:route; kinds are \(configurationKinds.joined(separator: ", "))")
  }

  private func changes(_ wanted: Set<AppMeshKind>, mesh: String?) async throws(MeshError) -> [MeshChange] {
    let reading = try await catalog.read(wanted, mesh: mesh)
    let reader = AppMeshReader(plane: name, objects: reading.objects)
    let now = Instant(seconds: Double(clock.wallSeconds()))
    var changes: [MeshChange] = []
    for (kind, entities) in reader.entities() {
      let key = MeshSnapshot.FeedKey(plane: name, kind: kind)
      // Of one mesh alone nothing can be said of what is gone in the others.
      changes += mesh == nil ? [.reset(key, entities)] : entities.map { .upsert($0) }
    }
    for kind in AppMeshKind.allCases where wanted.contains(kind) {
      let state = reading.gaps[kind].map(FeedState.init(gap:)) ?? .live(now)
      changes.append(.feed(MeshSnapshot.FeedKey(plane: name, kind: kind.neutral), state))
    }
    if let nodes = reading.objects[.virtualNode] { changes += await self.changes(nodes, mesh: mesh) }
    return changes
  }

  /// The instances of nodes that Cloud Map discovers; nothing is told of them where no node is found by it.
  private func changes(_ nodes: [NativeObject], mesh: String?) async -> [MeshChange] {
    let asked = nodes.compactMap { node -> (AppMeshName, AppMeshInstances.Question)? in
      guard let name = AppMeshName(of: node.json), let question = AppMeshInstances.Question(node.json) else {
        return nil
      }
      return (name, question)
    }
    let key = MeshSnapshot.FeedKey(plane: name, kind: AppMeshNodeReader.instanceKind)
    guard !asked.isEmpty else { return mesh == nil ? [.reset(key, [])] : [] }
    let findings = await instances.find(Set(asked.map(\.1)))
    let entities = asked.flatMap { node, question in
      AppMeshNodeReader.endpoints(findings.instances[question] ?? [], of: node, plane: name)
    }
    let now = Instant(seconds: Double(clock.wallSeconds()))
    var changes: [MeshChange] = []
    // Of a part alone nothing can be said of what is gone in the rest.
    if mesh == nil, findings.gap == nil || !findings.instances.isEmpty {
      changes.append(.reset(key, entities))
    } else {
      changes += entities.map { .upsert($0) }
    }
    return changes + [.feed(key, findings.gap.map(FeedState.init(gap:)) ?? .live(now))]
  }

  /// The native kinds that neutral kinds are made of; of kinds that are others' none.
  static func natives(behind kinds: Set<ObjectKind>?) -> Set<AppMeshKind> {
    guard let kinds else { return Set(AppMeshKind.allCases) }
    var natives: Set<AppMeshKind> = []
    for kind in kinds {
      switch kind {
      case "route": natives.formUnion([.virtualService, .route])
      case "service", "workload": natives.formUnion([.virtualService, .virtualRouter, .route, .virtualNode])
      case "gateway": natives.insert(.virtualGateway)
      case "gatewayroute": natives.insert(.gatewayRoute)
      case "namespace", "mesh": natives.insert(.mesh)
      // What Kubernetes calls a VirtualService is a route; App Mesh's own is read with the routes.
      case "virtualservice": continue
      default: if let native = AppMeshKind(rawValue: kind) { natives.insert(native) }
      }
    }
    return natives
  }
}

extension AppMeshKind {
  /// The kind its things have in the neutral model.
  var neutral: ObjectKind {
    switch self {
    case .mesh: "mesh"
    case .virtualService: "service"
    case .virtualNode: "workload"
    case .virtualGateway: "gateway"
    case .virtualRouter, .route, .gatewayRoute: rawValue
    }
  }
}
