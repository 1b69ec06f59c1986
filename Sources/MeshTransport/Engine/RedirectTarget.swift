/// What of a `Location` may be shown: scheme, host and path; never user information or query.
enum RedirectTarget {
  static func shown(_ location: String) -> String {
    let plain = String(location.prefix { $0 != "?" && $0 != "#" }.prefix(300))
    let (scheme, rest) = TargetURL.split(plain, at: "//")
    guard let rest else { return plain }
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<end]
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    return "\(scheme)//\(host)\(rest[end...])"
  }
}
