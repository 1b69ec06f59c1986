import MeshModel

/// A reader of the objects that say who is let in, and out.
enum LinkerdPolicyReader {
  /// A Server: pods and a port with what happens to callers no policy lets in.
  static func server(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let selector = parts.spec["podSelector"] ?? parts.spec["externalWorkloadSelector"] ?? [:]
    let fallback = parts.spec["accessPolicy"]?.string ?? "deny"
    let transport = parts.spec["proxyProtocol"]?.string ?? "unknown"
    return AccessPolicy(
      ref: ref, selector: labels(selector["matchLabels"]), action: fallback,
      rules: ["port \(port(parts.spec["port"])) \(transport), others: \(fallback)"], port: port(parts.spec["port"]),
      expressions: expressions(selector["matchExpressions"]),
      selectsExternal: parts.spec["podSelector"] == nil && parts.spec["externalWorkloadSelector"] != nil,
      labels: parts.meta.labels)
  }

  /// An AuthorizationPolicy: what it is for, and what callers must be.
  static func policy(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    func place(_ json: JSONValue) -> ObjectRef {
      let kind = LinkerdKind.named(json["kind"]?.string ?? "")
      let namespace = kind == "namespace" ? "" : json["namespace"]?.string ?? ref.namespace
      return ObjectRef(plane: ref.plane, namespace: namespace, kind: kind, name: json["name"]?.string ?? "")
    }
    let required = parts.spec["requiredAuthenticationRefs"]?.array ?? []
    // A ServiceAccount stands for itself, without an authentication of its own.
    let accounts = required.filter { $0["kind"]?.string == "ServiceAccount" }.map {
      "\($0["namespace"]?.string ?? ref.namespace)/\($0["name"]?.string ?? "")"
    }
    let refs = required.filter { $0["kind"]?.string != "ServiceAccount" }.map(place)
    let targets = parts.spec["targetRef"].map { [place($0)] } ?? []
    return AccessPolicy(
      ref: ref, selector: [:], action: "ALLOW",
      rules: ["on \(targets.map(\.name).joined()): \((refs.map(\.name) + accounts).joined(separator: " and "))"],
      principals: accounts, targets: targets, requires: refs)
  }

  /// A MeshTLSAuthentication: the identities that meet it.
  static func identities(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let names = (parts.spec["identities"]?.array ?? []).compactMap(\.string)
    let references = (parts.spec["identityRefs"]?.array ?? []).map { item -> String in
      let name = item["name"]?.string ?? ""
      if item["kind"]?.string == "Namespace" { return "\(name.isEmpty ? ref.namespace : name)/*" }
      return "\(item["namespace"]?.string ?? ref.namespace)/\(name)"
    }
    return AccessPolicy(
      ref: ref, selector: [:], action: "IDENTITIES", rules: names + references, principals: names + references)
  }

  /// A NetworkAuthentication: the networks that meet it.
  static func networks(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let ranges = networks(parts.spec["networks"]) ?? []
    return AccessPolicy(
      ref: ref, selector: [:], action: "NETWORKS", rules: ranges.map(text), networks: ranges)
  }

  /// An HTTPLocalRateLimitPolicy: how many requests a second a Server takes.
  static func rateLimit(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    func rate(_ json: JSONValue?) -> String { json?["requestsPerSecond"]?.int.map { "\($0)/s" } ?? "without a limit" }
    let target = parts.spec["targetRef"].map {
      ObjectRef(
        plane: ref.plane, namespace: ref.namespace, kind: LinkerdKind.named($0["kind"]?.string ?? ""),
        name: $0["name"]?.string ?? "")
    }
    var rules: [String] = []
    if parts.spec["total"] != nil { rules.append("all callers together \(rate(parts.spec["total"]))") }
    if parts.spec["identity"] != nil { rules.append("each identity \(rate(parts.spec["identity"]))") }
    for item in parts.spec["overrides"]?.array ?? [] {
      let clients = (item["clientRefs"]?.array ?? []).map {
        "\($0["namespace"]?.string ?? ref.namespace)/\($0["name"]?.string ?? "")"
      }
      rules.append("\(clients.joined(separator: ", ")) \(rate(item))")
    }
    return AccessPolicy(ref: ref, selector: [:], action: "RATE LIMIT", rules: rules, targets: target.map { [$0] } ?? [])
  }

  /// An EgressNetwork: the addresses outside the cluster it is for, and whether calls that no route names are let out.
  static func egress(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let policy = parts.spec["trafficPolicy"]?.string ?? "Allow"
    let ranges = networks(parts.spec["networks"])
    let place = ranges?.map(text).joined(separator: ", ") ?? "everything outside the cluster's networks"
    return AccessPolicy(
      ref: ref, selector: [:], action: "EGRESS \(policy.uppercased())",
      rules: ["to \(place): \(policy == "Deny" ? "only what a route lets out" : "let out")"], networks: ranges)
  }

  /// A ServerAuthorization: the older form of both in one object.
  static func authorization(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let client = parts.spec["client"] ?? [:]
    let tls = client["meshTLS"]
    let accounts = (tls?["serviceAccounts"]?.array ?? []).map {
      "\($0["namespace"]?.string ?? ref.namespace)/\($0["name"]?.string ?? "")"
    }
    let names = (tls?["identities"]?.array ?? []).compactMap(\.string) + accounts
    var words: [String] = []
    var principals = names
    if client["unauthenticated"]?.bool ?? false {
      words.append("anybody")
      principals = []
    } else if tls?["unauthenticatedTLS"]?.bool ?? false {
      words.append("any TLS")
      principals.append("*")
    }
    if !names.isEmpty { words.append(names.joined(separator: ", ")) }
    let ranges = networks(client["networks"])
    if let ranges { words.append("in \(ranges.map(text).joined(separator: ", "))") }
    let server = parts.spec["server"]?["name"]?.string.map {
      ObjectRef(plane: ref.plane, namespace: ref.namespace, kind: LinkerdKind.server.rawValue, name: $0)
    }
    return AccessPolicy(
      ref: ref, selector: labels(parts.spec["server"]?["selector"]?["matchLabels"]), action: "ALLOW", rules: words,
      principals: principals, targets: server.map { [$0] } ?? [],
      expressions: expressions(parts.spec["server"]?["selector"]?["matchExpressions"]), networks: ranges)
  }

  private static func networks(_ json: JSONValue?) -> [NetworkRange]? {
    json?.array?.map { item in
      NetworkRange(
        cidr: item["cidr"]?.string ?? "", except: (item["except"]?.array ?? []).compactMap(\.string))
    }
  }

  private static func text(_ range: NetworkRange) -> String {
    range.except.isEmpty ? range.cidr : "\(range.cidr) except \(range.except.joined(separator: ", "))"
  }

  private static func expressions(_ json: JSONValue?) -> [LabelExpression]? {
    guard let items = json?.array, !items.isEmpty else { return nil }
    return items.map { item in
      LabelExpression(
        key: item["key"]?.string ?? "", condition: item["operator"]?.string ?? "",
        values: (item["values"]?.array ?? []).compactMap(\.string))
    }
  }

  private static func port(_ json: JSONValue?) -> String { json?.string ?? json?.int.map(String.init) ?? "" }

  private static func labels(_ json: JSONValue?) -> [String: String] {
    (json?.object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
  }
}
