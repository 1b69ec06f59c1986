import MeshModel

/// Load balancing, ejection and connection limits of a DestinationRule, said in a few words.
enum TrafficPolicyWords {
  static func loadBalancer(_ reader: inout JSONReader) throws(JSONError) -> String? {
    var words: String?
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "simple": words = try reader.string()
      case "consistentHash":
        words = "consistent hash"
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "httpHeaderName": words = "hash of header \(try reader.string())"
          case "httpQueryParameterName": words = "hash of parameter \(try reader.string())"
          case "httpCookie":
            words = "hash of a cookie"
            try reader.skip()
          case "useSourceIp":
            words = "hash of the source address"
            try reader.skip()
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return words
  }

  static func outlierDetection(_ reader: inout JSONReader) throws(JSONError) -> String? {
    var (after, interval, ejection) = ("5 5xx", "10s", "30s")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "consecutive5xxErrors", "consecutiveErrors": after = "\(try reader.intOrString()) 5xx"
      case "consecutiveGatewayErrors": after = "\(try reader.intOrString()) gateway errors"
      case "interval": interval = try reader.string()
      case "baseEjectionTime": ejection = try reader.string()
      default: try reader.skip()
      }
    }
    return "out for \(ejection) after \(after) in \(interval)"
  }

  static func connectionPool(_ reader: inout JSONReader) throws(JSONError) -> String? {
    var parts: [String] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "tcp", "http":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "maxConnections": parts.append("\(try reader.intOrString()) connections")
          case "http1MaxPendingRequests": parts.append("\(try reader.intOrString()) pending")
          case "http2MaxRequests": parts.append("\(try reader.intOrString()) requests")
          case "maxRequestsPerConnection": parts.append("\(try reader.intOrString()) requests a connection")
          case "maxRetries": parts.append("\(try reader.intOrString()) retries")
          case "connectTimeout": parts.append("connect in \(try reader.string())")
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return parts.isEmpty ? nil : "at most " + parts.joined(separator: ", ")
  }
}
