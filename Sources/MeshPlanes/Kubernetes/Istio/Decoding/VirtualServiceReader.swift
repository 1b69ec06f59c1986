import MeshModel

/// A reader of VirtualService objects' `spec`.
///
/// Source: Istio API, networking VirtualService in v1, v1beta1 and v1alpha3, with the spellings of Istio 1.1
/// (`mirror_percent`, `appendHeaders`, `removeResponseHeaders`, a fault's integer `percent`).
struct VirtualServiceReader {
  private var hosts: [String] = []
  private var gateways: [String] = []
  private var exportTo: [String] = []
  private var http: [Rule] = []
  private var tls: [Rule] = []
  private var tcp: [Rule] = []

  init() {}

  /// Where a route is that names no gateways.
  private static let sidecars = ["mesh"]

  /// Reads a `spec`.
  mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    var result = self
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "hosts": result.hosts = try reader.texts()
      case "gateways": result.gateways = try reader.texts()
      case "exportTo": result.exportTo = try reader.texts()
      case "http": result.http = try Self.rules(&reader, .http)
      case "tls": result.tls = try Self.rules(&reader, .tls)
      case "tcp": result.tcp = try Self.rules(&reader, .tcp)
      default: try reader.skip()
      }
    }
    self = result
  }

  /// The route the object stands for.
  func route(_ meta: ObjectMetadata, plane: PlaneName, apiVersion: String) -> Route {
    var rules = http
    if !tls.isEmpty { rules += tls }
    if !tcp.isEmpty { rules += tcp }
    for index in rules.indices {
      if rules[index].delegate == nil { continue }
      rules[index].delegate?.plane = plane
      // Source: Istio API, Delegate.namespace: "by default, it is same to the root's".
      if rules[index].delegate?.namespace.isEmpty == true { rules[index].delegate?.namespace = meta.namespace }
    }
    return Route(
      ref: meta.ref(.virtualService, on: plane), dialect: .istio, apiVersion: apiVersion, hosts: hosts,
      attachedTo: gateways.isEmpty ? Self.sidecars : InternedIstio.lists.one(gateways),
      exportTo: exportTo.isEmpty ? [] : InternedIstio.lists.one(exportTo), rules: rules,
      version: meta.version, createdAt: meta.createdAt, owners: ObjectOwners.owners(of: meta))
  }

  private static func rules(_ reader: inout JSONReader, _ layer: Rule.Layer) throws(JSONError) -> [Rule] {
    var rules: [Rule] = []
    try reader.array { reader throws(JSONError) in
      rules.append(try IstioRuleReader.rule(&reader, layer, at: RulePlaces.rule(rules.count, layer)))
    }
    return rules
  }
}

extension JSONReader {
  /// Reads an array of strings; elements of another type are passed over.
  mutating func texts() throws(JSONError) -> [String] {
    var items: [String] = []
    try array { reader throws(JSONError) in
      if try reader.peek() == .string { items.append(try reader.string()) } else { try reader.skip() }
    }
    return items
  }

  /// Reads `{"value": 12.5}`, Istio's Percent.
  mutating func percentValue() throws(JSONError) -> Double? {
    var value: Double? = 0
    if try readNull() { return nil }
    try object { key, reader throws(JSONError) in
      switch key {
      case "value": value = try reader.double()
      default: try reader.skip()
      }
    }
    return value
  }
}
