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
    case .prefix(let text): text + "*"
    case .regex(let text): "~" + text
    case .present: "present"
    }
  }
}

/// One condition of a rule: every part must hold.
public struct RuleMatch: Sendable, Hashable {
  /// The path (without its query).
  public var uri: TextMatch?
  /// Headers that must match, by lower-case name.
  public var headers: [String: TextMatch]
  /// The conditions most rules do not have, in one place, so that they take one word where there is none.
  @Rare private var seldom: Seldom?

  private struct Seldom: Sendable, Hashable {
    var name = ""
    var port: Int?
    var gateways: [String] = []
    var others: [String] = []
    var method: TextMatch?
    var authority: TextMatch?
    var scheme: TextMatch?
    var withoutHeaders: [String: TextMatch] = [:]
    var queryParams: [String: TextMatch] = [:]
    var sniHosts: [String] = []
    var sourceLabels: [String: String] = [:]
    var sourceNamespace = ""
    var ignoreUriCase = false
  }

  private subscript<Value>(seldom path: WritableKeyPath<Seldom, Value>) -> Value {
    get { (seldom ?? Seldom())[keyPath: path] }
    set {
      var all = seldom ?? Seldom()
      all[keyPath: path] = newValue
      seldom = all == Seldom() ? nil : all
    }
  }

  /// The name as written; empty where it has none.
  public var name: String {
    get { seldom?.name ?? "" }
    set { self[seldom: \.name] = newValue }
  }

  /// The port of the service called.
  public var port: Int? {
    get { seldom?.port }
    set { self[seldom: \.port] = newValue }
  }

  /// The gateways this condition is for; empty means those of the route.
  public var gateways: [String] {
    get { seldom?.gateways ?? [] }
    set { self[seldom: \.gateways] = newValue }
  }

  /// Conditions present in the native object that this view has no word for.
  public var others: [String] {
    get { seldom?.others ?? [] }
    set { self[seldom: \.others] = newValue }
  }

  /// The method.
  public var method: TextMatch? {
    get { seldom?.method }
    set { self[seldom: \.method] = newValue }
  }

  /// The authority (host header).
  public var authority: TextMatch? {
    get { seldom?.authority }
    set { self[seldom: \.authority] = newValue }
  }

  /// The scheme.
  public var scheme: TextMatch? {
    get { seldom?.scheme }
    set { self[seldom: \.scheme] = newValue }
  }

  /// Headers that must not match.
  public var withoutHeaders: [String: TextMatch] {
    get { seldom?.withoutHeaders ?? [:] }
    set { self[seldom: \.withoutHeaders] = newValue }
  }

  /// Query parameters that must match.
  public var queryParams: [String: TextMatch] {
    get { seldom?.queryParams ?? [:] }
    set { self[seldom: \.queryParams] = newValue }
  }

  /// TLS server names.
  public var sniHosts: [String] {
    get { seldom?.sniHosts ?? [] }
    set { self[seldom: \.sniHosts] = newValue }
  }

  /// Labels of the calling workload.
  public var sourceLabels: [String: String] {
    get { seldom?.sourceLabels ?? [:] }
    set { self[seldom: \.sourceLabels] = newValue }
  }

  /// The namespace of the calling workload; empty means any.
  public var sourceNamespace: String {
    get { seldom?.sourceNamespace ?? "" }
    set { self[seldom: \.sourceNamespace] = newValue }
  }

  /// Whether the path is compared without regard to case.
  public var ignoreUriCase: Bool {
    get { seldom?.ignoreUriCase ?? false }
    set { self[seldom: \.ignoreUriCase] = newValue }
  }

  /// Creates a condition.
  public init(
    name: String = "", uri: TextMatch? = nil, method: TextMatch? = nil, authority: TextMatch? = nil,
    scheme: TextMatch? = nil, headers: [String: TextMatch] = [:], withoutHeaders: [String: TextMatch] = [:],
    queryParams: [String: TextMatch] = [:], port: Int? = nil, sniHosts: [String] = [],
    sourceLabels: [String: String] = [:], sourceNamespace: String = "", gateways: [String] = [],
    ignoreUriCase: Bool = false, others: [String] = []
  ) {
    self.init(uri: uri, headers: headers)
    let all = Seldom(
      name: name, port: port, gateways: gateways, others: others, method: method, authority: authority, scheme: scheme,
      withoutHeaders: withoutHeaders, queryParams: queryParams,
      sniHosts: sniHosts, sourceLabels: sourceLabels, sourceNamespace: sourceNamespace, ignoreUriCase: ignoreUriCase)
    seldom = all == Seldom() ? nil : all
  }

  /// Creates a condition that has none of the rare parts.
  public init(uri: TextMatch?, headers: [String: TextMatch]) {
    self.uri = uri
    self.headers = headers
  }

  /// Whether it matches everything.
  public var isEmpty: Bool { uri == nil && headers.isEmpty && (seldom.map(Self.isNameAlone) ?? true) }

  /// The path prefix of a condition that asks for nothing else, and tells capitals from small letters.
  public var prefixAlone: String? {
    guard case .prefix(let prefix) = uri, headers.isEmpty, seldom.map(Self.isNameAlone) ?? true else { return nil }
    return prefix
  }

  private static func isNameAlone(_ seldom: Seldom) -> Bool { seldom == Seldom(name: seldom.name) }
}
