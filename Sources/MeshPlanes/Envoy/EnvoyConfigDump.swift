import MeshModel

/// A reader of the routes in Envoy's `/config_dump`.
///
/// It visits the text once and keeps only the routes asked for: a proxy with a thousand clusters is ordinary.
/// Source: Envoy admin API, `config_dump`; route configuration v3. Zeros are left out of proto3's JSON form.
enum EnvoyConfigDump {
  /// A route of a virtual host.
  struct Found {
    var name = ""
    var origin = ""
    /// `namespace/name` of the object that the origin is.
    private(set) var place = ""
    var clusters: [ProgrammedRoute.Cluster] = []
    var domains: [String] = []

    /// Works out its place. What the routes of one object have in common is kept once.
    fileprivate mutating func settle(behind last: Found?) {
      guard let last, last.origin == origin else {
        place = ProgrammedRoute.place(ofOrigin: origin)
        return
      }
      (origin, place) = (last.origin, last.place)
      guard let host = last.clusters.first?.host else { return }
      for index in clusters.indices where clusters[index].host == host { clusters[index].host = host }
    }

    /// The route, whichever proxy runs it.
    var content: ProgrammedRoute.Content {
      ProgrammedRoute.Content(domains: domains, name: name, origin: origin, place: place, clusters: clusters)
    }
  }

  /// The port of a route configuration by its name: alone (`8080`) or after a colon (`reviews.shop.svc:8080`, `http.8080`).
  static func port(of name: String) -> Int? { Int(String(name.reversed().prefix { $0.isNumber }.reversed())) }

  /// The routes of a virtual host that lead somewhere; none where its domains are not wanted.
  static func virtualHost(
    _ reader: inout JSONReader, where isWanted: ([String]) -> Bool
  ) throws(JSONError) -> [Found] {
    var domains: [String] = []
    var list: [Found] = []
    try withoutActuallyEscaping(isWanted) { isWanted throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "domains": domains = try reader.list { reader throws(JSONError) in try reader.string() }
        case "routes": list = try routes(&reader, of: domains, where: isWanted)
        default: try reader.skip()
        }
      }
    }
    return own(list, domains, where: isWanted)
  }

  /// The routes of a virtual host that lead somewhere, where its domains may be wanted: they come first in Envoy's own order
  /// of fields, and unwanted hosts are passed over unread.
  static func routes(
    _ reader: inout JSONReader, of domains: [String], where isWanted: ([String]) -> Bool
  ) throws(JSONError) -> [Found] {
    guard domains.isEmpty || isWanted(domains) else {
      try reader.skip()
      return []
    }
    var list: [Found] = []
    try reader.array { reader throws(JSONError) in
      let route = try route(&reader, behind: list.last)
      if !route.clusters.isEmpty { list.append(route) }
    }
    return list
  }

  /// Routes with the domains of their virtual host; none where these are not wanted.
  static func own(_ routes: [Found], _ domains: [String], where isWanted: ([String]) -> Bool) -> [Found] {
    guard !routes.isEmpty, isWanted(domains) else { return [] }
    return routes.map { route in
      var route = route
      route.domains = domains
      return route
    }
  }

  private static func route(_ reader: inout JSONReader, behind last: Found?) throws(JSONError) -> Found {
    var result = Found()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": result.name = try reader.string()
      case "route": result.clusters = try clusters(&reader)
      case "metadata": result.origin = try EnvoyFields.origin(&reader)
      default: try reader.skip()
      }
    }
    result.settle(behind: last)
    return result
  }

  private static func clusters(_ reader: inout JSONReader) throws(JSONError) -> [ProgrammedRoute.Cluster] {
    var clusters: [ProgrammedRoute.Cluster] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "cluster": if let only = EnvoyClusterName.parse(try reader.string(), weight: 100) { clusters = [only] }
      case "weighted_clusters": clusters = try EnvoyFields.weightedClusters(&reader)
      default: try reader.skip()
      }
    }
    return clusters
  }
}

/// The names that Istio gives to Envoy's clusters: `outbound|8080|v1|reviews.shop.svc.cluster.local`.
///
/// Source: Istio, `model.BuildSubsetKey` and, with SNI routing, `BuildDNSSrvSubsetKey` (underscores in place of bars).
enum EnvoyClusterName {
  static func parse(_ name: String, weight: Int) -> ProgrammedRoute.Cluster? {
    for separator: Character in ["|", "_"] {
      guard name.hasPrefix("outbound\(separator)") || name.hasPrefix("outbound_.") else { continue }
      let parts = name.split(separator: separator, maxSplits: 3, omittingEmptySubsequences: false).map {
        $0.hasPrefix(".") && separator == "_" ? String($0.dropFirst()) : String($0)
      }
      guard parts.count == 4, !parts[3].isEmpty else { continue }
      return ProgrammedRoute.Cluster(
        host: parts[3], subset: parts[2].isEmpty ? nil : parts[2], port: Int(parts[1]), weight: weight)
    }
    if name.hasPrefix("inbound") || name.isEmpty { return nil }
    return ProgrammedRoute.Cluster(host: name, subset: nil, port: nil, weight: weight)
  }
}
