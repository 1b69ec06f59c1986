import MeshModel

/// A reader of one condition of a rule: HTTP, TLS and TCP conditions have one form here.
enum IstioMatchReader {
  /// Conditions that many rules have in common, such as those of a path. Headers are those of testers or tenants: what names
  /// some is seldom met again.
  private static let repeated = RepeatedValues<RuleMatch>(limit: 16) { $0.headers.isEmpty }

  static func match(_ reader: inout JSONReader) throws(JSONError) -> RuleMatch {
    try repeated.value(&reader, written)
  }

  private static func written(_ reader: inout JSONReader) throws(JSONError) -> RuleMatch {
    var match = RuleMatch(uri: nil, headers: [:])
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": match.name = try reader.string()
      case "uri": match.uri = try text(&reader)
      case "method": match.method = try text(&reader)
      case "authority": match.authority = try text(&reader)
      case "scheme": match.scheme = try text(&reader)
      case "headers": match.headers = try texts(&reader, lowercased: true)
      case "withoutHeaders": match.withoutHeaders = try texts(&reader, lowercased: true)
      case "queryParams": match.queryParams = try texts(&reader, lowercased: false)
      case "port": match.port = try reader.int()
      case "sniHosts": match.sniHosts = try reader.texts()
      case "sourceLabels": match.sourceLabels = try reader.stringMap()
      case "sourceNamespace": match.sourceNamespace = try reader.string()
      case "gateways": match.gateways = try reader.texts()
      case "ignoreUriCase": match.ignoreUriCase = try reader.bool()
      case "statPrefix": try reader.skip()
      default:
        match.others.append(key.string)
        try reader.skip()
      }
    }
    return match
  }

  /// Reads a StringMatch; `nil` where it is empty.
  private static func text(_ reader: inout JSONReader) throws(JSONError) -> TextMatch? {
    var result: TextMatch?
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "exact": result = .exact(try reader.string())
      case "prefix": result = .prefix(try reader.string())
      case "regex": result = .regex(try reader.string())
      default: try reader.skip()
      }
    }
    return result
  }

  /// Reads StringMatches by name; an empty one asks only for presence (Istio API, HTTPMatchRequest.headers).
  private static func texts(
    _ reader: inout JSONReader, lowercased: Bool
  ) throws(JSONError) -> [String: TextMatch] {
    var result: [String: TextMatch] = [:]
    try reader.object { key, reader throws(JSONError) in
      let name = key.string
      result[lowercased ? name.lowercased() : name] = try text(&reader) ?? .present
    }
    return result
  }
}
