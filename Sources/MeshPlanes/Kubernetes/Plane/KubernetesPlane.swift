public import MeshModel
public import MeshTransport

/// A Kubernetes API server as a control plane: its own resources, and those of the dialects found on it.
///
/// ```swift
/// let config = try Kubeconfig.load(environment: environment)
/// let connection = try KubernetesConnection(config, environment: environment)
/// let plane = try KubernetesPlane(name: "prod", connection: connection, dialects: [IstioDialect()])
/// for await changes in plane.changes() { … }
/// ```
public struct KubernetesPlane: ControlPlane {
  /// The connection's name.
  public let name: PlaneName
  let connection: KubernetesConnection
  let client: KubernetesClient
  let dialects: [any KubernetesDialect]
  let catalog: APICatalog
  let permissions: PermissionCache
  let clock: any TransportClock
  let random: @Sendable () -> Double
  let managed: AKSCluster?
  /// The namespace that is followed alone where all may not be read.
  let namespace: String?

  /// A plane over a connection; nothing is asked yet.
  ///
  /// - Parameters:
  ///   - dialects: The configuration APIs understood.
  ///   - options: Write policy, rate, clock and transport; settings and credentials are the connection's.
  ///   - namespace: The namespace to follow alone, kind by kind, where all may not be read.
  ///   - managed: The cluster as the cloud that runs it tells of it: asked by ``check()`` alone.
  public init(
    name: PlaneName, connection: KubernetesConnection, dialects: [any KubernetesDialect],
    options: Session.Options = Session.Options(), namespace: String? = nil, managed: AKSCluster? = nil
  ) throws(MeshError) {
    self.namespace = namespace
    self.managed = managed
    self.name = name
    self.connection = connection
    self.dialects = dialects
    client = try KubernetesClient(plane: name, connection: connection, options: options)
    clock = options.clock
    random = options.random
    catalog = APICatalog(client, clock: options.clock)
    permissions = PermissionCache(client, clock: options.clock)
  }

  /// The connection as known from the last look at what is served; it asks nothing.
  public var plane: Plane {
    get async {
      var plane = Plane(name: name, kind: .kubernetes, address: client.session.origin + client.session.basePath)
      guard let index = await catalog.known else { return plane }
      let found = Set(readers(index).compactMap { $0.dialect?.dialect })
      plane.capabilities.dialects = found
      for ability in [Capabilities.Ability.topology, .watch] { plane.capabilities.answers[ability] = .yes }
      let none = "no dialect that is understood is installed on this cluster"
      plane.capabilities.answers[.desired] = found.isEmpty ? .no(none) : .yes
      plane.capabilities.answers[.programmed] =
        !dialects.contains { found.contains($0.dialect) && $0.tellsProgrammed }
        ? .no("no dialect of this plane tells what is in effect") : .yes
      plane.capabilities.answers[.observed] = .no("a telemetry source tells this, not the API server")
      for ability in [Capabilities.Ability.editWeights, .editRules, .editMTLS, .dryRun, .precondition] {
        if case .refused(let reason) = client.session.writes {
          plane.capabilities.answers[ability] = .no(reason)
        } else {
          plane.capabilities.answers[ability] =
            found.isEmpty && ability != .dryRun && ability != .precondition ? .no(none) : .yes
        }
      }
      return plane
    }
  }

  /// The pure rules of a dialect this plane was given.
  public func rules(for dialect: Dialect) -> (any DialectRules)? {
    dialects.first { $0.dialect == dialect }?.rules
  }

  /// The resources that are served and understood: Kubernetes' own first, then each dialect's.
  func readers(_ index: APIIndex) -> [ResourceReader] {
    var readers = CoreResources.all.compactMap { resource in
      index.resource(resource).map { ResourceReader(resource: resource, served: $0, dialect: nil) }
    }
    for dialect in dialects {
      readers += dialect.resources.compactMap { resource in
        index.resource(resource).map { ResourceReader(resource: resource, served: $0, dialect: dialect) }
      }
    }
    return readers
  }

  /// The resource behind a kind: one that is read, else any that is served under that name.
  func served(_ kind: ObjectKind) async throws(MeshError) -> APIIndex.Resource {
    let known = try await catalog.current()
    if let found = find(kind, known) { return found }
    // It may have been installed a moment ago.
    let fresh = try await catalog.current(fresh: true)
    if let found = find(kind, fresh) { return found }
    let kinds = readers(fresh).filter { $0.dialect != nil }.map(\.resource.kind)
    throw MeshError(
      .notFound, "the server serves no kind \(kind)", plane: name,
      remedy: kinds.isEmpty
        ? "see the output of kubectl api-resources" : "of the mesh there are \(kinds.joined(separator: ", "))")
  }

  /// The kind that references to a resource's objects hold, however it was asked for.
  func kind(of resource: APIIndex.Resource, askedAs kind: ObjectKind) async throws(MeshError) -> ObjectKind {
    let known = readers(try await catalog.current()).filter { $0.served == resource }
    if known.contains(where: { $0.resource.kind == kind }) { return kind }
    return known.first?.resource.kind ?? (kind == resource.plural ? resource.kind.lowercased() : kind)
  }

  private func find(_ kind: ObjectKind, _ index: APIIndex) -> APIIndex.Resource? {
    readers(index).first { $0.resource.kind == kind }?.served ?? index.resource(named: kind)
  }

  /// What dialects ask through.
  var access: PlaneAccess { PlaneAccess(base: self) }
}

/// The plane as a dialect sees it.
struct PlaneAccess: KubernetesAccess {
  let base: KubernetesPlane

  var plane: PlaneName { base.name }
  var now: Instant { Instant(seconds: Double(base.clock.wallSeconds())) }

  func apiVersion(of kind: ObjectKind) async -> String? {
    do { return try await base.served(kind).apiVersion } catch { return nil }
  }

  func path(of kind: ObjectKind, namespace: String, name: String?) async throws(MeshError) -> String {
    var path = try await base.served(kind).path(namespace: namespace)
    path.name = name
    return path.text
  }

  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject { try await base.native(ref) }

  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    try await base.natives(kind, namespace: namespace)
  }

  func get(pod: String, namespace: String, port: Int, path: String) async throws(MeshError) -> [UInt8] {
    try await base.client.proxied(pod, namespace: namespace, port: port, path: path)
  }

  func read(
    pod: String, namespace: String, port: Int, path: String, _ receive: ([UInt8]) -> Void
  ) async throws(MeshError) {
    try await base.client.proxied(pod, namespace: namespace, port: port, path: path, receive)
  }
}

/// Answers about permissions, each believed for a minute.
actor PermissionCache {
  private let client: KubernetesClient
  private let clock: any TransportClock
  private var answers: [KubernetesClient.AccessQuestion: (Capabilities.Answer, Duration)] = [:]

  init(_ client: KubernetesClient, clock: any TransportClock) {
    self.client = client
    self.clock = clock
  }

  /// Whether the operator may do something. Where the server does not tell, the answer is yes: it will say when written.
  func answer(_ question: KubernetesClient.AccessQuestion) async -> Capabilities.Answer {
    if let (answer, at) = answers[question], clock.now() - at < .seconds(60) { return answer }
    do throws(MeshError) {
      let answer = try await client.permits(question)
      if answers.count > 10_000 { answers = [:] }
      answers[question] = (answer, clock.now())
      return answer
    } catch {
      return [.unauthenticated, .unreachable].contains(error.code) ? .no(error.message) : .yes
    }
  }
}
