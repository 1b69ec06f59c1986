import MeshModel

/// One listener of a proxy, as far as TLS and streams are concerned.
struct EnvoyListener: Hashable {
  /// One of its filter chains.
  struct Chain: Hashable {
    /// The destination port it is for; `nil` for any.
    var port: Int?
    /// `tls`, `raw_buffer`, or empty for any.
    var transport = ""
    /// The names in TLS's greeting it is for; empty for any.
    var serverNames: [String] = []
    /// Whether it ends TLS itself.
    var endsTLS = false
    /// The native object it was made from, where its metadata says.
    var origin = ""
    /// The clusters a stream goes to; empty where it has no `tcp_proxy`.
    var clusters: [ProgrammedRoute.Cluster] = []
  }

  var name = ""
  var port: Int?
  var isInbound = false
  var chains: [Chain] = []
}

/// A reader of the listeners in Envoy's `/config_dump`, whole or with `?resource=dynamic_listeners`.
///
/// Source: Envoy admin API, `ListenersConfigDump`; listener v3; `tcp_proxy` v3. Zeros are left out of proto3's JSON form.
enum EnvoyListeners {
  static func read(_ bytes: [UInt8]) throws(JSONError) -> [EnvoyListener] {
    var listeners: [EnvoyListener] = []
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "configs":
          try reader.array { reader throws(JSONError) in
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "active_state": try state(&reader, into: &listeners)
              case "dynamic_listeners":
                try reader.array { reader throws(JSONError) in
                  try reader.object { key, reader throws(JSONError) in
                    switch key {
                    case "active_state": try state(&reader, into: &listeners)
                    default: try reader.skip()
                    }
                  }
                }
              case "static_listeners":
                try reader.array { reader throws(JSONError) in try state(&reader, into: &listeners) }
              default: try reader.skip()
              }
            }
          }
        default: try reader.skip()
        }
      }
    }
    return listeners
  }

  private static func state(_ reader: inout JSONReader, into listeners: inout [EnvoyListener]) throws(JSONError) {
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "listener": listeners.append(try listener(&reader))
      default: try reader.skip()
      }
    }
  }

  private static func listener(_ reader: inout JSONReader) throws(JSONError) -> EnvoyListener {
    var listener = EnvoyListener()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": listener.name = try reader.string()
      case "traffic_direction": listener.isInbound = try reader.string() == "INBOUND"
      case "address":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "socket_address":
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "port_value": listener.port = try reader.int()
              default: try reader.skip()
              }
            }
          default: try reader.skip()
          }
        }
      case "filter_chains":
        try reader.array { reader throws(JSONError) in listener.chains.append(try chain(&reader)) }
      case "default_filter_chain": listener.chains.append(try chain(&reader))
      default: try reader.skip()
      }
    }
    return listener
  }

  private static func chain(_ reader: inout JSONReader) throws(JSONError) -> EnvoyListener.Chain {
    var chain = EnvoyListener.Chain()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "filter_chain_match":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "destination_port": chain.port = try reader.int()
          case "transport_protocol": chain.transport = try reader.string()
          case "server_names": chain.serverNames = try reader.list { reader throws(JSONError) in try reader.string() }
          default: try reader.skip()
          }
        }
      case "transport_socket":
        var (name, type) = ("", "")
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "name": name = try reader.string()
          case "typed_config": type = try EnvoyFields.type(&reader)
          default: try reader.skip()
          }
        }
        chain.endsTLS = type.hasSuffix("DownstreamTlsContext") || name == "envoy.transport_sockets.tls"
      case "metadata": chain.origin = try EnvoyFields.origin(&reader)
      case "filters":
        try reader.array { reader throws(JSONError) in
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "typed_config": try proxy(&reader, into: &chain)
            default: try reader.skip()
            }
          }
        }
      default: try reader.skip()
      }
    }
    return chain
  }

  /// A filter's configuration: of a `tcp_proxy` the clusters, of every other nothing.
  private static func proxy(_ reader: inout JSONReader, into chain: inout EnvoyListener.Chain) throws(JSONError) {
    var type = ""
    var clusters: [ProgrammedRoute.Cluster] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "@type": type = try reader.string()
      case "cluster" where type.hasSuffix(".TcpProxy"):
        if let only = EnvoyClusterName.parse(try reader.string(), weight: 100) { clusters = [only] }
      case "weighted_clusters" where type.hasSuffix(".TcpProxy"):
        clusters = try EnvoyFields.weightedClusters(&reader)
      default: try reader.skip()
      }
    }
    if !clusters.isEmpty { chain.clusters = clusters }
  }
}

/// Fields that several of Envoy's messages share.
enum EnvoyFields {
  /// The type of an `Any`.
  static func type(_ reader: inout JSONReader) throws(JSONError) -> String {
    var type = ""
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "@type": type = try reader.string()
      default: try reader.skip()
      }
    }
    return type
  }

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
            case "weight": weight = try reader.int()
            default: try reader.skip()
            }
          }
          if let cluster = EnvoyClusterName.parse(name, weight: weight) { clusters.append(cluster) }
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
