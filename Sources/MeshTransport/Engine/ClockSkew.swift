import Synchronization

/// How far this machine's clock is from those of servers, learned from the `Date` of their answers.
enum ClockSkew {
  private static let seen = Mutex<[String: Int]>([:])

  /// Notes the `Date` of an answer.
  static func note(_ headers: HTTPHeaders, origin: String) {
    guard let date = headers["Date"].flatMap(HTTPDate.parse) else { return }
    let skew = WallClock.seconds() - date
    seen.withLock { $0[origin] = skew }
  }

  /// A sentence about the clock where it was seen to differ by more than a minute, from this origin if it answered
  /// before, else from any other.
  static func hint(for origin: String) -> String? {
    let known = seen.withLock { $0[origin] ?? $0.values.max { abs($0) < abs($1) } }
    guard let known, abs(known) > 60 else { return nil }
    return "this machine's clock is \(abs(known)) s \(known > 0 ? "ahead of" : "behind") a server's"
  }
}
