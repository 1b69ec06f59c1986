import MeshModel
import MeshPlanes
import Synchronization

/// A control plane in memory that keeps objects with versions, checks preconditions, and fails as told.
final class FakePlane: ControlPlane {
  /// What happens at one write, by its number from 0.
  enum Fault: Sendable {
    /// Nothing is stored and this is answered.
    case fail(MeshError.Code)
    /// It is stored and the answer is lost.
    case loseAnswer
    /// It is not stored and the answer is lost.
    case loseRequest
    /// The answer is lost, and it is stored when the next write comes in.
    case storeLate
    /// Somebody else writes first.
    case foreign(@Sendable (inout JSONValue) -> Void)
  }

  struct State {
    var objects: [ObjectRef: NativeObject] = [:]
    var revision = 100
    var faults: [Int: [Fault]] = [:]
    var always: Fault?
    var late: Step?
    var refused: ObjectRef?
    /// What the server sets of its own in what it is given to store.
    var defaults: (@Sendable (inout JSONValue) -> Void)?
    var writes = 0
    var reads = 0
    var log: [String] = []
    var programmed = ProgrammedReport(at: Instant(seconds: 0))
    var steps: [Step] = []
    var stepsOf: [ObjectRef: [Step]] = [:]
    var uid: String?
    /// Why its identity cannot be told.
    var uidFailure: MeshError?
    /// What the server says to a step, where not yes.
    var verdicts: [ObjectRef: DryRunVerdict] = [:]
    var beforeWrite: (@Sendable () -> Void)?
  }

  let state = Mutex(State())

  var plane: Plane { Plane(name: "lab", kind: .kubernetes, address: "memory") }
  func check() async -> [PlaneCheck] { [] }
  func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError) {}
  func changes() -> AsyncStream<[MeshChange]> { AsyncStream { $0.finish() } }
  var configurationKinds: [ObjectKind] { ["gateway", "destinationrule", "virtualservice"] }
  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    state.withLock { state in
      state.objects.values.filter { $0.ref.kind == kind && (namespace == nil || namespace == $0.ref.namespace) }
    }
  }
  func rules(for dialect: Dialect) -> (any DialectRules)? { dialect == .istio ? IstioDialect() : nil }
  func permits(_ step: Step) async -> Capabilities.Answer { .yes }
  func dryRun(_ step: Step) async -> DryRunVerdict {
    state.withLock { $0.verdicts[step.object] } ?? DryRunVerdict(step: 0, accepted: true, message: "yes")
  }
  func refusal(of step: Step) -> MeshError? {
    state.withLock { $0.refused == step.object ? MeshError(.refused, "never", object: step.object) : nil }
  }
  func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    state.withLock { state in
      if case .object(let intent) = intent, let own = state.stepsOf[intent.ref] { own } else { state.steps }
    }
  }
  func uid() async throws(MeshError) -> String? {
    let (uid, failure) = state.withLock { ($0.uid, $0.uidFailure) }
    if let failure { throw failure }
    return uid
  }
  func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    state.withLock { $0.programmed }
  }

  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    let found = state.withLock { state in
      state.reads += 1
      return state.objects[ref]
    }
    guard let found else { throw MeshError(.notFound, "there is none", object: ref) }
    return found
  }

  func apply(_ step: Step) async throws(MeshError) -> StepOutcome {
    let result = state.withLock { state -> Result<StepOutcome, MeshError> in
      state.beforeWrite?()
      if let late = state.late.take() { _ = try? Self.store(late, &state) }
      let number = state.writes
      state.writes += 1
      var isLost = false
      for fault in (state.faults[number] ?? []) + (state.always.map { [$0] } ?? []) {
        switch fault {
        case .fail(let code): return .failure(MeshError(code, "told to fail", object: step.object))
        case .loseAnswer: isLost = true
        case .loseRequest: return .failure(MeshError(.unknownOutcome, "no answer", object: step.object))
        case .storeLate:
          state.late = step
          return .failure(MeshError(.unknownOutcome, "no answer", object: step.object))
        case .foreign(let edit): Self.edit(step.object, &state, edit)
        }
      }
      do throws(MeshError) {
        let outcome = try Self.store(step, &state)
        return isLost ? .failure(MeshError(.unknownOutcome, "no answer", object: step.object)) : .success(outcome)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Somebody else's edit.
  func edit(_ ref: ObjectRef, _ edit: @Sendable (inout JSONValue) -> Void) {
    state.withLock { Self.edit(ref, &$0, edit) }
  }

  /// Puts an object in place, as a new one.
  @discardableResult
  func put(_ ref: ObjectRef, spec: JSONValue) -> NativeObject {
    state.withLock { state in
      state.revision += 1
      let version = String(state.revision)
      let native = NativeObject(
        ref: ref, path: Self.path(ref),
        json: [
          "apiVersion": "x/v1", "kind": .string(ref.kind),
          "metadata": ["name": .string(ref.name), "uid": .string("u\(version)"), "resourceVersion": .string(version)],
          "spec": spec,
        ], version: version, uid: "u\(version)")
      state.objects[ref] = native
      return native
    }
  }

  func remove(_ ref: ObjectRef) { state.withLock { $0.objects[ref] = nil } }
  func now(_ ref: ObjectRef) -> JSONValue? { state.withLock { $0.objects[ref]?.json["spec"] } }

  static func path(_ ref: ObjectRef) -> String { "/apis/x/v1/namespaces/\(ref.namespace)/\(ref.kind)s/\(ref.name)" }

  private static func edit(_ ref: ObjectRef, _ state: inout State, _ edit: (inout JSONValue) -> Void) {
    guard var object = state.objects[ref] else { return }
    edit(&object.json)
    bump(&object, &state)
    state.objects[ref] = object
  }

  private static func bump(_ object: inout NativeObject, _ state: inout State) {
    state.revision += 1
    object.version = String(state.revision)
    object.json["metadata"]?["resourceVersion"] = .string(object.version)
  }

  private static func store(_ step: Step, _ state: inout State) throws(MeshError) -> StepOutcome {
    switch step.write {
    case .create(let json):
      guard state.objects[step.object] == nil else { throw MeshError(.conflict, "there already", object: step.object) }
      state.revision += 1
      let version = String(state.revision)
      var stored = json
      state.defaults?(&stored)
      stored["metadata"] = [
        "name": .string(step.object.name), "uid": .string("u\(version)"), "resourceVersion": .string(version),
      ]
      state.objects[step.object] = NativeObject(
        ref: step.object, path: path(step.object), json: stored, version: version, uid: "u\(version)")
      return StepOutcome(version: version, json: stored)
    case .delete:
      guard let object = state.objects[step.object] else { throw MeshError(.notFound, "none", object: step.object) }
      guard step.precondition.uid.isEmpty || object.uid == step.precondition.uid,
        step.precondition.version == nil || object.version == step.precondition.version
      else { throw MeshError(.conflict, "another one", object: step.object) }
      state.objects[step.object] = nil
      return StepOutcome(version: "", json: nil)
    case .patch(let patch):
      guard var object = state.objects[step.object] else { throw MeshError(.notFound, "none", object: step.object) }
      guard step.precondition.uid.isEmpty || object.uid == step.precondition.uid,
        step.precondition.version == object.version
      else { throw MeshError(.conflict, "changed", object: step.object) }
      do throws(JSONPatchError) { object.json = try patch.applied(to: object.json) } catch {
        throw MeshError(.conflict, error.description, object: step.object)
      }
      state.defaults?(&object.json)
      bump(&object, &state)
      state.objects[step.object] = object
      return StepOutcome(version: object.version, json: object.json)
    }
  }
}
