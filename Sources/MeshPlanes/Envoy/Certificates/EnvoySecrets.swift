import MeshModel
import MeshTransport

/// A reader of the certificates in Envoy's secrets: `/config_dump?resource=dynamic_active_secrets`, or static ones.
///
/// Envoy shows private keys as `[redacted]`; they are passed over unread all the same. A secret of files holds names of
/// files and no certificate. Source: Envoy admin API, `SecretsConfigDump`; `tls/v3/secret.proto`, `common.proto`.
enum EnvoySecrets {
  /// The certificates found.
  struct Found: Hashable {
    /// The first certificate of each chain: the one that proves who the proxy is.
    var own: [CertificateFields] = []
    /// The others of each chain, between it and a root.
    var between: [CertificateFields] = []
    var roots: [CertificateFields] = []
    /// The names of the secrets that hold them, by fingerprint.
    var names: [String: String] = [:]
    /// The names of all secrets, those without a certificate too.
    var secrets: [String] = []

    /// All of them.
    var all: [CertificateFields] { own + between + roots }
  }

  static func read(_ bytes: [UInt8]) throws(JSONError) -> Found {
    var found = Found()
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        guard case "configs" = key else { return try reader.skip() }
        try reader.array { reader throws(JSONError) in try entry(&reader, into: &found) }
      }
    }
    return found
  }

  /// An element of `configs`: one secret, or a dump that lists many.
  private static func entry(_ reader: inout JSONReader, into found: inout Found) throws(JSONError) {
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "secret":
        var (name, part) = ("", Found())
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "name": name = try reader.string()
          case "tls_certificate": try chain(&reader, into: &part)
          case "validation_context": try trust(&reader, into: &part)
          default: try reader.skip()
          }
        }
        found.add(part, of: name)
      case "dynamic_active_secrets", "static_secrets", "dynamic_warming_secrets":
        try reader.array { reader throws(JSONError) in try entry(&reader, into: &found) }
      default: try reader.skip()
      }
    }
  }

  private static func chain(_ reader: inout JSONReader, into found: inout Found) throws(JSONError) {
    try reader.object { key, reader throws(JSONError) in
      guard case "certificate_chain" = key else { return try reader.skip() }
      let list = try certificates(&reader)
      if let first = list.first, !found.own.contains(first) { found.own.append(first) }
      for one in list.dropFirst() where !found.between.contains(one) { found.between.append(one) }
    }
  }

  private static func trust(_ reader: inout JSONReader, into found: inout Found) throws(JSONError) {
    try reader.object { key, reader throws(JSONError) in
      guard case "trusted_ca" = key else { return try reader.skip() }
      for one in try certificates(&reader) where !found.roots.contains(one) { found.roots.append(one) }
    }
  }

  /// The certificates of a data source; those that make no sense are left out.
  private static func certificates(_ reader: inout JSONReader) throws(JSONError) -> [CertificateFields] {
    var text = ""
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "inline_bytes": text = String(decoding: Base64.decode(try reader.string()) ?? [], as: UTF8.self)
      case "inline_string": text = try reader.string()
      default: try reader.skip()
      }
    }
    return PEMText.certificates(text).compactMap { try? CertificateFields(der: $0) }
  }
}

extension EnvoySecrets.Found {
  /// Adds what one secret holds, each certificate once.
  fileprivate mutating func add(_ part: Self, of name: String) {
    for one in part.own where !own.contains(one) { own.append(one) }
    for one in part.between where !between.contains(one) { between.append(one) }
    for one in part.roots where !roots.contains(one) { roots.append(one) }
    guard !name.isEmpty else { return }
    secrets.append(name)
    for one in part.all where names[one.fingerprint] == nil { names[one.fingerprint] = name }
  }
}

extension ProxyCertificates {
  /// Adds what the proxy's secrets tell of its certificates: issuers, subjects, fingerprints; and certificates that its
  /// `/certs` leaves out.
  mutating func add(_ found: EnvoySecrets.Found) {
    Self.add(found, to: &own)
    Self.add(found, to: &roots)
    func isNew(_ one: CertificateFields, in list: [ProxyCertificate]) -> Bool {
      !list.contains { $0.fingerprint == one.fingerprint }
    }
    func certificate(_ fields: CertificateFields) -> ProxyCertificate {
      var one = ProxyCertificate(fields)
      one.secret = found.names[fields.fingerprint]
      return one
    }
    for one in found.own where isNew(one, in: own) { own.append(certificate(one)) }
    for one in found.roots where isNew(one, in: roots) { roots.append(certificate(one)) }
  }

  private static func add(_ found: EnvoySecrets.Found, to list: inout [ProxyCertificate]) {
    for index in list.indices {
      let serial = CertificateFields.normalized(list[index].serial)
      guard
        let fields = found.all.first(where: { fields in
          fields.serial == serial && list[index].expires.map { abs($0.seconds - fields.expires.seconds) < 1 } ?? true
        })
      else { continue }
      list[index].issuer = fields.issuer
      list[index].subject = fields.subject
      list[index].fingerprint = fields.fingerprint
      list[index].secret = found.names[fields.fingerprint]
    }
  }
}

extension ProxyCertificate {
  /// The certificate that fields describe.
  init(_ fields: CertificateFields) {
    self.init(
      path: "<inline>", serial: fields.serial, names: fields.names, begins: fields.begins, expires: fields.expires)
    issuer = fields.issuer
    subject = fields.subject
    fingerprint = fields.fingerprint
  }
}
