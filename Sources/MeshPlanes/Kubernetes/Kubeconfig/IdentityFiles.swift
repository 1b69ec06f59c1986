import MeshTransport
import Synchronization

/// A client certificate in files that are replaced as certificates rotate: read again every minute and whenever the server
/// refuses who asks, as client-go does.
///
/// Files that cannot be read leave the last certificate in use.
final class IdentityFiles: Sendable {
  private let certificate: Kubeconfig.Material
  private let key: Kubeconfig.Material
  private let clock: any TransportClock
  private let state: Mutex<(identity: ClientIdentity, readAt: Duration)>

  /// The certificate of two files that were just read.
  init(
    _ certificate: Kubeconfig.Material, key: Kubeconfig.Material, read identity: ClientIdentity,
    clock: any TransportClock = SystemClock()
  ) {
    self.certificate = certificate
    self.key = key
    self.clock = clock
    state = Mutex((identity, clock.now()))
  }

  /// The certificate as it is in the files now, at most a minute old.
  func identity(refresh: Bool) -> ClientIdentity {
    let now = clock.now()
    return state.withLock { state in
      guard refresh || now - state.readAt >= .seconds(60) else { return state.identity }
      if let certificate = try? certificate.load(), let key = try? key.load() {
        state = (ClientIdentity(certificate: certificate, key: Secret(bytes: key)), now)
      }
      return state.identity
    }
  }
}

/// Tokens and a client certificate that rotates, together; a certificate that comes with the tokens goes before it.
struct RotatingCredentials: CredentialSource {
  let files: IdentityFiles
  let tokens: (any CredentialSource)?

  func credential(refresh: Bool) async throws(TransportError) -> Credential {
    var credential = try await tokens?.credential(refresh: refresh) ?? .none
    credential.identity = credential.identity ?? files.identity(refresh: refresh)
    return credential
  }
}
