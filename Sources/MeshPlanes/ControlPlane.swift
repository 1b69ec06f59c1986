public import MeshModel

/// One control plane connection: what every plane can be asked, whatever it speaks.
///
/// A plane reads and writes native objects and gives neutral views of them. It holds no state of the mesh: the live store
/// (`MeshOperations`) does. Every function may be called from any task; errors name what was tried and what to do next.
public protocol ControlPlane: Sendable {
  /// The connection's name, kind, address and capabilities as known now.
  var plane: Plane { get async }

  /// What tells the control plane from any other that may stand under the same name; `nil` where nothing does.
  func uid() async throws(MeshError) -> String?

  /// Proves reachability, identity, permissions, versions and clock: one named check each, in order.
  func check() async -> [PlaneCheck]

  /// Everything of the kinds asked for, read once. `nil` asks for all kinds the plane has.
  ///
  /// Changes are handed over page by page, so that memory follows what the receiver keeps.
  func read(
    _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
  ) async throws(MeshError)

  /// The changes from now on, beginning with everything that is there; it goes on until it is cancelled.
  ///
  /// Trouble is told as a `.feed` change and cured here (watch again, list again, back off); the stream does not end on it.
  func changes() -> AsyncStream<[MeshChange]>

  /// The native object of a thing, read now.
  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject

  /// The native objects of a kind, for `get objects` and offline export.
  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject]

  /// The native kinds that make up the plane's mesh configuration, in the order in which they can be made.
  var configurationKinds: [ObjectKind] { get async }

  /// The identity of a native object that names its kind in the plane's own way; `nil` for one that it does not know so.
  func identity(of object: JSONValue) -> ObjectRef?

  /// The kind that references to a native object hold; `nil` where the object names none.
  func kind(of object: JSONValue) -> ObjectKind?

  /// What a native object of the platform itself stands for, such as a Kubernetes Service; nothing for the objects of
  /// dialects, whose rules read them.
  func entities(from object: JSONValue) -> [Entity]

  /// The ordered steps that carry out an intent, from native objects read now; validated by the plane's own arithmetic.
  func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step]

  /// What the server says to a step without storing it.
  func dryRun(_ step: Step) async -> DryRunVerdict

  /// Whether the operator may write a step, as far as the server can tell beforehand.
  func permits(_ step: Step) async -> Capabilities.Answer

  /// Why a step is not to be written whoever asks, before anything is noted of it; `nil` where nothing speaks against it.
  func refusal(of step: Step) -> MeshError?

  /// Writes one step and gives the object's version after it.
  ///
  /// A failure whose outcome is not known has the code `.unknownOutcome`: read back before anything else.
  func apply(_ step: Step) async throws(MeshError) -> StepOutcome

  /// The pure rules of a dialect the plane speaks; `nil` for one it does not.
  func rules(for dialect: Dialect) -> (any DialectRules)?

  /// What the proxies run: all of the control plane's own view, and the configuration of those that matter for `routes`
  /// (a bounded sample, in parallel within bounds).
  func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport

  /// The certificates of the proxies named, or why one's are not known; bounded in parallelism and in time.
  ///
  /// They are asked for only when somebody looks at them: a fleet has thousands.
  func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>]

  /// One proxy, asked itself.
  func inspect(_ proxy: ObjectRef) async -> ProxyInspection

  /// What the control plane's registry holds of a service, replica by replica; `nil` where this plane has none of its own.
  ///
  /// Its answers grow with the mesh: it is asked when somebody looks at one service.
  func registration(of service: Service) async -> Known<[Registration]>?

  /// The TLS contexts that proxies of workloads run (a bounded number, in parallel within bounds, the first questions
  /// first); `nil` where this plane has no way to tell.
  func programmedTLS(_ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot) async -> ProxyTLSReport?

  /// What the control plane that feeds the proxies holds and what troubles it; `nil` where this plane has no way to tell.
  ///
  /// Its answers grow with the configuration: it is asked once a minute at most.
  func distribution(in snapshot: MeshSnapshot) async -> DistributionReport?
}

extension ControlPlane {
  /// Nothing: most planes write whatever they plan.
  public func refusal(of step: Step) -> MeshError? { nil }
}

extension ControlPlane {
  /// Nothing: most platforms tell of no such thing, and where paths name a project they tell it themselves.
  public func uid() async throws(MeshError) -> String? { nil }
}

extension ControlPlane {
  /// Nothing: most planes are their own store of configuration.
  public func distribution(in snapshot: MeshSnapshot) async -> DistributionReport? { nil }
}

extension ControlPlane {
  /// Nothing: what most planes hold of a service is what is read of them.
  public func registration(of service: Service) async -> Known<[Registration]>? { nil }
}

extension ControlPlane {
  /// Nothing: most planes cannot tell.
  public func programmedTLS(_ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot) async -> ProxyTLSReport? { nil }
}

extension ControlPlane {
  /// Nothing is known: most planes cannot ask.
  public func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    Dictionary(proxies.map { ($0, .unknown("this plane cannot ask proxies for their certificates")) }) { $1 }
  }

  /// The certificates alone: most planes cannot ask a proxy for its routes.
  public func inspect(_ proxy: ObjectRef) async -> ProxyInspection {
    ProxyInspection(
      proxy: proxy, routes: .unknown("this plane cannot ask a proxy what it runs"),
      certificates: await certificates(of: [proxy])[proxy] ?? .unknown("this plane gave no answer"))
  }
}

extension ControlPlane {
  /// None: Kubernetes' objects name their kind in `kind`.
  public func identity(of object: JSONValue) -> ObjectRef? { nil }

  /// None: most planes' objects are all of a dialect.
  public func entities(from object: JSONValue) -> [Entity] { [] }

  /// What the object itself calls its kind, in lower case.
  public func kind(of object: JSONValue) -> ObjectKind? { object["kind"]?.string?.lowercased() }
}

/// The outcome of one written step.
public struct StepOutcome: Sendable, Hashable {
  /// The object's version after the write; empty after a delete.
  public var version: String
  /// The object as the server stored it; `nil` after a delete.
  public var json: JSONValue?
  /// The server's audit identifier, where it gives one.
  public var audit: String?
  /// What the operator should know although it was written, such as that somebody else wrote at the same time.
  public var warning: String?

  /// Creates an outcome.
  public init(version: String, json: JSONValue?, audit: String? = nil, warning: String? = nil) {
    self.version = version
    self.json = json
    self.audit = audit
    self.warning = warning
  }
}

/// One named check of a plane.
public struct PlaneCheck: Sendable, Hashable {
  /// How it came out.
  public enum Result: String, Sendable, Hashable { case ok, warning, failed, skipped }

  /// The name of what is checked, such as `reachable` or `identity`.
  public var name: String
  /// How it came out.
  public var result: Result
  /// What was found, one line.
  public var detail: String
  /// What to do about it; `nil` where nothing is to be done.
  public var remedy: String?

  /// Creates a check.
  public init(name: String, result: Result, detail: String, remedy: String? = nil) {
    self.name = name
    self.result = result
    self.detail = detail
    self.remedy = remedy
  }
}

extension [PlaneCheck] {
  /// Adds a check.
  mutating func add(_ name: String, _ result: PlaneCheck.Result, _ detail: String, remedy: String? = nil) {
    append(PlaneCheck(name: name, result: result, detail: detail, remedy: remedy))
  }
}
