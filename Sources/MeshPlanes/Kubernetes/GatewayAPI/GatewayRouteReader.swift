import MeshModel

/// A reader of HTTPRoute, GRPCRoute, TLSRoute and TCPRoute objects, whichever group they are of: Linkerd's own HTTPRoute has
/// the same form.
struct GatewayRouteReader {
  let parts: ObjectParts
  let ref: ObjectRef
  let dialect: Dialect
  let layer: Rule.Layer

  /// The route the object stands for.
  var route: Route {
    let parents = parts.spec["parentRefs"]?.array ?? []
    let services = parents.compactMap { Self.isService($0) ? host($0) : nil }
    let names = (parts.spec["hostnames"]?.array ?? []).compactMap(\.string)
    let rules = (parts.spec["rules"]?.array ?? []).enumerated().map { rule($1, at: ["spec", "rules", String($0)]) }
    return Route(
      ref: ref, dialect: dialect, apiVersion: parts.apiVersion, hosts: services + names,
      attachedTo: parents.map(parent), rules: rules, version: parts.meta.version, createdAt: parts.meta.createdAt,
      owners: ObjectOwners.owners(of: parts.meta), status: status)
  }

  /// Whether a parent is a Service: then the route is for calls within the mesh (GAMMA). Linkerd writes the core group out.
  static func isService(_ reference: JSONValue) -> Bool {
    reference["kind"]?.string == "Service" && ["", "core"].contains(reference["group"]?.string ?? "gateway")
  }

  private func host(_ reference: JSONValue) -> String {
    let name = reference["name"]?.string ?? ""
    guard let namespace = reference["namespace"]?.string, namespace != ref.namespace else { return name }
    return "\(name).\(namespace).svc.cluster.local"
  }

  private func parent(_ reference: JSONValue) -> String {
    let namespace = reference["namespace"]?.string ?? ref.namespace
    var text = namespace == ref.namespace ? "" : namespace + "/"
    text += reference["name"]?.string ?? ""
    if let section = reference["sectionName"]?.string { text += "/\(section)" }
    if let port = reference["port"]?.int { text += ":\(port)" }
    return "\((reference["kind"]?.string ?? "Gateway").lowercased()) \(text)"
  }

  private var status: [StatusReport] {
    (parts.status["parents"]?.array ?? []).map { item in
      StatusReport(
        controller: item["controllerName"]?.string ?? "", subject: item["parentRef"].map(parent) ?? "",
        conditions: parts.conditions(item), isCurrent: parts.isCurrent(item))
    }
  }

  private func rule(_ json: JSONValue, at tokens: [String]) -> Rule {
    let pointer = JSONPointer(tokens)
    var rule = Rule(name: json["name"]?.string ?? "", layer: layer, pointer: pointer)
    rule.matches = (json["matches"]?.array ?? []).map { GatewayMatchReader.match($0, layer: layer) }
    rule.timeout = json["timeouts"]?["request"]?.string.flatMap(GoDuration.seconds)
    if let retry = json["retry"], retry.object != nil {
      rule.retries = RetrySetting(
        attempts: retry["attempts"]?.int ?? 1,
        retryOn: (retry["codes"]?.array ?? []).compactMap { $0.int.map(String.init) }.joined(separator: ","))
    }
    for filter in json["filters"]?.array ?? [] { read(filter, into: &rule) }
    rule.backends = backends(json["backendRefs"]?.array ?? [], at: pointer.appending("backendRefs"))
    return rule
  }

  private func backends(_ items: [JSONValue], at pointer: JSONPointer) -> [Backend] {
    var backends = items.enumerated().map { index, item in
      let kind = item["kind"]?.string ?? "Service"
      let host = kind == "Service" ? self.host(item) : "\(kind.lowercased())/\(item["name"]?.string ?? "")"
      return Backend(
        name: item["name"]?.string ?? "", host: host, port: item["port"]?.int, weight: item["weight"]?.int,
        pointer: pointer.appending(index))
    }
    for (index, backend) in backends.enumerated()
    where backends.enumerated().contains(where: { $0.offset != index && $0.element.name == backend.name }) {
      backends[index].name = "\(backend.host):\(backend.port ?? 0)"
    }
    return backends
  }

