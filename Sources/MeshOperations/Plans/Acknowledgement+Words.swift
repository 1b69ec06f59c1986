public import MeshModel

extension Acknowledgement {
  /// How many acknowledged, and who is late, in one line: `37/40 proxies acknowledged within 1m; late: shop/cart-v1`.
  ///
  /// - Parameter seconds: The time they were given, named where some are late.
  public func words(within seconds: Double? = nil) -> String {
    if let unknown { return "who acknowledged cannot be told: \(unknown)" }
    if proxies == 0 { return "no proxy was sent anything for it" }
    let count = "\(acknowledged)/\(proxies) proxies acknowledged"
    if late.isEmpty { return count }
    let names = late.prefix(5).map(\.shortName).joined(separator: ", ")
    let more = late.count > 5 ? " and \(late.count - 5) more" : ""
    return count + (seconds.map { " within \(Figures.duration($0))" } ?? "") + "; late: \(names)\(more)"
  }
}
