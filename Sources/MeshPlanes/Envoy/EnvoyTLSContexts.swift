import MeshModel

/// The TLS contexts in Envoy's `/config_dump`, as Istio writes them.
enum EnvoyTLSContexts {
  /// What the inbound listeners take, one entry a port.
  ///
  /// A chain that ends TLS takes mesh TLS; one that ends none and is not for `tls` alone takes plaintext. A chain for `tls`
  /// that ends none hands the caller's own TLS on to the application and says nothing of the mesh's.
  static func inbound(_ listeners: [EnvoyListener]) -> [InboundTLS] {
    var ports: [Int?: InboundTLS] = [:]
    for listener in listeners where listener.isInbound {
      for chain in listener.chains {
        // Istio's own port of the listener is a trap for loops, not a port of the application.
        if chain.port == listener.port, listener.name == "virtualInbound" { continue }
        var entry = ports[chain.port] ?? InboundTLS(port: chain.port, takesMeshTLS: false, takesPlaintext: false)
        if chain.endsTLS {
          entry.takesMeshTLS = true
        } else if chain.transport != "tls" {
          entry.takesPlaintext = true
        }
        ports[chain.port] = entry
      }
    }
    return ports.values.filter { $0.takesMeshTLS || $0.takesPlaintext }.sorted { ($0.port ?? -1) < ($1.port ?? -1) }
  }

  /// What the clusters of a dump send, those of hosts wanted.
  static func outbound(_ bytes: [UInt8], hosts: Set<String>) throws(JSONError) -> [OutboundTLS] {
    var result: [OutboundTLS] = []
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "configs":
          try reader.array { reader throws(JSONError) in
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "cluster": try cluster(&reader, hosts: hosts, into: &result)
              case "dynamic_active_clusters":
                try reader.array { reader throws(JSONError) in
                  try reader.object { key, reader throws(JSONError) in
                    switch key {
                    case "cluster": try cluster(&reader, hosts: hosts, into: &result)
                    default: try reader.skip()
                    }
                  }
                }
              default: try reader.skip()
              }
            }
          }
        default: try reader.skip()
        }
      }
    }
    return result
  }

  private static func cluster(
    _ reader: inout JSONReader, hosts: Set<String>, into result: inout [OutboundTLS]
  ) throws(JSONError) {
    var name = ""
    var sends = OutboundTLS.Sends.plaintext
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": name = try reader.string()
      case "transport_socket": sends = try socket(&reader)
      case "transport_socket_matches":
        var isAutomatic = false
        try reader.array { reader throws(JSONError) in
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "name": if try reader.string() == "tlsMode-istio" { isAutomatic = true }
            default: try reader.skip()
            }
          }
        }
        if isAutomatic { sends = .auto }
      default: try reader.skip()
      }
    }
    guard name.hasPrefix("outbound"), let known = EnvoyClusterName.parse(name, weight: 0), hosts.contains(known.host)
    else { return }
    result.append(OutboundTLS(host: known.host, port: known.port, subset: known.subset, sends: sends))
  }

  /// What a transport socket sends: mesh TLS where it shows the workload's certificate, which Istio names `default`.
  private static func socket(_ reader: inout JSONReader) throws(JSONError) -> OutboundTLS.Sends {
    var (name, type) = ("", "")
    var showsWorkload = false
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": name = try reader.string()
      case "typed_config":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "@type": type = try reader.string()
          case "common_tls_context": showsWorkload = try commonContext(&reader)
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    guard type.hasSuffix("UpstreamTlsContext") || name == "envoy.transport_sockets.tls" else { return .plaintext }
    return showsWorkload ? .mesh : .own
  }

  private static func commonContext(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    var isWorkload = false
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "tls_certificate_sds_secret_configs":
        try reader.array { reader throws(JSONError) in
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "name": if try reader.string() == "default" { isWorkload = true }
            default: try reader.skip()
            }
          }
        }
      default: try reader.skip()
      }
    }
    return isWorkload
  }
}
