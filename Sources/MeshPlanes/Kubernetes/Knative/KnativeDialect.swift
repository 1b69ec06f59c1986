public import MeshModel

/// Knative Serving on a Kubernetes plane: services whose traffic is divided among revisions by percent.
public struct KnativeDialect: KubernetesDialect {
  static let service = "service.serving.knative.dev"
  static let route = "route.serving.knative.dev"
  static let configuration = "configuration.serving.knative.dev"
  static let revision = "revision"

  /// Creates the dialect.
  public init() {}

  /// Knative.
  public var dialect: Dialect { .knative }

  /// Services, Routes, Configurations and Revisions. `service` is a name of Kubernetes itself, so kinds are written with
  /// their group.
  public var resources: [DialectResource] {
    [
      (Self.service, "services"), (Self.route, "routes"), (Self.configuration, "configurations"),
      (Self.revision, "revisions"),
    ].map { kind, plural in
      DialectResource(group: "serving.knative.dev", versions: ["v1"], plural: plural, kind: kind)
    }
  }

  /// Services and the Routes that no Service made.
  public var routeKinds: Set<ObjectKind> { [Self.service, Self.route] }

  /// The views of one object. A Route that a Service owns is that Service's traffic and is not told twice.
  public func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    let parts = try ObjectParts(&reader, apiVersion: apiVersion)
    let ref = parts.meta.ref(resource.kind, on: plane)
    if resource.kind == Self.revision { return [.destination(KnativeObjectReader.revision(parts, ref: ref))] }
    if resource.kind == Self.configuration { return [.destination(KnativeObjectReader.configuration(parts, ref: ref))] }
    let isOwned = parts.meta.owners.contains { $0.kind == "Service" && $0.apiVersion.hasPrefix("serving.knative.dev/") }
    return resource.kind == Self.route && isOwned ? [] : [.route(KnativeObjectReader.route(parts, ref: ref))]
  }

  /// Weights; rules, to say why they have no settings.
  public func handles(_ intent: Intent) -> Bool {
    switch intent {
    case .weights(let intent): routeKinds.contains(intent.route.kind)
    case .rule(let intent): routeKinds.contains(intent.route.kind)
    case .mtls, .object, .delete: false
    }
  }

  /// The one write that carries out an intent; none where everything is as wanted already.
  public func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    guard case .weights(let intent) = intent else {
      throw MeshError(
        .refused, "Knative divides traffic by percent alone",
        remedy: "A timeout is spec.template.spec.timeoutSeconds; to edit the template makes a new revision")
    }
    let native = try await access.native(intent.route)
    guard native.json["spec"]?["traffic"]?.array?.isEmpty == false else {
      throw MeshError(
        .refused, "all traffic goes to the latest ready revision: there is no traffic block", object: native.ref,
        remedy: "Add spec.traffic with the revisions by name to the object first")
    }
    let route = try route(of: native)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (percents, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    if let fault = KnativeTraffic.fault(percents) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: "Name every revision that changes: \(rule.backends.map(\.name).joined(separator: ", "))")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named where (rule.backends[index].weight ?? 0) != percents[index] {
      let pointer = rule.backends[index].pointer
      for member in ["revisionName", "configurationName", "latestRevision", "tag"] {
        let place = pointer.appending(member)
        if let value = native.json[place] { guards.append(.test(place, value)) }
      }
      json = json.setting(.int(percents[index]), at: pointer.tokens + ["percent"])
    }
    return Step.editing(native, to: json, guards: guards)
  }

  /// Nothing of its own to ask: what is in effect stands in the status.
  public func programmed(
    for routes: [Route], in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async -> ProgrammedReport? {
    routes.contains { $0.dialect == .knative } ? ProgrammedReport(at: access.now) : nil
  }
}

extension KnativeDialect: DialectRules {
  /// The routing rules over a snapshot.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    KnativeRouting(snapshot, plane: plane)
  }

  /// The share of each revision: its percent.
  public func shares(of rule: Rule) -> [Double] { KnativeTraffic.shares(rule.backends.map { $0.weight ?? 0 }) }

  /// None: there is one rule.
  public func unreachableRules(of route: Route) -> [Int: String] { [:] }

  /// The problems of a plane's Knative services.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    KnativeAnalysis(snapshot: snapshot, plane: plane).findings()
  }

  /// Knative leaves TLS between workloads to its ingress layer.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    NoMTLS(reason: "Knative leaves TLS to its ingress layer")
  }

  /// The entities one of its objects stands for.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    try entities(fromNative: object, plane: plane)
  }
}
