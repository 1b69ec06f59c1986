/// Header fields that carry or stand for a credential.
enum SensitiveFields {
  private static let names: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-consul-token", "x-vault-token", "x-api-key",
    "api-key", "apikey", "x-auth-token", "x-access-token", "x-amz-security-token", "x-goog-api-key",
    "x-goog-iam-authorization-token", "x-ms-authorization-auxiliary", "private-token", "x-csrf-token",
  ]

  /// Whether a field is never sent over plain http to another machine.
  static func contains(_ name: String) -> Bool {
    let name = ASCII.lowercased(name)
    return names.contains(name) || name.hasPrefix("impersonate-") || name.hasSuffix("-token")
      || name.hasSuffix("-secret") || name.hasSuffix("-key") && name != "sec-websocket-key"
  }

  static func present(in headers: HTTPHeaders) -> [String] {
    headers.fields.map(\.name).filter(contains)
  }
}
