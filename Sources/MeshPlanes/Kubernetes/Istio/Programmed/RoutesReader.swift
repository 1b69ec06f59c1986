import MeshModel

/// A reader of a proxy's routes in the answer to `/config_dump?resource=dynamic_route_configs`, while it comes, or in what istiod
/// says it sent the proxy.
///
/// One that sees the services of a large mesh tells 100 MB: each virtual host is read when it is complete, and what is not
/// asked for is not kept. What stands around the virtual hosts, the name of their configuration and its time, is read last.
struct RoutesReader: PieceReader {
  /// Which routes are kept, by the domains of their virtual host, and what of each.
  struct Wanted: Sendable {
    var hosts: @Sendable ([String]) -> Bool = { _ in true }
    var route: @Sendable (EnvoyConfigDump.Found) -> EnvoyConfigDump.Found? = { $0 }
  }

  /// A virtual host, or in the answer of an Envoy that does not know `resource` (before 1.13) a whole route configuration.
  struct Part: Sendable {
    /// That of a whole route configuration.
    var name = ""
    var routes: [ProgrammedRoute.Content] = []
  }

  private let proxy: ObjectRef
  private let wanted: Wanted
  /// `{"configs":[{"route_config":{"virtual_hosts":[{` is six brackets deep.
  private var cutter = DumpCutter(depth: 6, keepsRest: true)
  /// What another proxy was told, or this one before: nearly always the same.
  private var earlier: DigestedAnswer<Part>
  /// What was cut out, by its number.
  private var found: DigestedAnswer<Part>
  private let keep: @Sendable (DigestedAnswer<Part>) -> Void
  private var fault: JSONError?

  /// - Parameters:
  ///   - earlier: What was read of another answer of which the same was wanted.
  ///   - keep: Takes what was read of this one.
  init(
    _ proxy: ObjectRef, _ wanted: Wanted = Wanted(), like earlier: DigestedAnswer<Part> = DigestedAnswer(),
    keep: @escaping @Sendable (DigestedAnswer<Part>) -> Void = { _ in }
  ) {
    self.proxy = proxy
    self.wanted = wanted
    self.earlier = earlier
    self.keep = keep
    found = earlier.next
  }

  /// The routes of a whole text.
  static func routes(
    _ bytes: [UInt8], proxy: ObjectRef, _ wanted: Wanted = Wanted()
  ) throws(JSONError) -> [ProgrammedRoute] {
    var reader = RoutesReader(proxy, wanted)
    reader.feed(bytes)
    return try reader.finish()
  }

  mutating func feed(_ piece: [UInt8]) {
    var cutter = cutter
    self.cutter = DumpCutter()
    cutter.feed(piece) { take($0) }
    self.cutter = cutter
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>) {
    guard fault == nil else { return }
    let digest = earlier.digest(bytes)
    if let place = earlier.place(of: digest) { return found.append(earlier.parts[place], digest) }
    do throws(JSONError) {
      let part = try JSONReader.read(slice: bytes) { reader throws(JSONError) in
        // Other lists of a route configuration are as deep: of headers, say.
        try reader.peek() == .object ? try self.part(&reader) : try nothing(&reader)
      }
      found.append(part, digest)
    } catch {
      fault = error
    }
  }

  /// What lies as deep in other parts of a whole dump has names as well.
  private func part(_ reader: inout JSONReader) throws(JSONError) -> Part {
    var (part, name) = (Part(), "")
    var domains: [String] = []
    var isConfiguration = false
    var (own, others) = ([EnvoyConfigDump.Found](), [EnvoyConfigDump.Found]())
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name" where try reader.peek() == .string: name = try reader.string()
      case "domains" where try reader.peek() == .array: domains = try reader.texts()
      case "routes" where try reader.peek() == .array:
        own = try EnvoyConfigDump.routes(&reader, of: domains, where: wanted.hosts)
      case "virtual_hosts" where try reader.peek() == .array:
        isConfiguration = true
        try reader.array { reader throws(JSONError) in
          others += try EnvoyConfigDump.virtualHost(&reader, where: wanted.hosts)
        }
      default: try reader.skip()
      }
    }
    others += EnvoyConfigDump.own(own, domains, where: wanted.hosts)
    if isConfiguration { part.name = name }
    part.routes = others.compactMap { wanted.route($0)?.content }
    return part
  }

  private func nothing(_ reader: inout JSONReader) throws(JSONError) -> Part {
    try reader.skip()
    return Part()
  }

  func finish() throws(JSONError) -> [ProgrammedRoute] {
    if let fault { throw fault }
    guard cutter.isWhole else { throw JSONError(.malformed, at: 0, expected: "a configuration dump") }
    var routes: [ProgrammedRoute] = []
    try JSONReader.read(cutter.rest) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        guard case "configs" = key else { return try reader.skip() }
        try reader.array { reader throws(JSONError) in try configuration(&reader, into: &routes) }
      }
    }
    keep(found)
    return routes
  }

  /// Reads what stands around the virtual hosts of one route configuration.
  private func configuration(
    _ reader: inout JSONReader, into routes: inout [ProgrammedRoute]
  ) throws(JSONError) {
    var (name, numbers, updatedAt) = ("", [Int](), Instant?.none)
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "dynamic_route_configs", "static_route_configs":
        try reader.array { reader throws(JSONError) in try configuration(&reader, into: &routes) }
      case "route_config" where try reader.peek() == .number:
        numbers = [try reader.int()]
        name = part(numbers[0])?.name ?? ""
      case "route_config":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "name": name = try reader.string()
          case "virtual_hosts": numbers = try reader.list { reader throws(JSONError) in try reader.int() }
          default: try reader.skip()
          }
        }
      case "last_updated": updatedAt = RFC3339.parse(try reader.string())
      default: try reader.skip()
      }
    }
    let listener = ProgrammedRoute.Listener(proxy: proxy, port: EnvoyConfigDump.port(of: name))
    for number in numbers {
      for content in part(number)?.routes ?? [] {
        routes.append(ProgrammedRoute(content, of: listener, updatedAt: updatedAt))
      }
    }
  }

  private func part(_ number: Int) -> Part? { found.parts.indices.contains(number) ? found.parts[number] : nil }
}
