import MeshModel

/// A reader of ServiceProfiles and of the objects that say who is let in.
enum LinkerdObjectReader {
  /// A profile: a rule a class of requests, and one more where it divides traffic (`dstOverrides`, in thousandths).
  static func profile(_ parts: ObjectParts, ref: ObjectRef) -> Route {
    let budget = parts.spec["retryBudget"]?["retryRatio"]?.double.map { "budget \(Int(($0 * 100).rounded()))%" } ?? ""
    var rules = (parts.spec["routes"]?.array ?? []).enumerated().map { index, item in
      let condition = item["condition"] ?? [:]
      let match = RuleMatch(
        uri: condition["pathRegex"]?.string.map { .regex($0) }, method: condition["method"]?.string.map { .exact($0) },
        others: ["all", "any", "not"].filter { condition[$0] != nil })
      return Rule(
        name: item["name"]?.string ?? "", matches: match.isEmpty ? [] : [match],
        timeout: item["timeout"]?.string.flatMap(GoDuration.seconds),
        retries: item["isRetryable"]?.bool ?? false ? RetrySetting(attempts: 1, retryOn: budget) : nil,
        pointer: JSONPointer(["spec", "routes", String(index)]))
    }
    let overrides = (parts.spec["dstOverrides"]?.array ?? []).enumerated().map { index, item in
      let authority = (item["authority"]?.string ?? "").prefix { $0 != ":" }
      return Backend(
        name: authority.split(separator: ".").first.map(String.init) ?? "", host: String(authority),
        weight: item["weight"].flatMap(Quantity.thousandths),
        pointer: JSONPointer(["spec", "dstOverrides", String(index)]))
    }
    if !overrides.isEmpty { rules.append(Rule(backends: overrides, pointer: "/spec")) }
    return Route(
      ref: ref, dialect: .linkerd, apiVersion: parts.apiVersion, hosts: [ref.name], attachedTo: ["mesh"], rules: rules,
      version: parts.meta.version, createdAt: parts.meta.createdAt, owners: ObjectOwners.owners(of: parts.meta))
  }

  /// A Server: pods and a port with what happens to callers no policy lets in.
  static func server(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    let selector = parts.spec["podSelector"] ?? parts.spec["externalWorkloadSelector"] ?? [:]
    let fallback = parts.spec["accessPolicy"]?.string ?? "deny"
    let transport = parts.spec["proxyProtocol"]?.string ?? "unknown"
    return AccessPolicy(
      ref: ref, selector: labels(selector["matchLabels"]), action: fallback,
      rules: ["port \(port(parts.spec["port"])) \(transport), others: \(fallback)"], port: port(parts.spec["port"]))
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
    AccessPolicy(
      ref: ref, selector: [:], action: "NETWORKS",
      rules: (parts.spec["networks"]?.array ?? []).compactMap { $0["cidr"]?.string })
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
    if client["unauthenticated"]?.bool ?? false { words.append("anybody") }
    if tls?["unauthenticatedTLS"]?.bool ?? false { words.append("any TLS") }
    if !names.isEmpty { words.append(names.joined(separator: ", ")) }
    let server = parts.spec["server"]?["name"]?.string.map {
      ObjectRef(plane: ref.plane, namespace: ref.namespace, kind: LinkerdKind.server.rawValue, name: $0)
    }
    return AccessPolicy(
      ref: ref, selector: labels(parts.spec["server"]?["selector"]?["matchLabels"]), action: "ALLOW", rules: words,
      principals: names, targets: server.map { [$0] } ?? [])
  }

  private static func port(_ json: JSONValue?) -> String { json?.string ?? json?.int.map(String.init) ?? "" }

  private static func labels(_ json: JSONValue?) -> [String: String] {
    (json?.object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
  }
}
