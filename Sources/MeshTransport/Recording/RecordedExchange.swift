import MeshModel

/// One exchange as a line of JSON: what was asked and answered, without anything secret.
struct RecordedExchange: Sendable {
  /// The server; empty in a recording that does not tell.
  var origin: String
  var method: String
  var path: String
  var requestBody: String?
  var status: Int
  var headers: HTTPHeaders
  var body: String?
  var error: String?

  init(_ request: HTTPRequest, status: Int, headers: HTTPHeaders, body: [UInt8], error: TransportError? = nil) {
    let target = try? TargetURL(parsing: request.url)
    origin = target?.origin ?? ""
    method = request.method.rawValue
    path = Self.path(target)
    requestBody = request.body.flatMap { Self.text($0, request.headers["Content-Type"], target?.path ?? "") }
    self.status = status
    self.headers = headers.plain
    self.body = BodyRedaction.text(body, contentType: headers["Content-Type"], path: target?.path ?? "")
    self.error = error.map { "\($0.code)" }
  }

  /// What a replay looks for at a server: method, path, query and the recorded body, but not the times of Prometheus'
  /// queries, which go on.
  var question: String {
    let (place, query) = TargetURL.split(path, at: "?")
    guard Self.isMeasured(place) else { return "\(method) \(path) \(requestBody ?? "")" }
    let asked = [query, requestBody].map { fields in
      (fields ?? "").split(separator: "&").filter { item in
        !["start=", "end=", "time="].contains { item.hasPrefix($0) }
      }.joined(separator: "&")
    }
    return "\(method) \(place)?\(asked[0]) \(asked[1])"
  }

  /// Whether a path is that of a query to Prometheus.
  private static func isMeasured(_ path: String) -> Bool {
    path.hasSuffix("/api/v1/query") || path.hasSuffix("/api/v1/query_range")
  }

  /// The body of a request as it may be written. Of forms, which may hold secrets, only Prometheus' queries are.
  private static func text(_ body: [UInt8], _ type: String?, _ path: String) -> String? {
    guard isMeasured(path), ASCII.lowercased(type ?? "").hasPrefix("application/x-www-form-urlencoded") else {
      return BodyRedaction.text(body, contentType: type, path: path)
    }
    return fields(String(decoding: body, as: UTF8.self))
  }

  /// Path and query without the values of secret parameters.
  private static func path(_ target: TargetURL?) -> String {
    guard let target else { return "" }
    guard let query = target.query else { return target.path }
    return target.path + "?" + fields(query)
  }

  /// The fields of a query or a form, values of secret ones replaced.
  private static func fields(_ text: String) -> String {
    let items = text.split(separator: "&").map { item -> String in
      let (name, value) = TargetURL.split(String(item), at: "=")
      let decoded = ASCII.lowercased(PercentCoding.decode(name))
      guard value != nil, BodyRedaction.namesSecret(decoded) || decoded == "sig" else { return String(item) }
      return "\(name)=redacted"
    }
    return items.joined(separator: "&")
  }

  /// The line, its end included.
  var line: String {
    let fields = headers.fields.map { JSONObject.Member(name: $0.name, value: .string($0.value)) }
    var members: [JSONObject.Member] = [
      .init(name: "method", value: .string(method)), .init(name: "origin", value: .string(origin)),
      .init(name: "path", value: .string(path)),
    ]
    if let requestBody { members.append(.init(name: "requestBody", value: .string(requestBody))) }
    members.append(.init(name: "status", value: .int(status)))
    members.append(.init(name: "headers", value: .object(JSONObject(fields))))
    members.append(.init(name: "body", value: body.map { .string($0) } ?? .null))
    if let error { members.append(.init(name: "error", value: .string(error))) }
    return JSONWriter.text(.object(JSONObject(members))) + "\n"
  }

  /// The exchange a line describes, nil for another line.
  init?(line: [UInt8]) {
    guard let value = try? JSONValue(parsing: line), let method = value["method"]?.string,
      let path = value["path"]?.string, let status = value["status"]?.int
    else { return nil }
    self.method = method
    origin = value["origin"]?.string ?? ""
    self.path = path
    self.status = status
    requestBody = value["requestBody"]?.string
    body = value["body"]?.string
    error = value["error"]?.string
    headers = HTTPHeaders()
    for member in value["headers"]?.object?.members ?? [] {
      if let text = member.value.string { headers.add(member.name, text) }
    }
  }
}

extension HTTPHeaders {
  /// Only the fields that may be printed and recorded.
  var plain: HTTPHeaders {
    HTTPHeaders(fields.filter { PlainFields.contains($0.name) }.map { ($0.name, $0.value) })
  }
}