  private func read(_ filter: JSONValue, into rule: inout Rule) {
    switch filter["type"]?.string {
    case "RequestHeaderModifier":
      var headers = rule.headers ?? HeaderSetting()
      headers.request = Self.changes(filter["requestHeaderModifier"] ?? [:])
      rule.headers = headers
    case "ResponseHeaderModifier":
      var headers = rule.headers ?? HeaderSetting()
      headers.response = Self.changes(filter["responseHeaderModifier"] ?? [:])
      rule.headers = headers
    case "RequestMirror":
      let mirror = filter["requestMirror"] ?? [:]
      guard let backend = mirror["backendRef"] else { return }
      var percent = mirror["percent"]?.double ?? 100
      if let fraction = mirror["fraction"], let part = fraction["numerator"]?.double {
        let whole = fraction["denominator"]?.double ?? 100
        percent = whole > 0 ? part / whole * 100 : 0
      }
      rule.mirrors.append(MirrorSetting(host: host(backend), port: backend["port"]?.int, percent: percent))
    case "RequestRedirect":
      let redirect = filter["requestRedirect"] ?? [:]
      let place = (redirect["scheme"]?.string.map { $0 + "://" } ?? "") + (redirect["hostname"]?.string ?? "")
      rule.action = "redirect to \(place)\(Self.path(redirect["path"])) (\(redirect["statusCode"]?.int ?? 302))"
    case "URLRewrite":
      let rewrite = filter["urlRewrite"] ?? [:]
      let parts =
        (rewrite["path"] == nil ? [] : ["path to \(Self.path(rewrite["path"]))"])
        + (rewrite["hostname"]?.string.map { ["host to \($0)"] } ?? [])
      rule.action = rule.action ?? "rewrite \(parts.joined(separator: " and "))"
    case let type?: rule.action = rule.action ?? "filter \(type)"
    case nil: break
    }
  }

  private static func path(_ json: JSONValue?) -> String {
    json?["replaceFullPath"]?.string ?? json?["replacePrefixMatch"]?.string ?? ""
  }

  static func changes(_ json: JSONValue) -> HeaderSetting.Changes {
    func map(_ name: String) -> [String: String] {
      Dictionary(
        (json[name]?.array ?? []).compactMap { item in
          item["name"]?.string.map { ($0, item["value"]?.string ?? "") }
        }, uniquingKeysWith: { first, _ in first })
    }
    return HeaderSetting.Changes(
      overwritten: map("set"), added: map("add"), removed: (json["remove"]?.array ?? []).compactMap(\.string))
  }
}

/// A reader of one condition of a rule.
enum GatewayMatchReader {
  static func match(_ json: JSONValue, layer: Rule.Layer) -> RuleMatch {
    var match = RuleMatch()
    if layer == .grpc {
      let method = json["method"] ?? [:]
      let (service, name) = (method["service"]?.string, method["method"]?.string)
      let isPattern = method["type"]?.string == "RegularExpression"
      if service != nil || name != nil {
        let path = "/\(service ?? (isPattern ? "[^/]+" : "*"))/\(name ?? (isPattern ? "[^/]+" : ""))"
        match.uri = isPattern ? .regex(path) : name == nil ? .prefix(path) : .exact(path)
      }
    } else {
      match.uri = json["path"].flatMap(path)
      match.method = json["method"]?.string.map { .exact($0) }
    }
    for item in json["headers"]?.array ?? [] {
      if let name = item["name"]?.string { match.headers[name.lowercased()] = text(item) }
    }
    for item in json["queryParams"]?.array ?? [] {
      if let name = item["name"]?.string { match.queryParams[name] = text(item) }
    }
    return match
  }

  /// A path; a prefix matches whole segments: `/v1` is also `/v1/x` but not `/v10`.
  private static func path(_ json: JSONValue) -> TextMatch? {
    let value = json["value"]?.string ?? "/"
    switch json["type"]?.string ?? "PathPrefix" {
    case "Exact": return .exact(value)
    case "RegularExpression": return .regex(value)
    default: return value == "/" ? nil : .prefix(value)
    }
  }

  private static func text(_ json: JSONValue) -> TextMatch {
    let value = json["value"]?.string ?? ""
    return json["type"]?.string == "RegularExpression" ? .regex(value) : .exact(value)
  }
}
