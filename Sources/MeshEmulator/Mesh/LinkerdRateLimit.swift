import MeshModel

/// An HTTPLocalRateLimitPolicy: how many requests a second each proxy before a Server lets through.
///
/// Source: Linkerd, "Rate Limiting"; linkerd2-proxy, `server-policy/src/local_rate_limit.rs`: first the total, then the
/// override of the caller's identity or the limit of each identity; callers without one share a limit, and 0 is none.
struct LinkerdRateLimit: Sendable {
  var namespace: String
  var server: String
  var total: Double?
  var identity: Double?
  /// The limits of accounts, by `namespace/account`.
  var overrides: [String: Double]

  init(_ object: StoredObject) {
    let spec = object.json["spec"]
    func rate(_ json: JSONValue?) -> Double? { json?["requestsPerSecond"]?.double.flatMap { $0 > 0 ? $0 : nil } }
    namespace = object.namespace
    server = spec?["targetRef"]?["name"]?.string ?? ""
    total = rate(spec?["total"])
    identity = rate(spec?["identity"])
    overrides = [:]
    for item in spec.elements("overrides") {
      for client in item["clientRefs"]?.array ?? [] {
        overrides["\(client["namespace"]?.string ?? object.namespace)/\(client["name"]?.string ?? "")"] = rate(item)
      }
    }
  }

  /// The requests a second that reach one proxy, by who sends them.
  struct Load: Sendable {
    /// Those of callers that proved an identity, by `namespace/account`.
    private(set) var byAccount: [String: Double] = [:]
    private(set) var ofStrangers = 0.0

    var total: Double { byAccount.values.reduce(ofStrangers, +) }

    mutating func add(_ rate: Double, account: String?) {
      if let account { byAccount[account, default: 0] += rate } else { ofStrangers += rate }
    }
  }

  /// The share of a caller's requests that one of `proxies` alike lets through; `account` is `nil` for a stranger.
  func share(of load: Load, account: String?, proxies: Int) -> Double {
    func share(_ limit: Double?, _ rate: Double) -> Double {
      guard let limit, rate > 0 else { return 1 }
      return min(1, limit * Double(proxies) / rate)
    }
    let passed = share(total, load.total)
    let own = account.flatMap { load.byAccount[$0] } ?? load.ofStrangers
    return passed * share(account.flatMap { overrides[$0] } ?? identity, own * passed)
  }
}
