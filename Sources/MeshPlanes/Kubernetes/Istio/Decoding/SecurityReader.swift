import MeshModel

/// A reader of the `spec` of PeerAuthentication and RequestAuthentication, and of Policy and MeshPolicy before them.
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

  /// Reads the `spec` of a Policy or MeshPolicy into a policy without identity.
  ///
  /// The first peer method that is mTLS counts, also where it is empty or null (STRICT); without one the server takes
  /// plaintext only. `peerIsOptional` changes nothing here: the listener demands the certificate all the same.
  /// Source: Istio 1.1, `pilot/pkg/networking/plugin/authn/authentication.go` (`GetMutualTLS`, `setupFilterChains`).
  static func authenticationPolicy(
    _ reader: inout JSONReader, into policy: inout MTLSPolicy
  ) throws(JSONError) {
    var mode: MTLSMode?
    var targets: [MTLSPolicy.Target] = []
    if try reader.readNull() { return }
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "peers":
        for found in try reader.list({ reader throws(JSONError) in try peer(&reader) }) where mode == nil {
          mode = found
        }
      case "targets": targets = try reader.list { reader throws(JSONError) in try target(&reader) }
      default: try reader.skip()
      }
    }
    policy.mode = mode ?? .disable
    policy.targets = targets.isEmpty ? nil : targets
  }

  /// The mode of a peer method; `nil` where it is not mTLS.
  private static func peer(_ reader: inout JSONReader) throws(JSONError) -> MTLSMode? {
    var mode: MTLSMode?
    try reader.object { key, reader throws(JSONError) in
      guard key.string == "mtls" else { return try reader.skip() }
      mode = .strict
      if try reader.readNull() { return }
      try reader.object { key, reader throws(JSONError) in
        guard key.string == "mode" else { return try reader.skip() }
        // Names and numbers of the enumeration are both taken by Pilot: PERMISSIVE is 1.
        switch try reader.value() {
        case .string("PERMISSIVE"), .number("1"): mode = .permissive
        default: break
        }
      }
    }
    return mode
  }

  private static func target(_ reader: inout JSONReader) throws(JSONError) -> MTLSPolicy.Target {
    var target = MTLSPolicy.Target(service: "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": target.service = try reader.string()
      case "ports":
        target.ports = try reader.list { reader throws(JSONError) in
          let port = try reader.value()
          return port["name"]?.string ?? port["number"]?.int.map { String($0) } ?? ""
        }.filter { !$0.isEmpty }
      default: try reader.skip()
      }
    }
    return target
  }

  /// Reads a RequestAuthentication: whom it is for, and the issuers it trusts, in words.
  static func requestAuthentication(_ reader: inout JSONReader, into policy: inout AccessPolicy) throws(JSONError) {
    var result = policy
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "selector": result.selector = try IstioSelectorReader.labels(&reader)
      case "targetRefs": result.targets += try reader.list(IstioSelectorReader.target)
      case "targetRef": result.targets.append(try IstioSelectorReader.target(&reader))
      case "jwtRules":
        try reader.array { reader throws(JSONError) in
          var issuer = ""
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "issuer": issuer = try reader.string()
            default: try reader.skip()
            }
          }
          result.rules.append("token of \(issuer)")
        }
      default: try reader.skip()
      }
    }
    policy = result
  }
}
