public import MeshModel

/// The words for a proxy's connection to its control plane.
public enum ConnectionText {
  /// Where it is connected to and since when, its revision, its labels, and how much it watches; or why that is not known.
  public static func lines(_ known: Known<ProxyConnection>, at now: Instant) -> [String] {
    switch known {
    case .unknown(let reason): return ["its connection is unknown: \(reason)"]
    case .known(let connection, _, _):
      var first = "connected to \(connection.replica)"
      if let since = connection.connectedAt { first += " for \(Figures.seconds(now.age(of: since).rounded(.down)))" }
      if !connection.address.isEmpty { first += " from \(connection.address)" }
      var lines = [first]
      lines.append(connection.revision.isEmpty ? "names no revision" : "revision \(connection.revision)")
      if !connection.labels.isEmpty {
        lines.append(
          "labels "
            + connection.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))
      }
      if !connection.watches.isEmpty {
        lines.append(
          "watches "
            + connection.watches.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value == 0 ? "all" : String($0.value))" }.joined(separator: ", "))
      }
      return lines
    }
  }
}
