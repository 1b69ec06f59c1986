import MeshModel

/// A reader of Envoy's `/certs`.
///
/// Envoy lists the certificates of every TLS context apart, so that a sidecar with hundreds of upstreams repeats the same
/// two hundreds of times; each is kept once. Who issued a certificate is not told: ``EnvoySecrets`` tells it.
/// Source: Envoy admin API, `Certificates` (`admin/v3/certs.proto`): times as RFC 3339, days as text, zeros left out.
enum EnvoyCertificates {
  /// The paths of secrets, those of the control plane first.
  static let secrets = ["/config_dump?resource=dynamic_active_secrets", "/config_dump?resource=static_secrets"]

  /// The path of the secrets that a proxy waits for.
  static let missing = "/config_dump?resource=dynamic_warming_secrets"

  /// The certificates a proxy holds, with the issuers where it shows its secrets.
  ///
  /// - Parameter get: The answer of the proxy's administration interface to a path.
  static func held(
    _ get: @Sendable (String) async throws(MeshError) -> [UInt8]
  ) async throws(MeshError) -> ProxyCertificates {
    var result: ProxyCertificates
    let bytes = try await get("/certs")
    do throws(JSONError) { result = try read(bytes) } catch {
      throw MeshError(.malformed, "the proxy's /certs makes no sense: \(error)", underlying: error)
    }
    // Secrets are an extra: a proxy whose certificates are files has none, and an old one does not show them.
    for path in secrets {
      if let bytes = try? await get(path), let found = try? EnvoySecrets.read(bytes) { result.add(found) }
    }
    if let bytes = try? await get(missing), let found = try? EnvoySecrets.read(bytes) {
      result.missing = Set(found.secrets).sorted()
    }
    return result
  }

  /// The certificates a proxy holds.
  static func read(_ bytes: [UInt8]) throws(JSONError) -> ProxyCertificates {
    var result = ProxyCertificates()
    var seen: (own: Set<String>, roots: Set<String>) = ([], [])
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "certificates":
          try reader.array { reader throws(JSONError) in
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "cert_chain":
                for one in try reader.list(certificate) where seen.own.insert(one.identifier).inserted {
                  result.own.append(one)
                }
              case "ca_cert":
                for one in try reader.list(certificate) where seen.roots.insert(one.identifier).inserted {
                  result.roots.append(one)
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

  private static func certificate(_ reader: inout JSONReader) throws(JSONError) -> ProxyCertificate {
    var one = ProxyCertificate(serial: "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "path": one.path = try reader.string()
      case "serial_number": one.serial = try reader.string()
      case "valid_from": one.begins = RFC3339.parse(try reader.string())
      case "expiration_time": one.expires = RFC3339.parse(try reader.string())
      case "subject_alt_names":
        try reader.array { reader throws(JSONError) in
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "uri", "dns", "ip_address": one.names.append(try reader.string())
            default: try reader.skip()
            }
          }
        }
      default: try reader.skip()
      }
    }
    return one
  }
}
