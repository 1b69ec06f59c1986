public import MeshModel
import MeshTransport

extension KubernetesPlane {
  /// The uid of the namespace `kube-system`, which is there as long as the cluster is.
  public func uid() async throws(MeshError) -> String? {
    do throws(MeshError) {
      let uid = try await native(ObjectRef(plane: name, namespace: "", kind: "namespace", name: "kube-system")).uid
      return uid.isEmpty ? nil : uid
    } catch  where error.code == .notFound {
      return nil
    }
  }

  /// Reads one object. The kind `workload` stands for whichever native object is behind the name.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    let path = try await objectPath(ref)
    do throws(MeshError) {
      return native(try await client.get(path, object: ref).json, ref: ref, path: path)
    } catch  where error.code == .notFound {
      throw MeshError(.notFound, "there is no such object", plane: name, object: ref)
    }
  }

  /// The path of an object. A workload is whichever native object stands behind the name.
  private func objectPath(_ ref: ObjectRef) async throws(MeshError) -> ResourcePath {
    guard ref.kind == "workload" else {
      return try await served(ref.kind).path(namespace: ref.namespace).object(ref.name)
    }
    for kind in Self.workloadKinds {
      do throws(MeshError) {
        let path = try await served(kind).path(namespace: ref.namespace).object(ref.name)
        _ = try await client.get(path, object: ref)
        return path
      } catch  where error.code == .notFound {
        continue
      }
    }
    throw MeshError(.notFound, "no deployment, statefulset, daemonset or pod has this name", plane: name, object: ref)
  }

  /// The kinds behind a workload, in the order in which they are looked for.
  private static let workloadKinds: [ObjectKind] = ["deployment", "statefulset", "daemonset", "pod"]

  /// Whether a path is of an object's kind and in its namespace, in whichever version.
  func isPath(_ path: ResourcePath, of ref: ObjectRef) async throws(MeshError) -> Bool {
    for kind in ref.kind == "workload" ? Self.workloadKinds : [ref.kind] {
      let own = try await served(kind).path(namespace: ref.namespace)
      if (own.group, own.plural, own.namespace) == (path.group, path.plural, path.namespace) { return true }
    }
    return false
  }

  private func native(_ json: JSONValue, ref: ObjectRef, path: ResourcePath) -> NativeObject {
    NativeObject(
      ref: ref, path: path.text, json: json, version: json["metadata"]?["resourceVersion"]?.string ?? "",
      uid: json["metadata"]?["uid"]?.string ?? "")
  }

  /// The kinds of the dialects that are served, routes last; all of them where that cannot be asked, since reading one
  /// says why.
  public var configurationKinds: [ObjectKind] {
    get async {
      let kinds: [ObjectKind]
      do throws(MeshError) {
        kinds = readers(try await catalog.current()).filter { $0.dialect != nil }.map(\.resource.kind)
      } catch {
        kinds = dialects.flatMap { $0.resources.map(\.kind) }
      }
      let routes = dialects.reduce(into: Set<ObjectKind>()) { $0.formUnion($1.routeKinds) }
      return kinds.filter { !routes.contains($0) } + kinds.filter(routes.contains)
    }
  }

  /// Reads the objects of a kind, page by page, each with its `apiVersion` and `kind`.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    let resource = try await served(kind)
    let kind = try await self.kind(of: resource, askedAs: kind)
    let path = resource.path(namespace: namespace ?? "")
    let what = "list \(resource.plural)"
    var objects: [NativeObject] = []
    do throws(KubernetesClient.ListFailure) {
      _ = try await client.list(
        path, what: what, restarted: { objects = [] },
        page: { response throws(JSONError) in
          try ListPage.read(response.body, kind: resource.kind) { item throws(JSONError) in
            var json = try item.value()
            // Items of Kubernetes' own lists leave out what the list says for all of them.
            if json["kind"] == nil, let members = json.object?.members {
              json = .object(
                JSONObject(
                  [
                    JSONObject.Member(name: "apiVersion", value: .string(resource.apiVersion)),
                    JSONObject.Member(name: "kind", value: .string(resource.kind)),
                  ] + members))
            }
            let meta = json["metadata"]
            let ref = ObjectRef(
              plane: name, namespace: meta?["namespace"]?.string ?? "", kind: kind, name: meta?["name"]?.string ?? "")
            objects.append(
              native(json, ref: ref, path: resource.path(namespace: ref.namespace).object(ref.name)))
          }
        })
    } catch {
      throw error.meshError(what, plane: name)
    }
    return objects
  }

  /// Makes the steps of an intent: generic edits and deletes here, everything else by the dialect that knows it.
  public func steps(for intent: Intent, in snapshot: MeshSnapshot) async throws(MeshError) -> [Step] {
    switch intent {
    case .object(let intent):
      try await refuseSecrets(intent.ref)
      return try await steps(for: intent)
    case .delete(let ref):
      try await refuseSecrets(ref)
      return [.deleting(try await native(ref))]
    case .weights, .rule, .mtls:
      let able = dialects.filter { $0.handles(intent) }
      guard let dialect = able.first(where: { $0.claims(intent, in: snapshot) }) ?? able.first else {
        throw MeshError(.refused, "no dialect of this plane knows how to do that", plane: name)
      }
      try await checkVersion(of: intent, known: dialect.resources)
      return try await dialect.steps(for: intent, in: snapshot, using: access)
    }
  }

  /// The kind in lower case; with its group where a dialect tells it so from another API's kind of that name.
  public func kind(of object: JSONValue) -> ObjectKind? {
    guard let bare = object["kind"]?.string?.lowercased() else { return nil }
    let version = object["apiVersion"]?.string ?? ""
    let group = version.lastIndex(of: "/").map { String(version[..<$0]) } ?? ""
    let qualified = "\(bare).\(group)"
    let isQualified = dialects.contains { dialect in
      dialect.resources.contains { $0.group == group && $0.kind == qualified }
    }
    return isQualified ? qualified : bare
  }

  /// The service, workload or namespace that an object of Kubernetes itself stands for.
  public func entities(from object: JSONValue) -> [Entity] {
    CoreResources.entities(fromNative: object, plane: name)
  }

  /// Refuses to edit an object that is served in no version the dialect knows: what its fields mean may have changed.
  private func checkVersion(of intent: Intent, known: [DialectResource]) async throws(MeshError) {
    let ref: ObjectRef
    switch intent {
    case .weights(let intent): ref = intent.route
    case .rule(let intent): ref = intent.route
    case .mtls, .object, .delete: return
    }
    guard let resource = known.first(where: { $0.kind == ref.kind }) else { return }
    let version = try await served(ref.kind).version
    guard !resource.versions.contains(version) else { return }
    throw MeshError(
      .refused,
      "read-only: \(resource.plural).\(resource.group) is served in \(version) alone, which is not known here",
      plane: name, object: ref, remedy: "known are \(resource.versions.joined(separator: ", ")); edit the object itself"
    )
  }

  /// Refuses to edit a Secret before it is read, under whichever name of its kind.
  private func refuseSecrets(_ ref: ObjectRef) async throws(MeshError) {
    if let refusal = refusal(of: try await objectPath(ref), ref) { throw refusal }
  }

  /// A native object as it shall be: the smallest patch where it exists, a create where it does not.
  private func steps(for intent: ObjectIntent) async throws(MeshError) -> [Step] {
    let (wanted, ref) = (intent.json, intent.ref)
    guard let meta = wanted["metadata"], meta["name"]?.string == ref.name else {
      throw MeshError(.usage, "the object's metadata.name is not \(ref.name)", plane: name, object: ref)
    }
    if let namespace = meta["namespace"]?.string, namespace != ref.namespace {
      throw MeshError(.usage, "the object's namespace is \(namespace), not \(ref.namespace)", plane: name, object: ref)
    }
    guard let current = try await current(for: intent) else {
      let resource = try await served(ref.kind)
      guard !intent.isStatus else {
        throw MeshError(
          .conflict, "it was deleted since it was read", plane: name, object: ref, remedy: "read it again")
      }
      return [.creating(ServerOwned.removing(from: wanted), as: ref, in: resource.path(namespace: ref.namespace).text)]
    }
    return (intent.isStatus ? Step.editingStatus(of: current, to: wanted) : Step.editing(current, to: wanted))
      .map { [$0] } ?? []
  }

  /// What the first dialect that can tell says of the TLS contexts of proxies.
  public func programmedTLS(_ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot) async -> ProxyTLSReport? {
    for dialect in dialects {
      if let report = await dialect.programmedTLS(questions, in: snapshot, using: access) { return report }
    }
    return nil
  }

  /// Gathers what the dialects tell of their proxies.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    var report = ProgrammedReport(at: access.now)
    var asked = false
    for dialect in await spoken {
      guard let part = await dialect.programmed(for: routes, in: snapshot, using: access) else { continue }
      asked = true
      report.add(part)
    }
    if !asked { report.gaps = ["no dialect of this plane tells what proxies run"] }
    return report
  }

  /// The certificates of proxies, from the first dialect that can ask them.
  public func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    var result: [ObjectRef: Known<ProxyCertificates>] = [:]
    for dialect in dialects {
      let missing = proxies.filter { result[$0]?.value == nil }
      guard !missing.isEmpty, let part = await dialect.certificates(of: missing, using: access) else { continue }
      result.merge(part) { $1 }
    }
    for proxy in proxies where result[proxy] == nil {
      result[proxy] = .unknown("no dialect of this plane can ask proxies for their certificates")
    }
    return result
  }

  /// One proxy, asked itself by the first dialect that can; its routes and its certificates side by side.
  public func inspect(_ proxy: ObjectRef) async -> ProxyInspection {
    async let certificates = certificates(of: [proxy])
    async let connection = connection(of: proxy)
    async let registration = registration(ofInstance: proxy)
    async let condition = condition(of: proxy)
    var routes = Known<[ProgrammedRoute]>.unknown("no dialect of this plane can ask a proxy what it runs")
    for dialect in dialects where routes.value == nil {
      if let part = await dialect.routes(of: proxy, using: access) { routes = part }
    }
    var inspection = ProxyInspection(
      proxy: proxy, routes: routes, certificates: await certificates[proxy] ?? .unknown("it was not asked"))
    inspection.condition = await condition ?? .unknown("no dialect of this plane can ask a proxy how it fares")
    inspection.connection = await connection ?? .unknown("no dialect of this plane tells of proxies' connections")
    inspection.registration = await registration
    return inspection
  }

  /// What the first registry that can be asked holds of a service.
  public func registration(of service: Service) async -> Known<[Registration]>? {
    var found: Known<[Registration]>?
    for dialect in await spoken where found?.value == nil {
      found = await dialect.registration(of: service, using: access) ?? found
    }
    return found
  }

  private func registration(ofInstance instance: ObjectRef) async -> Known<[Registration]>? {
    var found: Known<[Registration]>?
    for dialect in await spoken where found?.value == nil {
      found = await dialect.registration(ofInstance: instance, using: access) ?? found
    }
    return found
  }

  /// The dialects whose kinds are installed; all where that is not known.
  private var spoken: [any KubernetesDialect] {
    get async {
      let installed = await catalog.known.map { Set(readers($0).compactMap { $0.dialect?.dialect }) }
      return dialects.filter { installed?.contains($0.dialect) ?? true }
    }
  }

  private func condition(of proxy: ObjectRef) async -> Known<ProxyCondition>? {
    var found: Known<ProxyCondition>?
    for dialect in dialects where found?.value == nil {
      found = await dialect.condition(of: proxy, using: access) ?? found
    }
    return found
  }

  private func connection(of proxy: ObjectRef) async -> Known<ProxyConnection>? {
    var found: Known<ProxyConnection>?
    for dialect in dialects where found?.value == nil {
      found = await dialect.connection(of: proxy, using: access) ?? found
    }
    return found
  }

  /// What the first dialect that can tell says of its control plane.
  public func distribution(in snapshot: MeshSnapshot) async -> DistributionReport? {
    for dialect in dialects {
      if let report = await dialect.distribution(in: snapshot, using: access) { return report }
    }
    return nil
  }
}
