import FlyingFox
import Foundation

/// A request as the API reads it.
struct APIRequest: Sendable {
  var method: String
  /// The path segments with percent escapes resolved.
  var segments: [String]
  /// The path as sent.
  var path: String
  var query: [(name: String, value: String)]
  var accept: String
  var contentType: String
  var userAgent: String
  var authorization: String?
  /// Whom the sender wants to act as.
  var impersonated: String?
  var body: [UInt8]

  /// A request of its parts.
  init(
    _ method: String, _ path: String, query: String = "", accept: String = "application/json", contentType: String = "",
    token: String? = nil, body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    segments = path.split(separator: "/").map { Self.unescape(String($0)) }
    self.query = Self.parameters(query)
    self.accept = accept
    self.contentType = contentType
    self.body = body
    userAgent = ""
    authorization = token.map { "Bearer \($0)" }
  }

  init(_ request: HTTPRequest) async throws {
    self.init(
      request.method.rawValue, request.target.path(), query: request.target.query(),
      accept: request.headers[HTTPHeader("Accept")] ?? "", contentType: request.headers[.contentType] ?? "")
    userAgent = request.headers[HTTPHeader("User-Agent")] ?? ""
    authorization = request.headers[.authorization]
    impersonated = request.headers[HTTPHeader("Impersonate-User")]
    for try await chunk in request.bodySequence {
      body.append(contentsOf: chunk)
      if body.count > 3 << 20 {
        throw APIStatus(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
      }
    }
  }

  private static func parameters(_ query: String) -> [(name: String, value: String)] {
    query.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let text = parts.map { part in
        Self.unescape(part.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "%20"))
      }
      return (text[0], text.count > 1 ? text[1] : "")
    }
  }

  /// The value of a query parameter.
  subscript(name: String) -> String? { query.first { $0.name == name }?.value }

  /// Whether a boolean query parameter is set.
  func flag(_ name: String) -> Bool { ["1", "true", "True", "t", "T", "TRUE"].contains(self[name] ?? "") }

  /// The media type of the body without its parameters.
  var mediaType: String {
    contentType.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() } ?? ""
  }

  private static func unescape(_ text: String) -> String { text.removingPercentEncoding ?? text }
}
