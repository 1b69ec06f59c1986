public import MeshModel

extension ProxyCertificate {
  func write(to writer: inout JSONWriter, at now: Instant) {
    writer.object { writer in
      writer.member("serial", serial)
      writer.strings("names", names)
      writer.promised("begins", begins?.rfc3339)
      writer.promised("expires", expires?.rfc3339)
      writer.promised("daysLeft", daysLeft(at: now))
      writer.promised("issuer", issuer)
      writer.promised("subject", subject)
      writer.promised("fingerprint", fingerprint)
      writer.promised("secret", secret)
    }
  }
}

extension JSONWriter {
  /// Writes `own[]{serial names begins expires daysLeft issuer subject fingerprint secret} roots[]{…} missing[]`, or `{"unknown": reason}`.
  mutating func certificates(_ name: String, _ known: Known<ProxyCertificates>, at now: Instant) {
    member(name, known) { held, writer in
      for (name, list) in [("own", held.own), ("roots", held.roots)] {
        writer.name(name)
        writer.array { writer in for one in list { one.write(to: &writer, at: now) } }
      }
      writer.strings("missing", held.missing)
    }
  }
}

/// An identity at a time, in the contract.
public struct IdentityItem: ContractItem {
  /// The identity.
  public let row: IdentityRow
  /// The time its certificates are judged at.
  public let now: Instant

  /// An identity at a time.
  public init(_ row: IdentityRow, at now: Instant) {
    (self.row, self.now) = (row, now)
  }

  /// Writes `id plane namespace workload identity proven proxy issuer certificates certificateDaysLeft trouble`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", row.workload.description)
      writer.member("plane", row.workload.plane)
      writer.member("namespace", row.workload.namespace)
      writer.member("workload", row.workload.description)
      writer.name("identity")
      if let expected = row.expected {
        writer.value(.string(expected))
      } else {
        writer.object { $0.member("unknown", "no service account of it is known") }
      }
      writer.promised("proven", row.proven)
      writer.promised("proxy", row.proxy?.description)
      writer.name("issuer")
      if let issuer = row.issuer {
        writer.value(.string(issuer))
      } else {
        writer.object {
          $0.member("unknown", row.certificates.reason ?? "the proxy does not show the secrets that name the issuer")
        }
      }
      writer.certificates("certificates", row.certificates, at: now)
      writer.name("certificateDaysLeft")
      if let days = row.certificates.value?.workload?.daysLeft(at: now) {
        writer.value(.int(days))
      } else {
        writer.object { $0.member("unknown", row.certificates.reason ?? "it shows no certificate with an identity") }
      }
      writer.promised("trouble", row.trouble?.label)
    }
  }
}

/// A proxy with its certificates, in the contract.
public struct ProxyItem: ContractItem {
  /// The proxy's state.
  public let state: ProxyState
  /// Its certificates, or why they are not known.
  public let certificates: Known<ProxyCertificates>
  /// The time they are judged at.
  public let now: Instant

  /// A proxy with its certificates at a time.
  public init(_ state: ProxyState, certificates: Known<ProxyCertificates>, at now: Instant) {
    (self.state, self.certificates, self.now) = (state, certificates, now)
  }

  /// Writes what ``ProxyState`` writes, and `certificates{own[] roots[]}`.
  public func write(to writer: inout JSONWriter) {
    var state = state
    state.certificateDaysLeft =
      certificates.value?.firstToExpire?.daysLeft(at: now) ?? state.certificateDaysLeft
    writer.object { writer in
      state.writeMembers(to: &writer)
      writer.certificates("certificates", certificates, at: now)
    }
  }
}
