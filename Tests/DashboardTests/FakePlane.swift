import MeshKit
import Synchronization

/// A control plane in memory: one VirtualService, weights patched through Istio's own arithmetic.
final class FakePlane: ControlPlane {
  private struct Contents {
    var weights: [(String, Int)] = [("v1", 80), ("v2", 20)]
    var version = 7
    var applied = 0
    var unreachable = 0
    var receivers: [AsyncStream<[MeshChange]>.Continuation] = []
  }

  private let contents = Mutex(Contents())
  private let gate: Gate?
  private let proxies: @Sendable (_ applied: Int) -> [ProxyState]

  /// A plane whose proxies are as told, by the number of writes that arrived.
  init(gate: Gate? = nil, proxies: @escaping @Sendable (_ applied: Int) -> [ProxyState] = { _ in [] }) {
    self.gate = gate
    self.proxies = proxies
  }

  /// Lets the next reads of an object fail, as of a network that is down for a while.
  func lose(_ reads: Int) { contents.withLock { $0.unreachable = reads } }

  /// How many writes arrived.
  var applied: Int { contents.withLock { $0.applied } }
  /// How often it was begun to be followed.
  var followings: Int { contents.withLock { $0.receivers.count } }
  /// The weights stored.
  var weights: [Int] { contents.withLock { $0.weights.map(\.1) } }

  var plane: Plane {
    get async { Plane(name: ShopMesh.plane, kind: .kubernetes, address: "https://api.prod.example:6443") }
  }

  func check() async -> [PlaneCheck] {
    [
      PlaneCheck(name: "reachable", result: .ok, detail: "answered in 3 ms"),
      PlaneCheck(name: "identity", result: .warning, detail: "certificate ends in 2 days", remedy: "renew it"),
    ]
  }

  private func snapshot() -> [MeshChange] {
    var changes: [MeshChange] = []
    let view = ShopMesh.view(reviews: contents.withLock { $0.weights })
    for value in view.snapshot.services.values { changes.append(.upsert(.service(value))) }
    for value in view.snapshot.workloads.values { changes.append(.upsert(.workload(value))) }
    for value in view.snapshot.endpoints.values { changes.append(.upsert(.endpoint(value))) }
    for value in view.snapshot.routes.values { changes.append(.upsert(.route(value))) }
    for value in view.snapshot.destinations.values { changes.append(.upsert(.destination(value))) }
    for value in view.snapshot.mtlsPolicies.values { changes.append(.upsert(.mtlsPolicy(value))) }
    changes.append(.feed(MeshSnapshot.FeedKey(plane: ShopMesh.plane, kind: "virtualservice"), .live(ShopMesh.now)))
    return changes
  }

  func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) { await receive(snapshot()) }

  func changes() -> AsyncStream<[MeshChange]> {
    let (stream, continuation) = AsyncStream.makeStream(of: [MeshChange].self)
    continuation.yield(snapshot())
    contents.withLock { $0.receivers.append(continuation) }
    return stream
  }

  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard ref.name == "reviews" else { throw MeshError(.notFound, "there is no such object", object: ref) }
    let isLost = contents.withLock { contents in
      contents.unreachable -= 1
      return contents.unreachable >= 0
    }
    if isLost { throw MeshError(.unreachable, "no answer", object: ref) }
    return contents.withLock { contents in
      var json = ShopMesh.reviewsObject(contents.weights)
      var metadata = json["metadata"] ?? .null
      metadata["resourceVersion"] = .string(String(contents.version))
      json["metadata"] = metadata
      return NativeObject(
        ref: ref, path: "/virtualservices/reviews", json: json, version: String(contents.version), uid: "u1")
    }
  }

  var configurationKinds: [ObjectKind] { [] }
  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] { [] }

  func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    guard case .weights(let wanted) = intent else {
      throw MeshError(.refused, "only weights here", remedy: "try another")
    }
    let native = try await native(wanted.route)
    var operations: [JSONPatch.Operation] = [.test("/metadata/resourceVersion", .string(native.version))]
    var inverse = operations
    for (index, name) in ["v1", "v2"].enumerated() {
      guard let entry = wanted.weights.first(where: { $0.backend == name }) else { continue }
      let pointer = JSONPointer("/spec/http/0/route/\(index)/weight") ?? JSONPointer()
      operations += [.test(pointer, native.json[pointer] ?? .null), .replace(pointer, .int(entry.weight))]
      inverse.append(.replace(pointer, native.json[pointer] ?? .null))
    }
    let patch = JSONPatch(operations)
    guard let after = try? patch.applied(to: native.json) else {
      throw MeshError(.conflict, "changed since it was read")
    }
    return [
      Step(
        object: wanted.route, path: native.path, write: .patch(patch),
        precondition: Precondition(version: native.version, uid: native.uid), inverse: .patch(JSONPatch(inverse)),
        before: native.json, after: after)
    ]
  }

  func dryRun(_ step: Step) async -> DryRunVerdict {
    DryRunVerdict(step: 0, accepted: true, message: "strict fields ok")
  }

  func permits(_ step: Step) async -> Capabilities.Answer { .yes }

  func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    if let gate { await gate.pass() }
    contents.withLock { contents in
      contents.applied += 1
      contents.version += 1
      guard case .patch(let patch) = step.write else { return }
      for case .replace(let pointer, let value) in patch.operations {
        guard let index = pointer.tokens.dropLast().last.flatMap(Int.init), contents.weights.indices.contains(index)
        else { continue }
        contents.weights[index].1 = value.int ?? 0
      }
    }
    let stored = try await native(step.object)
    let changes = snapshot()
    for receiver in contents.withLock({ $0.receivers }) { receiver.yield(changes) }
    return StepOutcome(version: stored.version, json: stored.json)
  }

  func rules(for dialect: Dialect) -> (any DialectRules)? { dialect == .istio ? IstioDialect() : nil }

  func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    let proxies = proxies(applied)
    return ProgrammedReport(proxies: proxies, gaps: proxies.isEmpty ? ["no proxy access"] : [], at: ShopMesh.now)
  }
}

/// Holds callers back until it is opened.
actor Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func pass() async {
    if isOpen { return }
    await withCheckedContinuation { waiting.append($0) }
  }

  func open() {
    isOpen = true
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}
