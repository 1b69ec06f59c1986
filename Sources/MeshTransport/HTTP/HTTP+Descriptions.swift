/// Header fields whose values may be printed, logged and recorded.
enum PlainFields {
  private static let names: Set<String> = [
    "accept", "accept-encoding", "audit-id", "cache-control", "content-encoding", "content-length", "content-type",
    "date", "etag", "host", "last-modified", "link", "retry-after", "server", "transfer-encoding", "user-agent", "vary",
    "warning", "x-amzn-requestid", "x-consul-index", "x-consul-knownleader", "x-consul-lastcontact",
    "x-content-type-options", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid", "x-scope-orgid",
  ]

  static func contains(_ name: String) -> Bool { names.contains(ASCII.lowercased(name)) }
}

extension HTTPHeaders.Field: CustomStringConvertible, CustomReflectable {
  /// The field, its value only where the name says that it is harmless.
  public var description: String { "\(name): \(PlainFields.contains(name) ? value : "‹hidden›")" }
  /// The same as the description, so that `dump` shows no more.
  public var customMirror: Mirror { Mirror(self, children: ["field": description]) }
}

extension HTTPHeaders: CustomStringConvertible {
  /// The fields, values only where the name says that they are harmless.
  public var description: String { "[" + fields.map(\.description).joined(separator: ", ") + "]" }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
  /// Method, origin and path; no query, no header, no body.
  public var description: String {
    guard let target = try? TargetURL(parsing: url) else { return "\(method.rawValue) ‹malformed URL›" }
    return "\(method.rawValue) \(target.origin)\(target.path)"
  }
  /// The same as the description, so that `dump` shows no more.
  public var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

extension HTTPResponse: CustomStringConvertible, CustomReflectable {
  /// Status and size.
  public var description: String { "\(status), \(body.count) bytes" }
  /// The same as the description, so that `dump` shows no more.
  public var customMirror: Mirror { Mirror(self, children: ["response": description]) }
}
