import MeshModel

/// A leaf certificate as an agent hands it out, without the private key that comes with it: the key is skipped over byte by
/// byte and made into no value.
///
/// Source: Consul API documentation, "Service Leaf Certificate": `CertPEM`, `ServiceURI`, `ValidAfter`, `ValidBefore`.
struct ConsulLeaf: Sendable, Hashable {
  private(set) var certificate: ProxyCertificate

  init(_ bytes: [UInt8]) throws(JSONError) {
    var told = ProxyCertificate(serial: "")
    var text = ""
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "CertPEM": text = try reader.string()
        case "SerialNumber": told.serial = CertificateFields.normalized(try reader.string())
        case "ServiceURI": told.names = [try reader.string()]
        case "ValidAfter": told.begins = RFC3339.parse(try reader.string())
        case "ValidBefore": told.expires = RFC3339.parse(try reader.string())
        default: try reader.skip()
        }
      }
    }
    let fields = PEMText.certificates(text).first.flatMap { try? CertificateFields(der: $0) }
    certificate = fields.map(ProxyCertificate.init) ?? told
  }
}
