public import MeshModel

/// A route with what the rules of its dialect say of its reach.
public struct RouteItem: ContractItem, Sendable {
  /// The route.
  public var route: Route
  /// The rules no request reaches, by index, with the reason.
  public var unreachable: [Int: String]

  /// Creates an item.
  public init(route: Route, unreachable: [Int: String]) {
    self.route = route
    self.unreachable = unreachable
  }

  /// Writes `id plane dialect namespace name kind hosts[] attachedTo[] rules[]`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", route.ref.description)
      writer.member("plane", route.ref.plane)
      writer.member("dialect", route.dialect.rawValue)
      writer.member("namespace", route.ref.namespace)
      writer.member("name", route.ref.name)
      writer.member("kind", route.ref.kind)
      writer.member("apiVersion", route.apiVersion)
      writer.strings("hosts", route.hosts)
      writer.strings("attachedTo", route.attachedTo)
      writer.name("rules")
      writer.array { writer in
        for index in route.rules.indices {
          route.rules[index].write(to: &writer, unreachable: unreachable[index], in: route.dialect)
        }
      }
      writer.strings("owners", route.owners.map { "\($0.tool) \($0.name)" })
    }
  }
}

extension Rule {
  func write(to writer: inout JSONWriter, unreachable: String?, in dialect: Dialect) {
    writer.object { writer in
      writer.member("name", name)
      writer.member("layer", layer.rawValue)
      writer.name("matches")
      writer.array { writer in for match in matches { match.write(to: &writer) } }
      writer.name("backends")
      writer.array { writer in
        for backend in backends {
          writer.object { writer in
            writer.member("name", backend.name)
            writer.member("host", backend.host)
            writer.member("subset", backend.subset)
            writer.member("port", backend.port)
            writer.name("weight")
            writer.raw(backend.weight.map { dialect.text(ofWeight: $0) } ?? "null")
          }
        }
      }
      writer.promised("timeout", timeout)
      writer.name("retries")
      if let retries { retries.write(to: &writer) } else { writer.raw("null") }
      writer.promised("fault", fault?.json)
      writer.name("mirror")
      writer.array { writer in for mirror in mirrors { writer.value(mirror.json) } }
      if let headers {
        writer.name("headers")
        writer.value(headers.json)
      }
      writer.member("action", action)
      writer.member("delegate", delegate?.description)
      writer.member("reachable", unreachable == nil)
      writer.member("unreachableBecause", unreachable)
    }
  }
}

extension JSONWriter {
  /// Writes conditions by name; nothing where there are none.
  fileprivate mutating func conditions(_ name: String, _ conditions: [String: TextMatch]) {
    if conditions.isEmpty { return }
    self.name(name)
    object { writer in
      let names = conditions.count == 1 ? Array(conditions.keys) : conditions.keys.sorted()
      for name in names { writer.member(name, conditions[name]?.description) }
    }
  }
}

extension RuleMatch {
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      if !name.isEmpty { writer.member("name", name) }
      writer.member("uri", uri?.description)
      writer.member("method", method?.description)
      writer.member("authority", authority?.description)
      writer.member("scheme", scheme?.description)
      writer.conditions("headers", headers)
      writer.conditions("withoutHeaders", withoutHeaders)
      writer.conditions("queryParams", queryParams)
      writer.member("port", port)
      if !sniHosts.isEmpty { writer.strings("sniHosts", sniHosts) }
      if !sourceLabels.isEmpty {
        writer.name("sourceLabels")
        writer.object { writer in
          for (name, value) in sourceLabels.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        }
      }
      if !sourceNamespace.isEmpty { writer.member("sourceNamespace", sourceNamespace) }
      if !gateways.isEmpty { writer.strings("gateways", gateways) }
      if !others.isEmpty { writer.strings("others", others) }
    }
  }

  /// The condition in one line for a table: `GET /api* end-user=jason`.
  public var words: String {
    var parts: [String] = []
    if let method { parts.append(method.description) }
    if let authority { parts.append("host \(authority)") }
    if let uri { parts.append(uri.description) }
    parts += headers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    parts += withoutHeaders.sorted { $0.key < $1.key }.map { "without \($0.key)=\($0.value)" }
    parts += queryParams.sorted { $0.key < $1.key }.map { "?\($0.key)=\($0.value)" }
    if let port { parts.append(":\(port)") }
    if !sniHosts.isEmpty { parts.append("sni \(sniHosts.joined(separator: ","))") }
    parts += sourceLabels.sorted { $0.key < $1.key }.map { "from \($0.key)=\($0.value)" }
    if !sourceNamespace.isEmpty { parts.append("from \(sourceNamespace)/") }
    if let scheme { parts.append("\(scheme)://") }
    return (parts + others).joined(separator: " ")
  }
}
