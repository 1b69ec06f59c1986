import MeshModel

/// The time of a `Date` header (RFC 9110 §5.6.7, the one form servers send).
enum HTTPTime {
  /// The point in time of a text such as `Sun, 22 Nov 2026 19:55:43 GMT`, or `nil`.
  static func parse(_ text: String) -> Instant? {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]) else { return nil }
    let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
    return RFC3339.parse("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
  }
}
