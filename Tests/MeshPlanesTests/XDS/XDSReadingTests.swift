import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// What becomes of the clients that a control plane told of.
@Suite(.timeLimit(.minutes(10))) struct XDSReadingTests {
  /// A control plane that tells of one client until it answers nonsense.
  private final class FakeStatus: HTTPTransport {
    let body = Mutex(#"{"config":[{"node":{"id":"web-1","cluster":"web"}}]}"#)

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      HTTPResponse(status: 200, body: Array(body.withLock { $0 }.utf8))
    }

    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      let response = try await send(request)
      return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
    }
  }

  @Test func clientsThatWereToldStayWhereTheyCannotBeAskedFor() async throws {
    let status = FakeStatus()
    let time = Mutex(1_000.0)
    var options = Session.Options()
    options.transport = { _ in status }
    options.gate = OriginGate()
    let plane = try XDSPlane(
      name: "xds", settings: XDSSettings(url: "http://127.0.0.1:1", transport: .rest), options: options,
      now: { Instant(seconds: time.withLock { $0 }) })
    let state = XDSFeed.State(
      resources: XDSResources(whole: [.listeners, .clusters]), isSettled: true, at: Instant(seconds: 1_000))
    var (told, snapshot) = (XDSPlane.Told(), MeshSnapshot())
    for change in await plane.changes(of: state, before: &told) { snapshot.apply(change) }
    #expect(snapshot.endpoints.count == 1)
    status.body.withLock { $0 = "oops" }
    time.withLock { $0 += 60 }
    for change in await plane.changes(of: state, before: &told) { snapshot.apply(change) }
    #expect(snapshot.endpoints.count == 1)
    let key = MeshSnapshot.FeedKey(plane: "xds", kind: EnvoyEntities.Kind.proxy)
    guard case .stale? = snapshot.feeds[key] else {
      Issue.record("the gap is not told: \(snapshot.feeds)")
      return
    }
    status.body.withLock { $0 = #"{"config":[]}"# }
    time.withLock { $0 += 60 }
    for change in await plane.changes(of: state, before: &told) { snapshot.apply(change) }
    #expect(snapshot.endpoints.isEmpty)
  }
}
