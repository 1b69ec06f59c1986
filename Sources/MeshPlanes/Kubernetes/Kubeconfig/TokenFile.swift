import MeshModel
public import MeshTransport
import Synchronization

/// A bearer token in a file that is replaced as tokens rotate: read again every minute and whenever the server refuses it.
///
/// A file that cannot be read leaves the last token in use, as client-go does; a token given beside it is the first one.
public final class TokenFile: CredentialSource {
  private struct State {
    var token: Secret?
    var readAt: Duration?
  }

  private let path: String
  private let clock: any TransportClock
  private let state: Mutex<State>

  /// The token in a file; `fallback` is used until the file can be read.
  public init(_ path: String, fallback: Secret? = nil, clock: any TransportClock = SystemClock()) {
    self.path = path
    self.clock = clock
    state = Mutex(State(token: fallback))
  }

  /// The token as it is in the file now, at most a minute old.
  public func credential(refresh: Bool) async throws(TransportError) -> Credential {
    let now = clock.now()
    let (token, problem): (Secret?, MeshError?) = state.withLock { state in
      if !refresh, let readAt = state.readAt, now - readAt < .seconds(60) { return (state.token, nil) }
      do throws(MeshError) {
        let text = String(decoding: try LocalFile.read(path, limit: 1 << 20), as: UTF8.self)
        let line = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        guard !line.isEmpty else { throw MeshError(.unauthenticated, "the token file \(path) is empty") }
        state.token = Secret(line)
        state.readAt = now
        return (state.token, nil)
      } catch {
        return (state.token, error)
      }
    }
    if let token { return .bearer(token) }
    throw TransportError(
      .credentials, problem?.message ?? "the token file \(path) is empty", remedy: "log in again or correct tokenFile")
  }
}
