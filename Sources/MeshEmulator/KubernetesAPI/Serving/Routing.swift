import MeshModel

/// What a resource path addresses.
struct ResourceTarget: Sendable {
  var type: ResourceType
  /// The version in the path.
  var version: String
  /// The namespace; `nil` for cluster-wide kinds and for lists over all namespaces.
  var namespace: String?
  /// The name; `nil` for the collection.
  var name: String?
  /// The path after the name: a subresource, or what follows `proxy`.
  var rest: [String] = []

  var apiVersion: String { type.apiVersion(version) }
  var isStatus: Bool { rest.first == "status" }
}

extension KubernetesAPIServer {
  /// Answers a request: who asks, what for, and whether they may.
  func answer(to request: APIRequest) async throws -> APIAnswer {
    let user = try user(request.authorization, impersonated: request.impersonated)
    switch request.segments.first {
    case nil: return APIAnswer(["paths": .array(Self.paths.map { .string($0) })])
    case "version": return APIAnswer(Self.version)
    case "healthz", "livez", "readyz": return APIAnswer(text: "ok")
    case "openapi": return try openAPI(request)
    case "api" where request.segments.count <= 2, "apis" where request.segments.count <= 3:
      guard request.method == "GET" else { throw APIStatus.methodNotAllowed }
      return try discovery(request)
    case "api", "apis": return try await resourceAnswer(request, user: user)
    default: return try await outside(request)
    }
  }

  private static let paths = [
    "/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version",
  ]

  static let version: JSONValue = [
    "major": "1", "minor": "36", "gitVersion": "v1.36.0+meshdeck", "gitCommit": "", "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "swiftc", "platform": "linux/amd64",
  ]

  private func outside(_ request: APIRequest) async throws -> APIAnswer {
    let plain = PlainRequest(
      target: .server, method: request.method, path: request.path, query: request.query, body: request.body)
    guard let answer = await behind(plain) else { return APIAnswer(text: "404 page not found\n", status: 404) }
    return APIAnswer(bytes: answer.body, status: answer.status, contentType: answer.contentType)
  }

  /// Who sends a request.
  private func user(_ authorization: String?, impersonated: String?) throws(APIStatus) -> APIUser {
    var user = anonymous
    if let authorization, authorization.lowercased().hasPrefix("bearer ") {
      let token = authorization.dropFirst(7)
      guard let known = users.first(where: { $0.token.map { $0 == token } ?? false }) else { throw .unauthorized }
      user = known
    }
    guard let impersonated else { return user }
    guard user.allows("impersonate", group: "", resource: "users", namespace: nil) else {
      throw APIStatus(
        403, "Forbidden",
        "users \"\(impersonated)\" is forbidden: User \"\(user.name)\" cannot impersonate resource \"users\" in API group"
          + " \"\" at the cluster scope", details: ["name": .string(impersonated), "kind": "users"])
    }
    return users.first { $0.name == impersonated } ?? APIUser(name: impersonated, rules: [])
  }

  /// Refuses what a user may not do.
  func authorize(_ user: APIUser, _ verb: String, _ target: ResourceTarget) throws(APIStatus) {
    let id = target.type.id
    let namespace = target.type.isNamespaced ? target.namespace : nil
    let resource = id.plural + (target.rest.first.map { "/\($0)" } ?? "")
    if user.allows(verb, group: id.group, resource: resource, namespace: namespace) { return }
    if !target.rest.isEmpty, user.allows(verb, group: id.group, resource: id.plural, namespace: namespace) { return }
    let scope = namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
    let object = target.name.map { " \"\($0)\"" } ?? ""
    throw APIStatus(
      403, "Forbidden",
      "\(id)\(object) is forbidden: User \"\(user.name)\" cannot \(verb) resource \"\(resource)\" in API group"
        + " \"\(id.group)\" \(scope)", details: APIStatus.details(id, name: target.name))
  }

