import MeshModel

/// A reader of the endpoints that istiod would send: `/debug/endpointz`, whose form is not the same in all versions.
///
/// To 1.19 it is an array with one entry a service and port; from 1.20 on the name stands for `endpointShardz`, an object by
/// host, namespace and shard (`registry/cluster`). Source: Istio, `pilot/pkg/xds/debug.go`, `model.EndpointShards`,
/// `model.IstioEndpoint`; the first form recorded of 1.14.
struct EndpointReader: PieceReader {
  /// What istiod holds of endpoints.
  struct Endpoints: Sendable {
    /// The number of endpoints by cluster.
    var counts: [String: Int] = [:]
    /// The number of those that get no requests.
    var unhealthy = 0
    /// Those asked for.
    var kept: [RegisteredEndpoint] = []
  }

  /// Which endpoints are kept; all are counted.
  enum Choice: Sendable {
    case none
    case hosts(Set<String>)
    case addresses(Set<String>)

    func keeps(_ endpoint: RegisteredEndpoint) -> Bool {
      switch self {
      case .none: false
      case .hosts(let hosts): hosts.contains(endpoint.host)
      case .addresses(let addresses): endpoint.addresses.contains(where: addresses.contains)
      }
    }
  }

  private enum Form { case unknown, list(ArrayCutter), table(MemberCutter), neither }

  private let choice: Choice
  private var form = Form.unknown
  private var endpoints = Endpoints()
  private var fault: JSONError?

  init(_ choice: Choice = .none) { self.choice = choice }

  mutating func feed(_ piece: [UInt8]) {
    guard fault == nil else { return }
    if case .unknown = form {
      switch piece.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
      case UInt8(ascii: "[")?, UInt8(ascii: "n")?: form = .list(ArrayCutter(limit: 16 << 20))
      case UInt8(ascii: "{")?: form = .table(MemberCutter())
      case nil: return
      default: form = .neither
      }
    }
    var (found, fault) = (Endpoints(), self.fault)
    let choice = self.choice
    func take(_ endpoint: RegisteredEndpoint) {
      found.counts[endpoint.cluster, default: 0] += 1
      if endpoint.health != .healthy, endpoint.health != .untold { found.unhealthy += 1 }
      if choice.keeps(endpoint) { found.kept.append(endpoint) }
    }
    func guarded(_ read: () throws(JSONError) -> Void) {
      guard fault == nil else { return }
      do throws(JSONError) { try read() } catch { fault = error }
    }
    switch form {
    case .list(var cutter):
      form = .unknown
      cutter.feed(piece) { bytes in guarded { () throws(JSONError) in try Self.service(bytes).forEach(take) } }
      form = .list(cutter)
    case .table(var cutter):
      form = .unknown
      cutter.feed(piece[...]) { host, bytes in
        guarded { () throws(JSONError) in try Self.shards(bytes, of: host).forEach(take) }
      }
      form = .table(cutter)
    case .unknown, .neither: return
    }
    endpoints.counts.merge(found.counts, uniquingKeysWith: +)
    endpoints.unhealthy += found.unhealthy
    endpoints.kept += found.kept
    self.fault = fault
  }

  func finish() throws(JSONError) -> Endpoints {
    if let fault { throw fault }
    switch form {
    case .list(let cutter) where cutter.isWhole: return endpoints
    case .table(let cutter) where cutter.isWhole: return endpoints
    default: throw JSONError(.malformed, at: 0, expected: "the endpoints of services")
    }
  }

  /// An entry of the array: `{"svc": "HOST:PORT-NAME", "ep": [{"endpoint": {…}}]}`.
  private static func service(_ bytes: ArraySlice<UInt8>) throws(JSONError) -> [RegisteredEndpoint] {
    var (host, list) = ("", [RegisteredEndpoint]())
    try JSONReader.read(slice: bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "svc":
          let name = try reader.string()
          host = String(name[..<(name.lastIndex(of: ":") ?? name.endIndex)])
        case "ep":
          try reader.array { reader throws(JSONError) in
            try reader.object { key, reader throws(JSONError) in
              guard case "endpoint" = key else { return try reader.skip() }
              if try !reader.readNull() { list.append(try endpoint(&reader, isOld: true)) }
            }
          }
        default: try reader.skip()
        }
      }
    }
    for index in list.indices { list[index].host = host }
    return list
  }

  /// A member of the object: `{NAMESPACE: {"Shards": {"REGISTRY/CLUSTER": [{…}]}}}`.
  private static func shards(_ bytes: ArraySlice<UInt8>, of host: String) throws(JSONError) -> [RegisteredEndpoint] {
    var list: [RegisteredEndpoint] = []
    try JSONReader.read(slice: bytes) { reader throws(JSONError) in
      try reader.object { _, reader throws(JSONError) in
        try reader.object { key, reader throws(JSONError) in
          guard case "Shards" = key else { return try reader.skip() }
          try reader.object { shard, reader throws(JSONError) in
            let cluster = shard.string.split(separator: "/").last.map(String.init) ?? ""
            try reader.array { reader throws(JSONError) in
              var one = try endpoint(&reader, isOld: false)
              one.host = host
              if one.cluster.isEmpty { one.cluster = cluster }
              list.append(one)
            }
          }
        }
      }
    }
    return list
  }

  private static func endpoint(
    _ reader: inout JSONReader, isOld: Bool
  ) throws(JSONError) -> RegisteredEndpoint {
    var one = RegisteredEndpoint(host: "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "Address": one.addresses = [try reader.string()]
      case "Addresses":
        one.addresses = try reader.list { reader throws(JSONError) in try reader.string() }
      case "EndpointPort": one.port = try reader.int()
      case "ServicePortName": one.portName = try reader.string()
      case "ServiceAccount": one.account = try reader.string()
      case "Network": one.network = try reader.string()
      case "TLSMode": one.takesMeshTLS = try reader.string() == "istio"
      case "HealthStatus": one.health = health(try reader.int(), isOld: isOld)
      case "Locality":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "ClusterID": one.cluster = try reader.string()
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return one
  }

  /// Source: Istio, `model.HealthStatus`: 0 was healthy and 1 unhealthy to 1.17, 1 is healthy and 2 unhealthy since 1.18;
  /// 1 of the older form may be either.
  private static func health(_ number: Int, isOld: Bool) -> RegisteredEndpoint.Health {
    switch number {
    case 0 where isOld: .healthy
    case 1 where !isOld: .healthy
    case 2: .unhealthy
    case 3: .draining
    case 4: .terminating
    default: .untold
    }
  }
}
