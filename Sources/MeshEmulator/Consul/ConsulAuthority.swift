import COpenSSL
import MeshModel
import Synchronization

/// The certificate authority of a Consul: a root, and leaves that an agent holds and renews in time.
///
/// Source: hashicorp/consul, `agent/connect/uri_service.go` for the identity, `agent/leafcert/util.go` for the renewal, on
/// average at three quarters of a leaf's life of 72 hours.
final class ConsulAuthority: Sendable {
  private static let life = 72 * 3_600
  private let made: Int
  private let state = Mutex(State())

  private struct State {
    var root: IssuedCertificate?
    var leaves: [String: (certificate: IssuedCertificate, begins: Int)] = [:]
  }

  /// An authority whose root was made ninety days before a time, in seconds since 1970.
  init(made: Int) { self.made = made }

  /// The root and when it holds.
  var root: (pem: String, begins: Int, ends: Int) {
    get throws { (try state.withLock { try root(&$0).pem }, rootLife.begins, rootLife.ends) }
  }

  private var rootLife: (begins: Int, ends: Int) { (made - 90 * 86_400, made + 3_560 * 86_400) }

  private func root(_ state: inout State) throws -> IssuedCertificate {
    if let root = state.root { return root }
    let root = try IssuedCertificate(
      IssuedCertificate.Wish(
        subject: "Consul CA Primary Cert", begins: rootLife.begins, ends: rootLife.ends,
        extensions: [
          (Int32(copenssl_subject_alt_name), "URI:spiffe://\(ConsulServer.trustDomain)"),
          (Int32(copenssl_basic_constraints), "critical,CA:TRUE"),
        ]))
    state.root = root
    return root
  }

  /// The leaf of a service as the agent answers it, a new one where the last is to be renewed.
  func leaf(of service: String, now: Int) throws -> JSONValue {
    try state.withLock { state in
      let uri =
        "spiffe://\(ConsulServer.trustDomain)/ns/default/dc/\(ConsulServer.datacenter)/svc/\(service)"
      var leaf = state.leaves[service]
      if leaf.map({ now - $0.begins > Self.life / 4 * 3 }) ?? true {
        leaf = (
          try IssuedCertificate(
            IssuedCertificate.Wish(
              subject: service, begins: now, ends: now + Self.life,
              extensions: [
                (Int32(copenssl_subject_alt_name), "URI:\(uri)"),
                (Int32(copenssl_extended_key_usage), "clientAuth,serverAuth"),
              ]), issuer: try root(&state)), now
        )
        state.leaves[service] = leaf
      }
      guard let leaf else { return .null }
      return [
        "SerialNumber": "08", "CertPEM": .string(leaf.certificate.pem),
        "PrivateKeyPEM": .string(try leaf.certificate.keyPEM), "Service": .string(service), "ServiceURI": .string(uri),
        "ValidAfter": .string(Timestamp.text(leaf.begins)),
        "ValidBefore": .string(Timestamp.text(leaf.begins + Self.life)), "CreateIndex": 8, "ModifyIndex": 8,
      ]
    }
  }
}
