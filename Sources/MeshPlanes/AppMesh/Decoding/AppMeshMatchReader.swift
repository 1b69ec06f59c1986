import MeshModel

/// The condition of a route of App Mesh; what the neutral condition has no word for stands in its `others`.
struct AppMeshMatchReader {
  let match: JSONValue
  let layer: Rule.Layer

  /// The condition; `nil` where everything matches.
  func condition() -> RuleMatch? {
    guard match.object?.isEmpty == false else { return nil }
    var result = RuleMatch()
    result.port = match["port"]?.int
    if let path = match["path"] {
      result.uri = path["exact"]?.string.map { .exact($0) } ?? path["regex"]?.string.map { .regex($0) }
    } else if let prefix = match["prefix"]?.string {
      result.uri = .prefix(prefix)
    }
    if layer == .grpc, let service = match["serviceName"]?.string {
      result.uri = match["methodName"]?.string.map { .exact("/\(service)/\($0)") } ?? .prefix("/\(service)/")
    }
    result.method = match["method"]?.string.map { .exact($0) }
    result.scheme = match["scheme"]?.string.map { .exact($0) }
    if let hostname = match["hostname"] {
      if let exact = hostname["exact"]?.string { result.authority = .exact(exact) }
      if let suffix = hostname["suffix"]?.string { result.others.append("hostname *\(suffix)") }
    }
    for header in (match["headers"] ?? match["metadata"])?.array ?? [] { add(header, to: &result) }
    for parameter in match["queryParameters"]?.array ?? [] {
      guard let name = parameter["name"]?.string else { continue }
      result.queryParams[name] = parameter["match"]?["exact"]?.string.map { .exact($0) } ?? .present
    }
    return result
  }

  private func add(_ header: JSONValue, to result: inout RuleMatch) {
    guard let name = header["name"]?.string.map({ $0.lowercased() }) else { return }
    let isInverted = header["invert"]?.bool ?? false
    let value = header["match"]
    let text: TextMatch
    if let exact = value?["exact"]?.string {
      text = .exact(exact)
    } else if let prefix = value?["prefix"]?.string {
      text = .prefix(prefix)
    } else if let regex = value?["regex"]?.string {
      text = .regex(regex)
    } else if let suffix = value?["suffix"]?.string {
      result.others.append("\(name) \(isInverted ? "not " : "")*\(suffix)")
      return
    } else if let range = value?["range"], let start = range["start"]?.int, let end = range["end"]?.int {
      result.others.append("\(name) \(isInverted ? "not " : "")\(start)..<\(end)")
      return
    } else {
      text = .present
    }
    if isInverted { result.withoutHeaders[name] = text } else { result.headers[name] = text }
  }
}
