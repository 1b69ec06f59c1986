import MeshModel

/// What an endpoint policy lays down for the proxies it is for.
struct TrafficDirectorEndpointPolicy: Sendable, Hashable {
  /// The server TLS policy by name; `nil` where calls that come in are not authenticated.
  let serverPolicy: String?
  /// The ports it is for; empty for all.
  let ports: [Int]
  /// The labels of a proxy's own metadata that it is for; empty for every proxy.
  let labels: [String: String]
  /// Whether all of the labels must be there.
  let needsAll: Bool

  init(_ json: JSONValue) {
    let link = json["serverTlsPolicy"]?.string ?? ""
    serverPolicy = link.isEmpty ? nil : TrafficDirectorReference(link)?.id ?? link
    ports = (json["trafficPortSelector"]?["ports"]?.array ?? []).compactMap { $0.string.flatMap(Int.init) ?? $0.int }
    let matcher = json["endpointMatcher"]?["metadataLabelMatcher"]
    labels = Dictionary(
      (matcher?["metadataLabels"]?.array ?? []).map { ($0["labelName"]?.string ?? "", $0["labelValue"]?.string ?? "") },
      uniquingKeysWith: { $1 })
    needsAll = matcher?["metadataLabelMatchCriteria"]?.string == "MATCH_ALL"
  }

  /// Whether it is for every proxy that asks.
  var isForAll: Bool { labels.isEmpty }

  /// Whom it is for, in words.
  var words: String {
    let who =
      isForAll
      ? "every proxy"
      : "proxies with \(needsAll ? "all" : "any") of the labels "
        + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    return ports.isEmpty ? who : "\(who) on port \(ports.map(String.init).joined(separator: ", "))"
  }
}

/// Endpoint, server TLS and authorization policies as neutral policies.
enum TrafficDirectorSecurityReader {
  /// What a server TLS policy accepts.
  ///
  /// Source: google-cloud-network-security 0.13.4, `ServerTlsPolicy`: `allow_open` takes plaintext too; without `mtls_policy`
  /// no client certificate is asked for.
  static func acceptance(_ json: JSONValue) -> ServerTLS {
    let isOpen = json["allowOpen"]?.bool ?? false
    if json["mtlsPolicy"]?.object != nil { return isOpen ? .mutualPermissive : .mutualStrict }
    if json["serverCertificate"]?.object != nil { return isOpen ? .oneWayPermissive : .oneWayStrict }
    return isOpen ? .plaintext : .oneWayStrict
  }

  static func serverPolicy(_ json: JSONValue, _ name: TrafficDirectorName, plane: PlaneName) -> Entity {
    let kind = acceptance(json)
    return .accessPolicy(
      AccessPolicy(
        ref: name.ref(plane: plane), selector: [:], action: kind.rawValue,
        rules: ["server TLS policy \(name.id): \(kind.rawValue)"]))
  }

  /// An endpoint policy: whom it is for, with the TLS policy as what it targets and the authorization as what it requires.
  static func endpointPolicy(_ json: JSONValue, _ name: TrafficDirectorName, plane: PlaneName) -> AccessPolicy {
    let policy = TrafficDirectorEndpointPolicy(json)
    func ref(_ member: String, _ kind: TrafficDirectorKind) -> [ObjectRef] {
      guard let link = json[member]?.string, !link.isEmpty, let reference = TrafficDirectorReference(link) else {
        return []
      }
      return [TrafficDirectorName(kind: kind, location: reference.location, id: reference.id).ref(plane: plane)]
    }
    return AccessPolicy(
      ref: name.ref(plane: plane), selector: policy.labels, action: "ENDPOINT",
      rules: ["endpoint policy \(name.id) for \(policy.words)"], targets: ref("serverTlsPolicy", .serverTLSPolicy),
      requires: ref("authorizationPolicy", .authorizationPolicy),
      port: policy.ports.map(String.init).joined(separator: ","))
  }

  static func authorizationPolicy(_ json: JSONValue, _ name: TrafficDirectorName, plane: PlaneName) -> Entity {
    let rules = json["rules"]?.array ?? []
    func texts(_ value: JSONValue, _ member: String) -> [String] {
      (value[member]?.array ?? []).compactMap { $0.string ?? $0.int.map(String.init) }
    }
    let words = rules.map { rule -> String in
      let sources = (rule["sources"]?.array ?? []).map { source in
        (texts(source, "principals") + texts(source, "ipBlocks")).joined(separator: " or ")
      }
      let destinations = (rule["destinations"]?.array ?? []).map { destination in
        let header = destination["httpHeaderMatch"]
        return [
          texts(destination, "methods").joined(separator: "|"), texts(destination, "hosts").joined(separator: " or "),
          texts(destination, "ports").isEmpty ? "" : "port " + texts(destination, "ports").joined(separator: ", "),
          header?["headerName"]?.string.map { "\($0) ~\(header?["regexMatch"]?.string ?? "")" } ?? "",
        ].filter { !$0.isEmpty }.joined(separator: " ")
      }
      let from = sources.isEmpty ? "anybody" : sources.joined(separator: " and ")
      return destinations.isEmpty ? "from \(from)" : "from \(from) to \(destinations.joined(separator: " and "))"
    }
    let principals = rules.flatMap { $0["sources"]?.array ?? [] }.flatMap { texts($0, "principals") }
    return .accessPolicy(
      AccessPolicy(
        ref: name.ref(plane: plane), selector: [:], action: json["action"]?.string ?? "",
        rules: words.isEmpty ? ["every request"] : words, principals: principals))
  }
}
