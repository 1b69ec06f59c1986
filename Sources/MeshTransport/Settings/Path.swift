/// Paths as configured.
package enum Path {
  /// A path with a leading `~/` replaced by the home folder; as it is where no home folder is known.
  package static func expanded(_ path: String, _ environment: [String: String]) -> String {
    guard path.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty else { return path }
    return home + path.dropFirst(1)
  }
}
