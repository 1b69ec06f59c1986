import MeshModel

/// Fields that several of Envoy's messages share.
enum EnvoyFields {
  /// A weight as its messages hold it, 32 bits without a sign: whatever an answer says, weights can be added up.
  static func weight(_ value: Int) -> Int { min(max(value, 0), Int(UInt32.max)) }

  /// `clusters` of a weighted cluster, of HTTP routes and of `tcp_proxy` alike.
  static func weightedClusters(_ reader: inout JSONReader) throws(JSONError) -> [ProgrammedRoute.Cluster] {
    var clusters: [ProgrammedRoute.Cluster] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "clusters":
        try reader.array { reader throws(JSONError) in
          var (name, weight) = ("", 0)
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "name": name = try reader.string()
            case "weight": weight = self.weight(try reader.int())
            default: try reader.skip()
            }
          }
          guard var cluster = EnvoyClusterName.parse(name, weight: weight) else { return }
          // The destinations of a split are mostly subsets of one host, which is kept once.
          if let host = clusters.last?.host, host == cluster.host { cluster.host = host }
          clusters.append(cluster)
        }
      default: try reader.skip()
      }
    }
    return clusters
  }

  /// The text at `filter_metadata.istio.config`.
  static func origin(_ reader: inout JSONReader) throws(JSONError) -> String {
    var origin = ""
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "filter_metadata":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "istio":
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "config": origin = try reader.string()
              default: try reader.skip()
              }
            }
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return origin
  }
}
