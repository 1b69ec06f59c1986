import MeshModel
import MeshTransport
import Synchronization

@testable import MeshPlanes

/// Microsoft's token endpoint and the machine's metadata in memory: answers by a function, requests kept.
final class FakeAuthority: HTTPTransport {
  private let seen = Mutex<[HTTPRequest]>([])
  private let reply: @Sendable (HTTPRequest) -> HTTPResponse?

  /// By default every token endpoint gives a token of an application that holds for an hour.
  init(_ reply: @escaping @Sendable (HTTPRequest) -> HTTPResponse? = { _ in FakeAuthority.token() }) {
    self.reply = reply
  }

  var requests: [HTTPRequest] { seen.withLock { $0 } }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    seen.withLock { $0.append(request) }
    guard let response = reply(request) else { throw TransportError(.unreachable, "nobody is there") }
    return response
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    throw TransportError(.unreachable, "no streams here")
  }

  /// Sends what is for the token endpoint there, and the rest to the resources.
  struct Router: HTTPTransport {
    let authority: FakeAuthority
    let resources: any HTTPTransport

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      request.url.hasPrefix("https://login.")
        ? try await authority.send(request) : try await resources.send(request)
    }

    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      throw TransportError(.unreachable, "no streams here")
    }
  }

  /// A token whose middle part holds claims, as Microsoft's do.
  static func jwt(_ claims: JSONValue) -> String {
    let middle = Base64.encode(JSONWriter.bytes(claims)).replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
    return "eyJhbGciOiJub25lIn0.\(middle).never-shown-signature"
  }

  static let application: JSONValue = ["appid": "client", "tid": "tenant", "idtyp": "app"]

  static func token(_ claims: JSONValue = application, seconds: Int = 3600) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      body: JSONWriter.bytes([
        "access_token": .string(jwt(claims)), "expires_in": .int(seconds), "token_type": "Bearer",
      ]))
  }
}
