import MeshModel

/// A reader of Gateway and Sidecar objects' `spec`.
enum GatewayReader {
  /// Reads a Gateway's selector and listeners.
  static func gateway(
    _ reader: inout JSONReader
  ) throws(JSONError) -> (selector: [String: String], listeners: [Gateway.Listener]) {
    var selector: [String: String] = [:]
    var listeners: [Gateway.Listener] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "selector": selector = try reader.stringMap()
      case "servers":
        try reader.array { reader throws(JSONError) in
          let pointer = JSONPointer(["spec", "servers", String(listeners.count)])
          listeners.append(try listener(&reader, at: pointer))
        }
      default: try reader.skip()
      }
    }
    return (selector, listeners)
  }

  private static func listener(
    _ reader: inout JSONReader, at pointer: JSONPointer
  ) throws(JSONError) -> Gateway.Listener {
    var listener = Gateway.Listener(port: 0, transport: "", hosts: [], tls: nil, pointer: pointer)
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "hosts": listener.hosts = try reader.texts()
      case "port":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "number": listener.port = try reader.int()
          case "protocol": listener.transport = try reader.string()
          default: try reader.skip()
          }
        }
      case "tls":
        if try reader.readNull() { return }
        var mode = "PASSTHROUGH"
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "mode": mode = try reader.string()
          default: try reader.skip()
          }
        }
        listener.tls = mode
      default: try reader.skip()
      }
    }
    return listener
  }

  /// Reads a Sidecar's selector and egress hosts.
  static func egress(
    _ reader: inout JSONReader
  ) throws(JSONError) -> (selector: [String: String], hosts: [String]) {
    var selector: [String: String] = [:]
    var hosts: [String] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "workloadSelector": selector = try IstioSelectorReader.labels(&reader)
      case "egress":
        try reader.array { reader throws(JSONError) in
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "hosts": hosts += try reader.texts()
            default: try reader.skip()
            }
          }
        }
      default: try reader.skip()
      }
    }
    return (selector, hosts)
  }
}
