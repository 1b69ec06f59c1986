import MeshModel

/// The parts of a request that routes look at.
struct RequestShape: Sendable, Hashable {
  var method = "GET"
  var path = "/"
  var authority = ""
  var headers: [String: String] = [:]
  var port = 80
}

/// One text condition.
enum StringMatch: Sendable {
  case exact(String)
  case prefix(String)
  case regex(String)
  /// The empty condition: there is a value.
  case present

  init(_ json: JSONValue) {
    if let text = json["exact"]?.string {
      self = .exact(text)
    } else if let text = json["prefix"]?.string {
      self = .prefix(text)
    } else if let text = json["regex"]?.string {
      self = .regex(text)
    } else {
      self = .present
    }
  }

  /// Whether a value meets the condition; an expression must cover it whole, as RE2 does in Envoy.
  func matches(_ value: String?, ignoringCase: Bool = false) -> Bool {
    guard var value else { return false }
    if ignoringCase { value = value.lowercased() }
    switch self {
    case .exact(let text): return value == (ignoringCase ? text.lowercased() : text)
    case .prefix(let text): return value.hasPrefix(ignoringCase ? text.lowercased() : text)
    case .regex(let text): return (try? Regex(text).wholeMatch(in: value)) != nil
    case .present: return true
    }
  }
}

/// One set of conditions of a rule; all must hold.
struct RequestMatch: Sendable {
  var uri: StringMatch?
  var ignoresCase: Bool
  var method: StringMatch?
  var authority: StringMatch?
  var headers: [(name: String, match: StringMatch)]
  var withoutHeaders: [(name: String, match: StringMatch)]
  var port: Int?
  var sourceLabels: [String: String]
  var sourceNamespace: String?
  var gateways: [String]
  var hasQueryParameters: Bool

  init(_ json: JSONValue) {
    uri = json["uri"].map(StringMatch.init)
    ignoresCase = json["ignoreUriCase"]?.bool ?? false
    method = json["method"].map(StringMatch.init)
    authority = json["authority"].map(StringMatch.init)
    headers = (json["headers"]?.object?.members ?? []).map { ($0.name.lowercased(), StringMatch($0.value)) }
    withoutHeaders = (json["withoutHeaders"]?.object?.members ?? []).map {
      ($0.name.lowercased(), StringMatch($0.value))
    }
    port = json["port"]?.int
    sourceLabels = json["sourceLabels"]?.stringMap ?? [:]
    sourceNamespace = json["sourceNamespace"]?.string
    gateways = Optional(json).strings("gateways")
    hasQueryParameters = json["queryParams"]?.object?.isEmpty == false
  }

  func matches(_ request: RequestShape, source: [String: String], namespace: String, gateway: String) -> Bool {
    if let uri, !uri.matches(request.path, ignoringCase: ignoresCase) { return false }
    if let method, !method.matches(request.method) { return false }
    if let authority, !authority.matches(request.authority) { return false }
    if let port, port != request.port { return false }
    if let sourceNamespace, sourceNamespace != namespace { return false }
    if !gateways.isEmpty, !gateways.contains(where: { gateway == $0 || gateway.hasSuffix("/\($0)") }) { return false }
    guard sourceLabels.allSatisfy({ source[$0.key] == $0.value }) else { return false }
    // Scenarios make requests without a query.
    guard !hasQueryParameters else { return false }
    return headers.allSatisfy { $0.match.matches(request.headers[$0.name]) }
      && !withoutHeaders.contains { $0.match.matches(request.headers[$0.name]) }
  }
}
