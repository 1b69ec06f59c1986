import MeshModel

/// A reader of istiod's `/debug/syncz`.
///
/// Two forms: flat fields (`route_sent`, `route_acked`; recorded of 1.14), and one entry a type under `resources`, with
/// the proxy's last rejection (Istio, `pilot/pkg/xds/debug.go`).
enum SyncReader {
  static func proxies(_ bytes: [UInt8], plane: PlaneName) throws(JSONError) -> [ProxyState] {
    try JSONReader.read(bytes) { reader throws(JSONError) in
      var states: [ProxyState] = []
      try reader.array { reader throws(JSONError) in
        guard var state = try proxy(&reader, plane: plane) else { return }
        // Most proxies are as the one before: what they have in common is kept once.
        if let last = states.last {
          if last.sync == state.sync { state.sync = last.sync }
          if last.version == state.version { state.version = last.version }
          if last.ref.namespace == state.ref.namespace { state.ref.namespace = last.ref.namespace }
        }
        states.append(state)
      }
      return states
    }
  }

  private struct Pair {
    var sent = ""
    var acknowledged = ""
    var error = ""

    var state: ProxyState.SyncState {
      if !error.isEmpty { return .rejected(error) }
      if sent.isEmpty { return .notSent }
      return sent == acknowledged ? .synced : .stale
    }
  }

  private static func proxy(_ reader: inout JSONReader, plane: PlaneName) throws(JSONError) -> ProxyState? {
    var (id, version) = ("", "")
    var pairs: [ProxyState.ConfigType: Pair] = [:]
    for type in ProxyState.ConfigType.allCases { pairs[type] = Pair() }
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "proxy": id = try reader.string()
      case "istio_version", "proxy_version": version = try reader.string()
      case "cluster_sent": pairs[.cds]?.sent = try reader.string()
      case "cluster_acked": pairs[.cds]?.acknowledged = try reader.string()
      case "listener_sent": pairs[.lds]?.sent = try reader.string()
      case "listener_acked": pairs[.lds]?.acknowledged = try reader.string()
      case "route_sent": pairs[.rds]?.sent = try reader.string()
      case "route_acked": pairs[.rds]?.acknowledged = try reader.string()
      case "endpoint_sent": pairs[.eds]?.sent = try reader.string()
      case "endpoint_acked": pairs[.eds]?.acknowledged = try reader.string()
      case "resources":
        try reader.object { key, reader throws(JSONError) in
          let type = type(ofURL: key.string)
          let pair = try resource(&reader)
          if let type { pairs[type] = pair }
        }
      default: try reader.skip()
      }
    }
    guard let dot = id.lastIndex(of: ".") else { return nil }
    let ref = ObjectRef(
      plane: plane, namespace: String(id[id.index(after: dot)...]), kind: "pod", name: String(id[..<dot]))
    var state = ProxyState(ref: ref, version: version, sync: pairs.mapValues(\.state))
    state.sent = digest([pairs[.cds], pairs[.lds], pairs[.rds]].compactMap { $0?.sent })
    state.rejection = ProxyState.ConfigType.allCases.lazy.compactMap { pairs[$0]?.error }.first { !$0.isEmpty }
    return state
  }

  /// A digest of texts (FNV-1a); 0 where all are empty.
  private static func digest(_ texts: [String]) -> UInt64 {
    guard texts.contains(where: { !$0.isEmpty }) else { return 0 }
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for text in texts {
      for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
      digest = (digest ^ 0xFF) &* 0x100_0000_01B3
    }
    return max(digest, 1)
  }

  private static func resource(_ reader: inout JSONReader) throws(JSONError) -> Pair {
    var pair = Pair()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "sent": pair.sent = try reader.string()
      case "acked": pair.acknowledged = try reader.string()
      case "lastError": pair.error = try reader.optionalString() ?? ""
      default: try reader.skip()
      }
    }
    return pair
  }

  /// The type by its URL (`type.googleapis.com/envoy.config.cluster.v3.Cluster`) or short name (`CDS`).
  private static func type(ofURL text: String) -> ProxyState.ConfigType? {
    if text.hasSuffix(".Cluster") { return .cds }
    if text.hasSuffix(".Listener") { return .lds }
    if text.hasSuffix(".RouteConfiguration") { return .rds }
    if text.hasSuffix(".ClusterLoadAssignment") { return .eds }
    return ProxyState.ConfigType(rawValue: text.lowercased())
  }
}
