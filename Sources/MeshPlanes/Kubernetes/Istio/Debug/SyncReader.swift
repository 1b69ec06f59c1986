import MeshModel

/// A reader of istiod's `/debug/syncz`.
///
/// Two forms: flat fields (`route_sent`, `route_acked`; recorded of 1.14), and one entry a type under `resources`, with
/// the proxy's last rejection (Istio, `pilot/pkg/xds/debug.go`).
enum SyncReader {
  /// The proxies of a whole answer.
  static func proxies(_ bytes: [UInt8], plane: PlaneName) throws(JSONError) -> [ProxyState] {
    var table = SyncTable(plane: plane, snapshot: MeshSnapshot())
    table.feed(bytes)
    return try table.finish()
  }

  /// One proxy of an answer; `nil` where its name makes no sense.
  static func proxy(
    _ bytes: ArraySlice<UInt8>, plane: PlaneName, like last: ProxyState?
  ) throws(JSONError) -> ProxyState? {
    guard let entry = try JSONReader.read(slice: bytes, entry) else { return nil }
    // Most proxies are as the one before: what they have in common is kept once.
    let types = ProxyState.ConfigType.allCases
    let sync =
      if let last, zip(types, entry.pairs).allSatisfy({ last.sync[$0] == $1.state }) {
        last.sync
      } else {
        Dictionary(uniqueKeysWithValues: zip(types, entry.pairs.map(\.state)))
      }
    let told = [entry[.cds], entry[.lds], entry[.rds]]
    return ProxyState(
      ref: ObjectRef(plane: plane, namespace: entry.namespace, kind: "pod", name: entry.name),
      version: last.flatMap { $0.version == entry.version ? $0.version : nil } ?? entry.version, sync: sync,
      rejection: entry.pairs.lazy.map(\.error).first { !$0.isEmpty },
      sent: digest(told.map(\.sent)), exchanged: digest(told.flatMap { [$0.sent, $0.acknowledged, $0.error] }))
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

  /// One proxy as the answer has it.
  private struct Entry {
    var name = ""
    var namespace = ""
    var version = ""
    /// What was sent and acknowledged, in the order of the types.
    var pairs = [Pair](repeating: Pair(), count: ProxyState.ConfigType.allCases.count)

    subscript(type: ProxyState.ConfigType) -> Pair {
      get { pairs[Self.place(type)] }
      set { pairs[Self.place(type)] = newValue }
    }

    private static func place(_ type: ProxyState.ConfigType) -> Int {
      switch type {
      case .cds: 0
      case .lds: 1
      case .rds: 2
      case .eds: 3
      }
    }
  }

  private static func entry(_ reader: inout JSONReader) throws(JSONError) -> Entry? {
    var entry = Entry()
    var id = ""
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "proxy": id = try reader.string()
      case "istio_version", "proxy_version": entry.version = try reader.string()
      case "cluster_sent": entry[.cds].sent = try reader.string()
      case "cluster_acked": entry[.cds].acknowledged = try reader.string()
      case "listener_sent": entry[.lds].sent = try reader.string()
      case "listener_acked": entry[.lds].acknowledged = try reader.string()
      case "route_sent": entry[.rds].sent = try reader.string()
      case "route_acked": entry[.rds].acknowledged = try reader.string()
      case "endpoint_sent": entry[.eds].sent = try reader.string()
      case "endpoint_acked": entry[.eds].acknowledged = try reader.string()
      case "resources":
        try reader.object { key, reader throws(JSONError) in
          let type = type(ofURL: key.string)
          let pair = try resource(&reader)
          if let type { entry[type] = pair }
        }
      default: try reader.skip()
      }
    }
    guard let dot = id.lastIndex(of: ".") else { return nil }
    entry.namespace = String(id[id.index(after: dot)...])
    entry.name = String(id[..<dot])
    return entry
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
