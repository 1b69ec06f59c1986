import MeshModel

/// A reader of Envoy's `/config_dump`, whole or with `?resource=dynamic_route_configs`.
///
/// It visits the text once and keeps only the routes asked for: a proxy with a thousand clusters is ordinary.
/// Source: Envoy admin API, `config_dump`; route configuration v3. Zeros are left out of proto3's JSON form.
enum EnvoyConfigDump {
  /// The weighted routes a proxy was sent.
  ///
  /// - Parameter isWanted: Which virtual hosts to keep, by their domains.
  static func routes(
    _ bytes: [UInt8], proxy: ObjectRef, where isWanted: ([String]) -> Bool = { _ in true }
  ) throws(JSONError) -> [ProgrammedRoute] {
    var routes: [ProgrammedRoute] = []
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "configs":
          try reader.array { reader throws(JSONError) in
            try config(&reader, proxy: proxy, where: isWanted, into: &routes)
          }
        default: try reader.skip()
        }
      }
    }
    return routes
  }

  /// An element of `configs`: one route configuration, or a dump that lists many.
  private static func config(
    _ reader: inout JSONReader, proxy: ObjectRef, where isWanted: ([String]) -> Bool,
    into routes: inout [ProgrammedRoute]
  ) throws(JSONError) {
    try withoutActuallyEscaping(isWanted) { isWanted throws(JSONError) in
      let first = routes.count
      var updatedAt: Instant?
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "route_config": try routeConfiguration(&reader, proxy: proxy, where: isWanted, into: &routes)
        case "last_updated": updatedAt = RFC3339.parse(try reader.string())
        case "dynamic_route_configs", "static_route_configs":
          try reader.array { reader throws(JSONError) in
            try config(&reader, proxy: proxy, where: isWanted, into: &routes)
          }
        default: try reader.skip()
        }
      }
      if let updatedAt { for index in routes.indices.dropFirst(first) { routes[index].updatedAt = updatedAt } }
    }
  }

  private static func routeConfiguration(
    _ reader: inout JSONReader, proxy: ObjectRef, where isWanted: ([String]) -> Bool,
    into routes: inout [ProgrammedRoute]
  ) throws(JSONError) {
    var name = ""
    var found: [ProgrammedRoute] = []
    try withoutActuallyEscaping(isWanted) { isWanted throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "name": name = try reader.string()
        case "virtual_hosts":
          try reader.array { reader throws(JSONError) in
            var domains: [String] = []
            var list: [ProgrammedRoute] = []
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "domains": domains = try reader.list { reader throws(JSONError) in try reader.string() }
              case "routes":
                // Domains come first in Envoy's own order of fields: unwanted hosts are passed over unread.
                guard domains.isEmpty || isWanted(domains) else { return try reader.skip() }
                try reader.array { reader throws(JSONError) in
                  if let route = try route(&reader, proxy: proxy) { list.append(route) }
                }
              default: try reader.skip()
              }
            }
            guard isWanted(domains) else { return }
            for index in list.indices { list[index].domains = domains }
            found += list
          }
        default: try reader.skip()
        }
      }
    }
    // A configuration is named for its port, alone (`8080`) or after a colon (`reviews.shop.svc:8080`, `http.8080`).
    let port = Int(String(name.reversed().prefix { $0.isNumber }.reversed()))
    for var route in found {
      route.port = port
      routes.append(route)
    }
  }

  private static func route(_ reader: inout JSONReader, proxy: ObjectRef) throws(JSONError) -> ProgrammedRoute? {
    var result = ProgrammedRoute(proxy: proxy, domains: [], name: "", origin: "", clusters: [])
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": result.name = try reader.string()
      case "route": result.clusters = try clusters(&reader)
      case "metadata": result.origin = try EnvoyFields.origin(&reader)
      default: try reader.skip()
      }
    }
    return result.clusters.isEmpty ? nil : result
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
