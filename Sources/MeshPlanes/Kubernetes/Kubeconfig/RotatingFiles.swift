import MeshModel
import MeshTransport
import Synchronization

/// What stands in files that are replaced as certificates rotate: read again every minute and whenever the server refuses who
/// asks, as client-go does.
///
/// Files that cannot be read leave what was last read in use.
final class RotatingFiles<Value: Sendable>: Sendable {
  private let load: @Sendable () throws(MeshError) -> Value
  private let clock: any TransportClock
  private let state: Mutex<(value: Value, readAt: Duration)>

  /// The files that were just read.
  init(
    read value: Value, clock: any TransportClock = SystemClock(),
    load: @escaping @Sendable () throws(MeshError) -> Value
  ) {
    self.load = load
    self.clock = clock
    state = Mutex((value, clock.now()))
  }

  /// What is in the files now, at most a minute old.
  func value(refresh: Bool) -> Value {
    let now = clock.now()
    return state.withLock { state in
      guard refresh || now - state.readAt >= .seconds(60) else { return state.value }
      if let value = try? load() { state = (value, now) }
      return state.value
    }
  }
}

extension ClientIdentity {
  /// The client certificate of a kubeconfig, read now.
  init(_ certificate: Kubeconfig.Material, key: Kubeconfig.Material) throws(MeshError) {
    self.init(certificate: try certificate.load(), key: Secret(bytes: try key.load()))
  }
}

/// Tokens with a client certificate and certificate authorities that rotate; a certificate that comes with the tokens goes
/// before the files'.
struct RotatingCredentials: CredentialSource {
  var identity: RotatingFiles<ClientIdentity>?
  var authorities: RotatingFiles<[UInt8]>?
  var tokens: (any CredentialSource)?

  func credential(refresh: Bool) async throws(TransportError) -> Credential {
    var credential = try await tokens?.credential(refresh: refresh) ?? .none
    credential.identity = credential.identity ?? identity?.value(refresh: refresh)
    credential.authorities = authorities?.value(refresh: refresh)
    return credential
  }
}
