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
  /// The query as sent.
  var rawQuery: String
  var accept: String
  var contentType: String
  var userAgent: String
  var authorization: String?
  /// Whom the sender wants to act as.
  var impersonated: String?
  var body: [UInt8]

  init(_ request: HTTPRequest) async throws {
    method = request.method.rawValue
    path = request.target.path()
    segments = path.split(separator: "/").map { Self.unescape(String($0)) }
    rawQuery = request.target.query()
    query = rawQuery.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let text = parts.map { Self.unescape($0.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "%20")) }
      return (text[0], text.count > 1 ? text[1] : "")
    }
    accept = request.headers[HTTPHeader("Accept")] ?? ""
    contentType = request.headers[.contentType] ?? ""
    userAgent = request.headers[HTTPHeader("User-Agent")] ?? ""
    authorization = request.headers[.authorization]
    impersonated = request.headers[HTTPHeader("Impersonate-User")]
    var body: [UInt8] = []
    for try await chunk in request.bodySequence {
      body.append(contentsOf: chunk)
      if body.count > 3 << 20 {
        throw APIStatus(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
      }
    }
    self.body = body
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
