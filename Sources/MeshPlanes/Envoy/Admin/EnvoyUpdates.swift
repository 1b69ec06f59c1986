import MeshModel

/// What a proxy counted of the updates of one kind, or of one route configuration, since it started.
///
/// Envoy shows the words of a rejected listener in its dump, and of a rejected route configuration (as of 1.40) nothing but
/// a counter: the words go to the control plane alone.
struct EnvoyUpdates: Sendable, Hashable {
  var rejected = 0
  var accepted = 0

  /// Whether the newest update is one that was rejected, as far as two looks at the counters can tell.
  ///
  /// - Parameters:
  ///   - earlier: What was counted at the look before; `nil` at the first.
  ///   - was: What that look came to.
  func isRefusing(after earlier: EnvoyUpdates?, was: Bool) -> Bool {
    guard rejected > 0 else { return false }
    guard accepted > 0 else { return true }
    // After a first look, or a restart, which of both came last is not told.
    guard let earlier, rejected >= earlier.rejected, accepted >= earlier.accepted else { return false }
    return accepted == earlier.accepted && (was || rejected > earlier.rejected)
  }

  /// The kind of update that a counter is of: `cluster_manager.cds`, `listener_manager.lds`, `http.PREFIX.rds.NAME`.
  static func type(of name: String) -> ProxyState.ConfigType {
    name.hasPrefix("cluster_manager") ? .cds : name.hasPrefix("listener_manager") ? .lds : .rds
  }

  /// What is rejected, in words.
  func words(_ name: String) -> String {
    let what: String =
      switch Self.type(of: name) {
      case .cds: "an update of the clusters was"
      case .lds: "an update of the listeners was"
      default:
        "an update of the route configuration \(name.firstRange(of: ".rds.").map { String(name[$0.upperBound...]) } ?? name) was"
      }
    return "\(what) rejected (\(rejected) since the proxy started); its words are with the control plane"
  }
}

extension EnvoyReading {
  /// Notes the rejections that only counters tell of, by what was counted at the reading before.
  mutating func noteRefusals(after earlier: EnvoyReading?) {
    for (name, counts) in updates where counts.rejected > 0 {
      let was = earlier?.refused.contains(name) ?? false
      guard counts.isRefusing(after: earlier?.updates[name], was: was) else { continue }
      refused.insert(name)
      let type = EnvoyUpdates.type(of: name)
      if rejections[type] == nil { rejections[type] = counts.words(name) }
    }
  }
}
