import MeshModel

extension LinkerdConfiguration {
  /// A caller as a server's proxy sees it.
  struct Caller {
    /// The identity it proved; `nil` for one without a proxy.
    var identity: String?
    var namespace: String
    var account: String
    var address: String

    init(_ instance: Instance, isMutual: Bool, trustDomain: String) {
      identity = isMutual ? LinkerdConfiguration.identity(of: instance, trustDomain: trustDomain) : nil
      namespace = instance.namespace
      account = instance.serviceAccount
      address = instance.address
    }

    /// Its account as `namespace/account`, where it proved an identity.
    var provenAccount: String? { identity.map { _ in "\(namespace)/\(account)" } }

    func isNamed(_ name: String) -> Bool {
      guard let identity else { return false }
      if name == "*" || name == identity { return true }
      if name.hasPrefix("*.") { return identity.hasSuffix(name.dropFirst()) }
      return name == "\(namespace)/\(account)" || name == "\(namespace)/*"
    }
  }

  /// The identity of an instance's proxy: a machine's is written out, a pod's is its account's.
  static func identity(of instance: Instance, trustDomain: String) -> String {
    instance.identity
      ?? identity(account: instance.serviceAccount, namespace: instance.namespace, trustDomain: trustDomain)
  }

  static func identity(account: String, namespace: String, trustDomain: String) -> String {
    "\(account).\(namespace).serviceaccount.identity.linkerd.\(trustDomain)"
  }

  /// The Server that claims a port of an instance: the oldest of several.
  func server(of instance: Instance, port: Int) -> LinkerdServer? {
    servers.values.filter { $0.claims(instance, port: port) }.min { ($0.created, $0.name) < ($1.created, $1.name) }
  }

  /// Whether a request is let in at a port of an instance.
  func admits(_ request: RequestShape, from caller: Caller, at instance: Instance, port: Int) -> Bool {
    guard let server = server(of: instance, port: port) else {
      return Self.fallback(instance.defaultInbound ?? "all-unauthenticated", admits: caller)
    }
    let isLetIn = authorizations.values.contains { authorization in
      isFor(authorization, server, request: request) && authorization.demands.allSatisfy { meets($0, caller) }
    }
    return isLetIn || Self.fallback(server.fallback, admits: caller)
  }

  /// The share of a caller's requests that the rate limit of a port's Server lets through at each of some proxies alike.
  func share(
    of load: LinkerdRateLimit.Load, from caller: Caller, at instance: Instance, port: Int, proxies: Int
  ) -> Double {
    guard let server = server(of: instance, port: port),
      let limit = rateLimits.values.first(where: { $0.namespace == server.namespace && $0.server == server.name })
    else { return 1 }
    return limit.share(of: load, account: caller.provenAccount, proxies: proxies)
  }

  private func isFor(_ authorization: LinkerdAuthorization, _ server: LinkerdServer, request: RequestShape) -> Bool {
    guard authorization.namespace == server.namespace else { return false }
    if let labels = authorization.serverLabels { return labels.allSatisfy { server.labels[$0.key] == $0.value } }
    guard let target = authorization.target else { return false }
    switch target.kind {
    case "server": return target.name == server.name
    case "namespace": return target.name == server.namespace
    default:
      guard let route = serverRoutes[target], route.servers.contains(server.name) else { return false }
      return route.rules.contains { rule in
        rule.matches.isEmpty
          || rule.matches.contains { $0.matches(request, source: [:], namespace: "", gateway: "") }
      }
    }
  }

  private func meets(_ demand: LinkerdDemand, _ caller: Caller) -> Bool {
    switch demand {
    case .identities(let names): names.contains(where: caller.isNamed)
    case .networks(let ranges): ranges.contains { $0.contains(caller.address) == true }
    case .reference(let key): authentications[key].map { meets($0, caller) } ?? false
    }
  }

  /// The networks that count as the cluster's (Linkerd's chart, `clusterNetworks`).
  static let clusterNetworks = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"]

  private static func fallback(_ word: String, admits caller: Caller) -> Bool {
    let isInside = clusterNetworks.contains { NetworkRange(cidr: $0).contains(caller.address) == true }
    switch word {
    case "all-unauthenticated", "audit": return true
    case "all-authenticated": return caller.identity != nil
    case "cluster-unauthenticated": return isInside
    case "cluster-authenticated": return isInside && caller.identity != nil
    default: return false
    }
  }
}
