import MeshModel

/// A reader of a proxy's routes in the answer to `/config_dump?resource=dynamic_route_configs`, while it comes.
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
  private struct Part {
    var name = ""
    var routes: [EnvoyConfigDump.Found] = []
  }

  private let proxy: ObjectRef
  private let wanted: Wanted
  /// `{"configs":[{"route_config":{"virtual_hosts":[{` is six brackets deep.
  private var cutter = DumpCutter(depth: 6, keepsRest: true)
  /// What was cut out, by its number.
  private var found: [Int: Part] = [:]
  private var count = 0
  private var fault: JSONError?

  init(_ proxy: ObjectRef, _ wanted: Wanted = Wanted()) {
    self.proxy = proxy
    self.wanted = wanted
  }

  mutating func feed(_ piece: [UInt8]) {
    var cutter = cutter
    self.cutter = DumpCutter()
    cutter.feed(piece) { take($0) }
    self.cutter = cutter
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>) {
    defer { count += 1 }
    guard fault == nil else { return }
    let wanted = wanted
    do throws(JSONError) {
      var part = try JSONReader.read(slice: bytes) { reader throws(JSONError) in
        // Other lists of a route configuration are as deep: of headers, say.
        try reader.peek() == .object ? try self.part(&reader) : try nothing(&reader)
      }
      part.routes = part.routes.compactMap(wanted.route)
      if !part.routes.isEmpty { found[count] = part }
    } catch {
      fault = error
    }
  }

  /// What lies as deep in other parts of a whole dump has names as well.
  private func part(_ reader: inout JSONReader) throws(JSONError) -> Part {
    var part = Part()
    var domains: [String] = []
    var own: [EnvoyConfigDump.Found] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name" where try reader.peek() == .string: part.name = try reader.string()
      case "domains" where try reader.peek() == .array: domains = try reader.texts()
      case "routes" where try reader.peek() == .array:
        own = try EnvoyConfigDump.routes(&reader, of: domains, where: wanted.hosts)
      case "virtual_hosts" where try reader.peek() == .array:
        try reader.array { reader throws(JSONError) in
          part.routes += try EnvoyConfigDump.virtualHost(&reader, where: wanted.hosts)
        }
      default: try reader.skip()
      }
    }
    part.routes += EnvoyConfigDump.own(own, domains, where: wanted.hosts)
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
        name = found[numbers[0]]?.name ?? ""
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
    let port = EnvoyConfigDump.port(of: name)
    for number in numbers {
      routes += (found[number]?.routes ?? []).map { $0.route(of: proxy, port: port, updatedAt: updatedAt) }
    }
  }
}
