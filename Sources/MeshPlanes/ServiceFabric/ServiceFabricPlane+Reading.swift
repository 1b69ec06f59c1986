public import MeshModel
import MeshTransport

extension ServiceFabricPlane {
  /// Reads the kinds once.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let wanted = Self.natives(behind: kinds)
    guard !wanted.isEmpty else { return }
    // Of one application alone nothing can be said of what is gone in the others, so all are read.
    await receive(try await changes(wanted))
  }

  /// Lists again and again: there is no change feed.
  public func changes() -> AsyncStream<[MeshChange]> {
    PolledChanges.stream(plane: name, kind: "gateway", interval: interval, clock: clock) { () async throws(MeshError) in
      try await changes(Set(ServiceFabricKind.allCases))
    }
  }

  /// Reads one resource now.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard let resource = ServiceFabricName(ref) else { throw unknown(ref) }
    let path = base.path(of: resource)
    let json = try await client.get(path, what: "read \(resource.kind.rawValue) \(resource.name)", object: ref)
    return NativeObject(serviceFabric: json, path: path, ref: ref)
  }

  /// Reads the resources of a kind; of services in one application or all.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    guard let native = ServiceFabricKind(typed: kind) else {
      throw MeshError(
        .notFound, "Service Fabric has no kind \(kind)", plane: name,
        remedy: "its kinds are \(ServiceFabricKind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let reading = try await catalog.read([native], replicas: false)
    return (reading.objects[native] ?? []).filter { namespace == nil || $0.ref.namespace == namespace }
  }

  func unknown(_ ref: ObjectRef) -> MeshError {
    MeshError(
      .notFound, "Service Fabric has no \(ref.kind) of this name", plane: name, object: ref,
      remedy: "its kinds are \(ServiceFabricKind.allCases.map(\.rawValue).joined(separator: ", "))")
  }

  private func changes(_ wanted: Set<ServiceFabricKind>) async throws(MeshError) -> [MeshChange] {
    let reading = try await catalog.read(wanted, replicas: wanted.contains(.service))
    let now = Instant(seconds: Double(clock.wallSeconds()))
    func feed(_ kind: ObjectKind, _ gap: MeshError?) -> MeshChange {
      .feed(MeshSnapshot.FeedKey(plane: name, kind: kind), gap.map(FeedState.init(gap:)) ?? .live(now))
    }
    var changes = ServiceFabricReader(plane: name, reading: reading).entities().map { kind, entities in
      MeshChange.reset(MeshSnapshot.FeedKey(plane: name, kind: kind), entities)
    }
    for kind in ServiceFabricKind.allCases where wanted.contains(kind) {
      for neutral in kind.neutral {
        changes.append(feed(neutral, reading.gaps[kind] ?? (neutral == "replica" ? reading.replicaGap : nil)))
      }
    }
    return changes
  }

  /// The native kinds that neutral kinds are made of; of kinds that are others' none.
  static func natives(behind kinds: Set<ObjectKind>?) -> Set<ServiceFabricKind> {
    guard let kinds else { return Set(ServiceFabricKind.allCases) }
    var natives: Set<ServiceFabricKind> = []
    for kind in kinds {
      switch kind {
      case "service", "workload": natives.formUnion([.application, .service])
      // Its routes lead to endpoints, whose ports are told by the services.
      case "gatewayroute": natives.formUnion([.application, .service, .gateway])
      case "gateway": natives.insert(.gateway)
      case "namespace", "application": natives.insert(.application)
      case "network": natives.insert(.network)
      default: continue
      }
    }
    return natives
  }
}
