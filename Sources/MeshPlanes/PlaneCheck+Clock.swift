import MeshModel
import MeshTransport

extension PlaneCheck {
  /// How far this machine's clock is from a server's, told by the `Date` of an answer.
  ///
  /// - Parameters:
  ///   - now: This machine's time in seconds since 1970.
  ///   - remedy: What to do about a clock more than 30 s off, and why it matters here.
  static func clock(_ headers: HTTPHeaders, now: Int, remedy: String) -> PlaneCheck {
    guard let date = headers["Date"], let server = HTTPDate.parse(date) else {
      return PlaneCheck(name: "clock", result: .skipped, detail: "the server does not tell the time")
    }
    let skew = server - now
    guard abs(skew) > 30 else { return PlaneCheck(name: "clock", result: .ok, detail: "within \(abs(skew)) s") }
    return PlaneCheck(
      name: "clock", result: .warning, detail: "this machine is \(abs(skew)) s \(skew > 0 ? "behind" : "ahead")",
      remedy: remedy)
  }
}
