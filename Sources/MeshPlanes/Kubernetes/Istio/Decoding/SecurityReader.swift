import MeshModel

/// A reader of PeerAuthentication and RequestAuthentication objects' `spec`.
enum SecurityReader {
  /// Reads a PeerAuthentication's `spec` into a policy without identity.
  static func peerAuthentication(
    _ reader: inout JSONReader, into policy: inout MTLSPolicy
  ) throws(JSONError) {
    var result = policy
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "selector": result.selector = try IstioSelectorReader.labels(&reader)
      case "mtls": result.mode = try mode(&reader)
      case "portLevelMtls":
        try reader.object { key, reader throws(JSONError) in
          let port = Int(key.string)
          let mode = try mode(&reader)
          if let port { result.ports[port] = mode }
        }
      default: try reader.skip()
      }
    }
    policy = result
  }

  private static func mode(_ reader: inout JSONReader) throws(JSONError) -> MTLSMode {
    var mode = MTLSMode.unset
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "mode": mode = MTLSMode(rawValue: try reader.string()) ?? .unset
      default: try reader.skip()
      }
    }
    return mode
  }

  /// Reads a RequestAuthentication's selector and the issuers it trusts, in words.
  static func requestAuthentication(
    _ reader: inout JSONReader
  ) throws(JSONError) -> (selector: [String: String], rules: [String]) {
    var selector: [String: String] = [:]
    var rules: [String] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "selector": selector = try IstioSelectorReader.labels(&reader)
      case "jwtRules":
        try reader.array { reader throws(JSONError) in
          var issuer = ""
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "issuer": issuer = try reader.string()
            default: try reader.skip()
            }
          }
          rules.append("token of \(issuer)")
        }
      default: try reader.skip()
      }
    }
    return (selector, rules)
  }
}
