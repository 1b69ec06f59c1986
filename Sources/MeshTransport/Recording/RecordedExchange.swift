import MeshModel

/// One exchange as a line of JSON: what was asked and answered, without anything secret.
struct RecordedExchange: Sendable {
  var method: String
  var path: String
  var requestBody: String?
  var status: Int
  var headers: HTTPHeaders
  var body: String?
  var error: String?

  init(_ request: HTTPRequest, status: Int, headers: HTTPHeaders, body: [UInt8], error: TransportError? = nil) {
    let target = try? TargetURL(parsing: request.url)
    method = request.method.rawValue
    path = Self.key(target)
    requestBody = request.body.flatMap {
      BodyRedaction.text($0, contentType: request.headers["Content-Type"], path: target?.path ?? "")
    }
    self.status = status
    self.headers = headers.plain
    self.body = BodyRedaction.text(body, contentType: headers["Content-Type"], path: target?.path ?? "")
    self.error = error.map { "\($0.code)" }
  }

  /// Path and query, values of secret parameters replaced: what a replay looks for.
  static func key(_ target: TargetURL?) -> String {
    guard let target else { return "" }
    guard let query = target.query else { return target.path }
    let items = query.split(separator: "&").map { item -> String in
      let (name, value) = TargetURL.split(String(item), at: "=")
      let decoded = ASCII.lowercased(PercentCoding.decode(name))
      guard value != nil, BodyRedaction.namesSecret(decoded) || decoded == "sig" else { return String(item) }
      return "\(name)=redacted"
    }
    return target.path + "?" + items.joined(separator: "&")
  }

  /// The line, its end included.
  var line: String {
    let fields = headers.fields.map { JSONObject.Member(name: $0.name, value: .string($0.value)) }
    var members: [JSONObject.Member] = [
      .init(name: "method", value: .string(method)), .init(name: "path", value: .string(path)),
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
