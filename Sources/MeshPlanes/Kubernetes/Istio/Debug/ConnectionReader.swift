import MeshModel

/// A reader of one proxy's connection in istiod's `/debug/adsz`.
///
/// `adsz?proxyID=NAME.NAMESPACE` tells of that proxy alone; an istiod that does not know the parameter tells of all, and
/// each is passed over until the one comes. Source: Istio, `pilot/pkg/xds/debug.go`, `AdsClient`; recorded of 1.14.
struct ConnectionReader: PieceReader {
  private let prefix: String
  private var cutter = ArrayCutter(member: "clients", limit: 16 << 20)
  private var found: ProxyConnection?
  private var fault: JSONError?

  /// A reader for a proxy.
  init(_ proxy: ObjectRef) { prefix = "\(proxy.name).\(proxy.namespace)-" }

  mutating func feed(_ piece: [UInt8]) {
    guard found == nil, fault == nil else { return }
    var (found, fault) = (self.found, self.fault)
    cutter.feed(piece) { [prefix] bytes in
      guard found == nil, fault == nil else { return }
      do throws(JSONError) {
        let (id, connection) = try JSONReader.read(slice: bytes, Self.client)
        if id.hasPrefix(prefix) { found = connection }
      } catch {
        fault = error
      }
    }
    (self.found, self.fault) = (found, fault)
  }

  /// The connection; `nil` where the replica has none of this proxy.
  func finish() throws(JSONError) -> ProxyConnection? {
    if let fault { throw fault }
    guard found != nil || cutter.isWhole else { throw JSONError(.malformed, at: 0, expected: "a list of clients") }
    return found
  }

  private static func client(_ reader: inout JSONReader) throws(JSONError) -> (id: String, ProxyConnection) {
    var (id, connection) = ("", ProxyConnection(replica: ""))
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "connectionId": id = try reader.string()
      case "connectedAt": connection.connectedAt = RFC3339.parse(try reader.string())
      case "address": connection.address = try reader.optionalString() ?? ""
      case "labels": if try !reader.readNull() { connection.labels = try reader.stringMap() }
      case "metadata":
        if try reader.readNull() { return }
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "LABELS" where connection.labels.isEmpty: connection.labels = try reader.stringMap()
          default: try reader.skip()
          }
        }
      case "watches":
        if try reader.readNull() { return }
        try reader.object { key, reader throws(JSONError) in
          let type = key.string.split(separator: ".").last.map(String.init) ?? key.string
          var count = 0
          if try !reader.readNull() {
            try reader.array { reader throws(JSONError) in
              count += 1
              try reader.skip()
            }
          }
          connection.watches[type] = count
        }
      default: try reader.skip()
      }
    }
    connection.revision = connection.labels["istio.io/rev"] ?? ""
    return (id, connection)
  }
}