  /// Takes a resource path apart.
  func target(_ segments: [String]) -> ResourceTarget? {
    let isCore = segments.first == "api"
    let head = isCore ? 2 : 3
    guard segments.count > head else { return nil }
    let group = isCore ? "" : segments[1]
    let version = segments[head - 1]
    var rest = Array(segments[head...])
    func make(_ plural: String, _ namespace: String?, _ rest: [String]) -> ResourceTarget? {
      guard let type = store.types[ResourceID(plural, group: group)], type.versions.contains(version) else {
        return nil
      }
      return ResourceTarget(
        type: type, version: version, namespace: namespace, name: rest.first, rest: Array(rest.dropFirst()))
    }
    if rest[0] == "namespaces", rest.count >= 3, !(isCore && ["status", "finalize"].contains(rest[2])) {
      let namespace = rest[1]
      rest.removeFirst(2)
      guard let target = make(rest[0], namespace, Array(rest.dropFirst())), target.type.isNamespaced else { return nil }
      return target
    }
    guard let target = make(rest[0], nil, Array(rest.dropFirst())) else { return nil }
    return target.type.isNamespaced && target.name != nil ? nil : target
  }

  private func resourceAnswer(_ request: APIRequest, user: APIUser) async throws -> APIAnswer {
    if let review = try review(request, user: user) { return review }
    guard let target = target(request.segments) else { return APIAnswer(text: "404 page not found\n", status: 404) }
    if target.type.isAggregated {
      guard request.method == "GET" else { throw APIStatus.methodNotAllowed }
      try authorize(user, target.name == nil ? "list" : "get", target)
      return try await outside(request)
    }
    if target.rest.first == "proxy" { return try await proxy(request, target, user: user) }
    if let subresource = target.rest.first {
      guard target.rest.count == 1, target.type.subresources.contains(subresource) else {
        return APIAnswer(text: "404 page not found\n", status: 404)
      }
    }
    let form = try AnswerForm(accept: request.accept)
    switch (request.method, target.name) {
    case ("GET", nil):
      let watches = request.flag("watch")
      try authorize(user, watches ? "watch" : "list", target)
      return watches ? try watch(request, target, form) : try list(request, target, form)
    case ("GET", let name?):
      if request.flag("watch") {
        try authorize(user, "watch", target)
        return try watch(request, target, form)
      }
      try authorize(user, "get", target)
      return try get(request, target, name: name, form)
    case ("POST", nil):
      try authorize(user, "create", target)
      return try create(request, target, form)
    case ("PUT", let name?):
      try authorize(user, "update", target)
      return try replace(request, target, name: name, form)
    case ("PATCH", let name?):
      try authorize(user, "patch", target)
      return try patch(request, target, name: name, form)
    case ("DELETE", let name?):
      try authorize(user, "delete", target)
      return try delete(request, target, name: name, form)
    case ("DELETE", nil):
      try authorize(user, "deletecollection", target)
      return try deleteCollection(request, target, form)
    default: throw APIStatus.methodNotAllowed
    }
  }

  /// Passes a request on to a pod or service.
  private func proxy(_ request: APIRequest, _ target: ResourceTarget, user: APIUser) async throws -> APIAnswer {
    let verbs = ["GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"]
    var permission = target
    permission.rest = ["proxy"]
    guard let namespace = target.namespace, let address = target.name else { throw APIStatus.methodNotAllowed }
    // The address is `[scheme:]name[:port]`.
    let parts = address.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let hasScheme = parts.count == 3 || (parts.count == 2 && ["http", "https"].contains(parts[0]))
    let name = hasScheme ? parts[1] : parts[0]
    let port = hasScheme ? (parts.count > 2 ? parts[2] : "") : parts.dropFirst().first ?? ""
    permission.name = name
    try authorize(user, verbs[request.method] ?? "get", permission)
    guard store.get(target.type.id, namespace: namespace, name: name) != nil else {
      throw APIStatus.notFound(target.type.id, name)
    }
    // The path is `/api/v1/namespaces/{namespace}/{pods|services}/{address}/proxy/…`; what follows is passed on as sent.
    let pieces = request.path.split(separator: "/", maxSplits: 8, omittingEmptySubsequences: false)
    let tail = pieces.count > 8 ? "/" + pieces[8] : "/"
    let plain = PlainRequest(
      target: target.type.id.plural == "services"
        ? .service(namespace: namespace, name: name, port: port) : .pod(namespace: namespace, name: name, port: port),
      method: request.method, path: tail, query: request.query, body: request.body)
    guard let answer = await behind(plain) else {
      throw APIStatus(
        503, "ServiceUnavailable",
        "error trying to reach service: dial tcp: connect: connection refused")
    }
    return APIAnswer(bytes: answer.body, status: answer.status, contentType: answer.contentType)
  }
}
