public import MeshModel
import MeshTransport

extension TrafficDirectorPlane {
  /// Reads the kinds once: backend services with the routes that lead to them, workloads with the services they are of.
  public func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {
    let wanted = Self.natives(behind: kinds)
    guard !wanted.isEmpty else { return }
    let reading = try await catalog.read(wanted)
    await receive(changes(of: reading, wanted, namespace: namespace))
  }

  /// Lists again and again; a kind in which no resource has another time of change is not told again.
  public func changes() -> AsyncStream<[MeshChange]> {
    AsyncStream { continuation in
      let task = Task {
        var backoff = Backoff()
        var hasRead = false
        var told: [MeshSnapshot.FeedKey: [Entity]] = [:]
        while !Task.isCancelled {
          var pause = interval
          let begun = clock.now()
          do throws(MeshError) {
            let all = Set(TrafficDirectorKind.allCases)
            var news: [MeshChange] = []
            for change in changes(of: try await catalog.read(all), all, namespace: nil) {
              if case .reset(let key, let entities) = change {
                if told[key] == entities { continue }
                told[key] = entities
              }
              news.append(change)
            }
            continuation.yield(news)
            // A project so large that its lists take long is listed less often, so that its quota is left to others.
            pause = max(interval, min((clock.now() - begun) * 10, .seconds(300)))
            backoff.succeeded(at: clock.now())
            hasRead = true
          } catch {
            let now = Instant(seconds: Double(clock.wallSeconds()))
            let state: FeedState =
              error.code == .forbidden && !hasRead ? .refused(error.message) : .stale(error.description, now)
            continuation.yield([.feed(MeshSnapshot.FeedKey(plane: name, kind: "route"), state)])
            pause = max(.seconds(1), backoff.failed(at: clock.now(), random: Double.random(in: 0..<1)))
          }
          do { try await clock.sleep(for: pause) } catch { break }
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// Reads one resource now; a workload is the group of its name.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard let resource = TrafficDirectorName(ref) else { throw unknown(ref) }
    let what = "read \(resource.kind.rawValue) \(resource.id)"
    let json = try await client.get(
      client.session(resource.kind.api), resource.path(project: project), what: what, object: ref)
    guard let native = NativeObject(trafficDirector: json, client: client, ref: ref) else {
      throw MeshError(.malformed, "\(what): the answer has no name", plane: name, object: ref)
    }
    return native
  }

  /// Reads the resources of a kind in one location or all that are configured.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    guard let native = TrafficDirectorKind(typed: kind) else {
      throw MeshError(
        .notFound, "Traffic Director has no kind \(kind)", plane: name,
        remedy: "its kinds are \(configurationKinds.joined(separator: ", "))")
    }
    let reading = try await catalog.read([native], instances: false)
    if let gap = reading.gaps[native] { throw gap }
    return (reading.objects[native] ?? []).filter { namespace == nil || $0.ref.namespace == namespace }
  }

  func unknown(_ ref: ObjectRef) -> MeshError {
    MeshError(
      .notFound, "Traffic Director has no \(ref.kind) to read by itself", plane: name, object: ref,
      remedy: "kinds are \(configurationKinds.joined(separator: ", ")); a workload is a group of a backend service")
  }

  private func changes(
    of reading: TrafficDirectorCatalog.Reading, _ wanted: Set<TrafficDirectorKind>, namespace: String?
  ) -> [MeshChange] {
    let reader = TrafficDirectorReader(
      plane: name, project: project, objects: reading.objects, groups: reading.groups)
    let now = Instant(seconds: Double(clock.wallSeconds()))
    var changes: [MeshChange] = []
    let partial = Set(reading.partial.keys.flatMap(\.neutral))
    for (kind, entities) in reader.entities() {
      let key = MeshSnapshot.FeedKey(plane: name, kind: kind)
      // Of a part alone nothing can be said of what is gone in the rest.
      if namespace != nil || partial.contains(kind) {
        changes += entities.filter { namespace == nil || $0.ref.namespace == namespace }.map { .upsert($0) }
      } else {
        changes.append(.reset(key, entities))
      }
    }
    for kind in TrafficDirectorKind.allCases where wanted.contains(kind) {
      var state =
        reading.gaps[kind].map { FeedState.refused($0.message) } ?? reading.partial[kind].map { .stale($0, now) }
      if kind == .backendService, state == nil, let gap = reading.groups.values.joined().compactMap(\.gap).first {
        state = .stale("some instances are not known: \(gap)", now)
      }
      changes.append(.feed(MeshSnapshot.FeedKey(plane: name, kind: kind.neutral[0]), state ?? .live(now)))
    }
    return changes
  }

  /// The native kinds that neutral kinds are made of; of kinds that are others' none.
  static func natives(behind kinds: Set<ObjectKind>?) -> Set<TrafficDirectorKind> {
    guard let kinds else { return Set(TrafficDirectorKind.allCases) }
    let routes = TrafficDirectorKind.allCases.filter { $0.layer != nil }
    var natives: Set<TrafficDirectorKind> = []
    for kind in kinds {
      switch kind {
      case "route": natives.formUnion(routes)
      case "service", "workload", "endpoint":
        natives.formUnion(routes + [.backendService, .clientTLSPolicy, .endpointPolicy])
      case "namespace": natives.insert(.mesh)
      default: if let native = TrafficDirectorKind(rawValue: kind) { natives.insert(native) }
      }
    }
    return natives
  }
}
