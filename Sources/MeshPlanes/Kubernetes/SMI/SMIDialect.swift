public import MeshModel

/// The Service Mesh Interface on a Kubernetes plane.
public struct SMIDialect: KubernetesDialect {
  /// Creates the dialect.
  public init() {}

  /// SMI.
  public var dialect: Dialect { .smi }

  /// No: it has neither proxies nor a status that says so.
  public var tellsProgrammed: Bool { false }

  /// Splits, groups of conditions, and who may call.
  public var resources: [DialectResource] { SMIKind.allCases.map(\.resource) }

  /// Splits and the groups they refer to.
  public var routeKinds: Set<ObjectKind> { [SMIKind.trafficSplit.rawValue, SMIKind.httpRouteGroup.rawValue] }

  /// The views of one object.
  public func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    let parts = try ObjectParts(&reader, apiVersion: apiVersion)
    let ref = parts.meta.ref(resource.kind, on: plane)
    return switch SMIKind(rawValue: resource.kind) {
    case .trafficSplit: [.route(SMIObjectReader.split(parts, ref: ref))]
    case .httpRouteGroup: [.route(SMIObjectReader.group(parts, ref: ref))]
    case .trafficTarget: [.accessPolicy(SMIObjectReader.target(parts, ref: ref))]
    case nil: []
    }
  }

  /// Weights of splits; rules, to say why they have no settings.
  public func handles(_ intent: Intent) -> Bool {
    switch intent {
    case .weights(let intent): SMIKind(rawValue: intent.route.kind) != nil
    case .rule(let intent): SMIKind(rawValue: intent.route.kind) != nil
    case .mtls, .object, .delete: false
    }
  }

  /// The one write that carries out an intent; none where everything is as wanted already.
  public func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    guard case .weights(let intent) = intent else {
      throw MeshError(.refused, "SMI splits by weight alone: it has no timeouts, retries, faults, mirrors or headers")
    }
    let native = try await access.native(intent.route)
    let route = try route(of: native)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    if let fault = SMIWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: SMIWeights.isQuantity(route.apiVersion)
          ? "SMI v1alpha1 takes quantities, here in thousandths: 500 is 500m" : "SMI takes whole weights of 0 or more")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named where rule.backends[index].weight != weights[index] {
      let backend = rule.backends[index]
      let place = backend.pointer.appending("service")
      if let value = native.json[place] { guards.append(.test(place, value)) }
      json = json.setting(
        SMIWeights.written(weights[index], apiVersion: route.apiVersion), at: backend.pointer.tokens + ["weight"])
    }
    return Step.editing(native, to: json, guards: guards)
  }
}

extension SMIDialect: DialectRules {
  /// The routing rules over a snapshot.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    SMIRouting(targets: BackendTargets(snapshot, plane: plane), settings: snapshot.meshes[plane] ?? MeshSettings())
  }

  /// The share of each backend: its weight in proportion to the sum.
  public func shares(of rule: Rule) -> [Double] { SMIWeights.shares(rule.backends.map { $0.weight ?? 0 }) }

  /// None: a split has one rule.
  public func unreachableRules(of route: Route) -> [Int: String] { [:] }

  /// Splits that send nothing anywhere, to Services or by groups that are not there.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    var found: [Finding] = []
    let targets = BackendTargets(snapshot, plane: plane)
    for route in snapshot.routes.values.sorted(by: { $0.ref < $1.ref })
    where route.ref.plane == plane && route.ref.kind == SMIKind.trafficSplit.rawValue {
      for rule in route.rules {
        let weights = rule.backends.map { $0.weight ?? 0 }
        if !weights.isEmpty, weights.allSatisfy({ $0 <= 0 }) {
          found.append(
            Finding(
              code: "MD2201", severity: .error, object: route.ref, pointer: rule.pointer,
              message: "no backend has a weight above 0", remedy: "Give one backend a weight above 0"))
        }
        for backend in rule.backends
        where !snapshot.services.isEmpty && targets.service(backend.host, in: route.ref.namespace) == nil {
          found.append(
            Finding(
              code: "MD2202", severity: .error, object: route.ref, pointer: backend.pointer,
              message: "there is no Service \(backend.host) in \(route.ref.namespace)", remedy: "Correct the name"))
        }
        for name in rule.matches.flatMap(\.others) where name.hasPrefix("HTTPRouteGroup ") {
          let group = ObjectRef(
            plane: plane, namespace: route.ref.namespace, kind: SMIKind.httpRouteGroup.rawValue,
            name: String(name.dropFirst("HTTPRouteGroup ".count)))
          guard snapshot.routes[group] == nil else { continue }
          found.append(
            Finding(
              code: "MD2203", severity: .error, object: route.ref, pointer: "/spec/matches",
              message: "there is no HTTPRouteGroup \(group.name) in \(group.namespace)",
              remedy: "Make it, or correct the name"))
        }
      }
    }
    return found
  }

  /// SMI has no mTLS setting.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    NoMTLS(reason: "SMI leaves TLS to the mesh that implements it")
  }

  /// The entities one of its objects stands for.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    try entities(fromNative: object, plane: plane)
  }
}

/// Routing over one snapshot: a backend is a Service.
struct SMIRouting: RoutingRules {
  let targets: BackendTargets
  let settings: MeshSettings

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    targets.target(backend.host, in: route.ref.namespace)
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    ProxyWeights.found(rule, of: route, in: report, settings: settings)
      ?? rule.backends.map { _ in .unknown("a TrafficSplit has no status: SMI does not tell what is in effect") }
  }
}
