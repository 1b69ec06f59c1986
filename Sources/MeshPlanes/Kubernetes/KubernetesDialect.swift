public import MeshModel

/// One configuration API spoken on a Kubernetes plane: the kinds it reads, what they mean, and how intents become writes.
///
/// A dialect is a value without state of the mesh. ``KubernetesPlane`` lists and watches the resources it declares, hands
/// each object to ``entities(of:apiVersion:plane:from:)``, and asks it for steps and for what proxies were programmed with.
public protocol KubernetesDialect: Sendable {
  /// Which dialect it is.
  var dialect: Dialect { get }

  /// The resources it reads. Those that the server does not serve cost nothing.
  var resources: [DialectResource] { get }

  /// The pure rules of the dialect; the dialect itself where it conforms to ``DialectRules``.
  var rules: (any DialectRules)? { get }

  /// The kinds among them whose objects are routes.
  var routeKinds: Set<ObjectKind> { get }

  /// The kinds among them whose objects are gateways.
  var gatewayKinds: Set<ObjectKind> { get }

  /// Whether it can tell, from proxies or from what controllers report, what is in effect.
  var tellsProgrammed: Bool { get }

  /// The neutral views of one native object; `reader` stands before the object and must have consumed it after.
  ///
  /// An object usually gives one entity, whose reference has the resource's kind and the object's namespace and name; any
  /// number and other kinds are fine (a ServiceEntry gives a service and its endpoints), none as well.
  /// An error concerns this object alone: it is reported, and the list goes on.
  func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity]

  /// The same of an object that a watch tells of. One that changed is likely to change again, often in what the dialect does not
  /// look at.
  func watchedEntities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity]

  /// Whether ``steps(for:in:using:)`` of this dialect knows the intent. `.object` and `.delete` are the plane's own.
  func handles(_ intent: Intent) -> Bool

  /// Whether an intent that several dialects know how to carry out is this one's, by what runs there: Linkerd's mTLS is not
  /// Istio's.
  func claims(_ intent: Intent, in snapshot: MeshSnapshot) -> Bool

  /// The ordered steps that carry out an intent, from native objects read now through `access`.
  func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step]

  /// The settings of the mesh (Istio: the ConfigMap's `mesh` and the root namespace); `nil` where they cannot be read.
  func settings(using access: any KubernetesAccess) async -> MeshSettings?

  /// What the proxies run; `nil` where this dialect has no way to tell.
  func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport?

  /// The certificates of proxies, or why one's are not known; `nil` where this dialect has no way to ask.
  func certificates(
    of proxies: [ObjectRef], using access: any KubernetesAccess
  ) async -> [ObjectRef: Known<ProxyCertificates>]?

  /// The weighted routes a proxy runs, or why they are not known; `nil` where this dialect has no way to ask.
  func routes(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<[ProgrammedRoute]>?

  /// The TLS contexts that proxies of workloads run; `nil` where this dialect has no way to tell.
  func programmedTLS(
    _ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProxyTLSReport?

  /// What the dialect's control plane holds and what troubles it; `nil` where this dialect has no way to tell.
  func distribution(in snapshot: MeshSnapshot, using access: any KubernetesAccess) async -> DistributionReport?

  /// A proxy's connection to the dialect's control plane, or why it is not known; `nil` where it has no way to ask.
  func connection(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<ProxyConnection>?

  /// What the registry of the dialect's control plane holds of a service, replica by replica; `nil` where it has none.
  func registration(of service: Service, using access: any KubernetesAccess) async -> Known<[Registration]>?

  /// As which endpoints that registry holds an instance, replica by replica; `nil` where it has none.
  func registration(
    ofInstance instance: ObjectRef, using access: any KubernetesAccess
  ) async -> Known<[Registration]>?

  /// How a proxy fares, or why that is not known; `nil` where this dialect has no way to ask.
  func condition(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<ProxyCondition>?

  /// Checks of the dialect's own control plane.
  func checks(using access: any KubernetesAccess) async -> [PlaneCheck]
}

extension KubernetesDialect {
  /// The dialect itself, where it conforms to ``DialectRules``.
  public var rules: (any DialectRules)? { self as? any DialectRules }

  /// What a list would give.
  public func watchedEntities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    try entities(of: resource, apiVersion: apiVersion, plane: plane, from: &reader)
  }

  /// None: most dialects leave the entrances to another one.
  public var gatewayKinds: Set<ObjectKind> { [] }

  /// Yes: most dialects have proxies that can be asked, or controllers that report.
  public var tellsProgrammed: Bool { true }

  /// No: what only one dialect handles needs no claim.
  public func claims(_ intent: Intent, in snapshot: MeshSnapshot) -> Bool { false }

  /// Nothing: most dialects have no settings of their own.
  public func settings(using access: any KubernetesAccess) async -> MeshSettings? { nil }

  /// Nothing: most dialects cannot tell.
  public func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport? { nil }

  /// Nothing: most dialects cannot ask.
  public func certificates(
    of proxies: [ObjectRef], using access: any KubernetesAccess
  ) async -> [ObjectRef: Known<ProxyCertificates>]? { nil }

  /// Nothing: most dialects cannot ask.
  public func routes(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<[ProgrammedRoute]>? { nil }

  /// Nothing: most dialects have no control plane that can be asked.
  public func distribution(in snapshot: MeshSnapshot, using access: any KubernetesAccess) async -> DistributionReport? {
    nil
  }

  /// Nothing: most dialects cannot ask.
  public func connection(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<ProxyConnection>? {
    nil
  }

  /// Nothing: most dialects have no registry of their own.
  public func registration(of service: Service, using access: any KubernetesAccess) async -> Known<[Registration]>? {
    nil
  }

  /// Nothing: most dialects have no registry of their own.
  public func registration(
    ofInstance instance: ObjectRef, using access: any KubernetesAccess
  ) async -> Known<[Registration]>? { nil }

  /// Nothing: most dialects cannot ask.
  public func condition(of proxy: ObjectRef, using access: any KubernetesAccess) async -> Known<ProxyCondition>? { nil }

  /// None.
  public func checks(using access: any KubernetesAccess) async -> [PlaneCheck] { [] }

  /// Nothing: most dialects cannot tell.
  public func programmedTLS(
    _ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProxyTLSReport? { nil }
}

/// One resource a dialect reads.
public struct DialectResource: Sendable, Hashable {
  /// The API group; empty for the core group.
  public var group: String
  /// The versions the dialect understands, the preferred first.
  public var versions: [String]
  /// The plural name in paths, such as `virtualservices`.
  public var plural: String
  /// The kind in lower case, such as `virtualservice`: the feed's key and the kind of references.
  public var kind: ObjectKind
  /// Whether its objects live in namespaces.
  public var isNamespaced: Bool
  /// The label selector of the objects that are read and watched; empty means all.
  public var selector: String

  /// Creates a resource.
  public init(
    group: String, versions: [String], plural: String, kind: ObjectKind, isNamespaced: Bool = true,
    selector: String = ""
  ) {
    self.selector = selector
    self.group = group
    self.versions = versions
    self.plural = plural
    self.kind = kind
    self.isNamespaced = isNamespaced
  }
}

/// What a dialect may ask of its Kubernetes API server while it makes steps, settings and reports.
///
/// Every function reads anew; nothing is written here.
public protocol KubernetesAccess: Sendable {
  /// The plane's name, for references.
  var plane: PlaneName { get }

  /// The time now: dialects ask no clock.
  var now: Instant { get }

  /// The version (`networking.istio.io/v1`) under which a kind is served and read; `nil` where it is not served.
  func apiVersion(of kind: ObjectKind) async -> String?

  /// The path of an object, or of the collection where `name` is `nil`. Fails with `.notFound` for a kind not served.
  func path(of kind: ObjectKind, namespace: String, name: String?) async throws(MeshError) -> String

  /// A native object, read now. Fails with `.notFound` where there is none.
  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject

  /// The native objects of a kind, in one namespace or (`nil`) in all.
  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject]

  /// A GET through the API server to a port of a pod (`…/pods/NAME:PORT/proxy/PATH`).
  ///
  /// - Parameter path: Begins with `/` and may carry a query.
  func get(pod: String, namespace: String, port: Int, path: String) async throws(MeshError) -> [UInt8]

  /// The same GET to a pod, its answer handed on piece by piece: for answers that grow with the mesh.
  func read(
    pod: String, namespace: String, port: Int, path: String, _ receive: ([UInt8]) -> Void
  ) async throws(MeshError)
}

extension KubernetesAccess {
  /// The whole answer as one piece.
  public func read(
    pod: String, namespace: String, port: Int, path: String, _ receive: ([UInt8]) -> Void
  ) async throws(MeshError) {
    receive(try await get(pod: pod, namespace: namespace, port: port, path: path))
  }
}
