/// A condition on text.
public enum TextMatch: Sendable, Hashable, CustomStringConvertible {
  case exact(String)
  case prefix(String)
  case regex(String)
  case present

  /// The words shown to an operator.
  public var description: String {
    switch self {
    case .exact(let text): text
    case .prefix(let text): "\(text)*"
    case .regex(let text): "~\(text)"
    case .present: "present"
    }
  }
}

/// One condition of a rule: every part must hold.
public struct RuleMatch: Sendable, Hashable {
  /// The name as written; empty where it has none.
  public var name: String
  /// The path (without its query).
  public var uri: TextMatch?
  /// The method.
  public var method: TextMatch?
  /// The authority (host header).
  public var authority: TextMatch?
  /// The scheme.
  public var scheme: TextMatch?
  /// Headers that must match, by lower-case name.
  public var headers: [String: TextMatch]
  /// Headers that must not match.
  public var withoutHeaders: [String: TextMatch]
  /// Query parameters that must match.
  public var queryParams: [String: TextMatch]
  /// The port of the service called.
  public var port: Int?
  /// TLS server names.
  public var sniHosts: [String]
  /// Labels of the calling workload.
  public var sourceLabels: [String: String]
  /// The namespace of the calling workload; empty means any.
  public var sourceNamespace: String
  /// The gateways this condition is for; empty means those of the route.
  public var gateways: [String]
  /// Whether the path is compared without regard to case.
  public var ignoreUriCase: Bool
  /// Conditions present in the native object that this view has no word for.
  public var others: [String]

  /// Creates a condition.
  public init(
    name: String = "", uri: TextMatch? = nil, method: TextMatch? = nil, authority: TextMatch? = nil,
    scheme: TextMatch? = nil, headers: [String: TextMatch] = [:], withoutHeaders: [String: TextMatch] = [:],
    queryParams: [String: TextMatch] = [:], port: Int? = nil, sniHosts: [String] = [],
    sourceLabels: [String: String] = [:], sourceNamespace: String = "", gateways: [String] = [],
    ignoreUriCase: Bool = false, others: [String] = []
  ) {
    self.name = name
    self.uri = uri
    self.method = method
    self.authority = authority
    self.scheme = scheme
    self.headers = headers
    self.withoutHeaders = withoutHeaders
    self.queryParams = queryParams
    self.port = port
    self.sniHosts = sniHosts
    self.sourceLabels = sourceLabels
    self.sourceNamespace = sourceNamespace
    self.gateways = gateways
    self.ignoreUriCase = ignoreUriCase
    self.others = others
  }

  /// Whether it matches everything.
  public var isEmpty: Bool {
    var bare = self
    bare.name = ""
    return bare == RuleMatch()
  }
}
