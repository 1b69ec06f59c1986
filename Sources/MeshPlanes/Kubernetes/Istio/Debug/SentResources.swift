import MeshModel

/// A part of what istiod sent a proxy.
enum SentResource {
  /// What a resource is of, by the member that comes first: what it holds comes behind it.
  enum Kind: String, CaseIterable { case routes = "routeConfig", listeners = "activeState", clusters = "cluster" }

  case routes([ProgrammedRoute])
  /// A dump of one resource alone, as the proxy itself would tell of it.
  case listeners([UInt8]), clusters([UInt8])
}

/// A reader of istiod's `/debug/config_dump` that hands on each resource that is wanted.
///
/// The answer is as long as the mesh is large, and most of it are the routes of one port: they are read while they come, and no
/// other resource is kept once it was read.
struct SentResources<Value: Sendable>: PieceReader {
  /// Takes one resource into the value.
  typealias Take = @Sendable (inout Value, SentResource) throws(JSONError) -> Void

  private enum Stage { case unknown, routes, dump(SentResource.Kind), passedOver }

  private var value: Value
  private let routes: RoutesReader?
  private let others: Set<SentResource.Kind>
  private let take: Take
  private var cutter = DumpCutter()
  private var stage = Stage.unknown
  /// What has come of the resource under way, where it is not read while it comes.
  private var bytes: [UInt8] = []
  private var reader: RoutesReader?
  private var names = ProtoNames()
  private var fault: JSONError?

  /// - Parameters:
  ///   - routes: Reads one route configuration; `nil` where none is wanted.
  ///   - others: What else is wanted.
  init(into value: Value, routes: RoutesReader? = nil, others: Set<SentResource.Kind>, _ take: @escaping Take) {
    self.value = value
    self.routes = routes
    self.others = others
    self.take = take
  }

  mutating func feed(_ piece: [UInt8]) {
    var cutter = cutter
    self.cutter = DumpCutter()
    cutter.parts(of: piece) { add($0, isEnd: $1) }
    self.cutter = cutter
  }

  /// The bytes at the beginning of a resource that tell its kind.
  private static var head: Int { 1 << 10 }
  /// A listener or cluster larger than this is none of istiod's.
  private static var limit: Int { 16 << 20 }

  private mutating func add(_ part: ArraySlice<UInt8>, isEnd: Bool) {
    guard fault == nil else { return }
    switch stage {
    case .unknown:
      bytes += part
      if isEnd || bytes.count >= Self.head { begin() }
    case .routes: reader?.feed(names.turned(part))
    case .dump:
      bytes += part
      if bytes.count > Self.limit {
        fault = JSONError(.malformed, at: Self.limit, expected: "no more than \(Self.limit) bytes")
      }
    case .passedOver: break
    }
    if isEnd { end() }
  }

  private static var opening: [UInt8] { Array(#"{"configs":["#.utf8) }
  private static var closing: [UInt8] { Array("]}".utf8) }

  /// Goes on by the kind of the resource.
  private mutating func begin() {
    switch Self.kind(of: bytes) {
    case .routes?:
      stage = routes == nil ? .passedOver : .routes
      (reader, names) = (routes, ProtoNames())
      reader?.feed(Self.opening + names.turned(bytes[...]))
      bytes = []
    case let kind? where others.contains(kind): stage = .dump(kind)
    default: (stage, bytes) = (.passedOver, [])
    }
  }

  private mutating func end() {
    defer { (stage, bytes, reader) = (.unknown, [], nil) }
    do throws(JSONError) {
      switch stage {
      case .routes:
        guard var reader else { return }
        reader.feed(names.turned([], isLast: true) + Self.closing)
        try take(&value, .routes(reader.finish()))
      case .dump(let kind):
        let dump = Self.opening + ProtoNames.ofDefinitions(bytes[...]) + Self.closing
        try take(&value, kind == .listeners ? .listeners(dump) : .clusters(dump))
      case .unknown, .passedOver: break
      }
    } catch {
      fault = error
    }
  }

  private static func kind(of resource: [UInt8]) -> SentResource.Kind? {
    let head = resource.prefix(Self.head)
    let places = SentResource.Kind.allCases.compactMap { kind in
      head.firstRange(of: Array("\"\(kind.rawValue)\"".utf8)).map { (kind, $0.lowerBound) }
    }
    return places.min { $0.1 < $1.1 }?.0
  }

  func finish() throws(JSONError) -> Value {
    if let fault { throw fault }
    guard cutter.isWhole else { throw JSONError(.malformed, at: 0, expected: "a configuration dump") }
    return value
  }
}
