import Foundation
public import MeshModel

extension Instant {
  /// The time as RFC 3339 in UTC with milliseconds.
  public var rfc3339: String {
    Date(timeIntervalSince1970: seconds).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// A time from RFC 3339, with or without fractions of a second.
  public init?(rfc3339 text: String) {
    let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    guard let date = (try? fractional.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text)) else { return nil }
    self.init(seconds: date.timeIntervalSince1970)
  }

  /// The time the machine's clock shows.
  public static var now: Instant { Instant(seconds: Date().timeIntervalSince1970) }
}
