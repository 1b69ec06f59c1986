/// The `Retry-After` field. Source: RFC 9110, 10.2.3.
enum RetryAfter {
  /// The pause asked for, in seconds or as a date, never outside 1...60 s; nil where there is none or it is malformed.
  static func pause(_ value: String?, wallSeconds: Int) -> Duration? {
    guard let value = value.map({ ASCII.trimmed($0) }), !value.isEmpty else { return nil }
    if value.utf8.allSatisfy(ASCII.isDigit) { return clamped(Int(value) ?? 60) }
    return HTTPDate.parse(value).map { clamped($0 - wallSeconds) }
  }

  private static func clamped(_ seconds: Int) -> Duration { .seconds(min(max(seconds, 1), 60)) }
}
