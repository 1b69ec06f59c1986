import MeshMessages
import MeshModel
import MeshTransport
import SwiftProtobuf
import Synchronization

/// Client status discovery (CSDS): what a control plane knows of its clients.
///
/// The stream is asked first, since Google's Traffic Director offers nothing else; a server without it is asked by the
/// single call from then on. Over REST it is `POST /v3/discovery:client_status`.
final class ClientStatusService: Sendable {
  private static let methods = ["StreamClientStatus", "FetchClientStatus"]
  private static let service = "/envoy.service.status.v3.ClientStatusDiscoveryService/"
  private static let deadline = Duration.seconds(15)

  private let session: Session
  private let isREST: Bool
  private let node: XDSSettings.Node
  private let plane: PlaneName
  /// The first method that is not known to be missing.
  private let known = Mutex(0)

  init(session: Session, isREST: Bool, node: XDSSettings.Node, plane: PlaneName) {
    self.session = session
    self.isREST = isREST
    self.node = node
    self.plane = plane
  }

  /// The clients the control plane tells of.
  @concurrent
  func clients() async throws(MeshError) -> [ClientStatus] {
    ClientStatus.all(try await isREST ? overREST() : overGRPC())
  }

  private func overGRPC() async throws(MeshError) -> JSONValue {
    var request = XDSClientStatusRequest()
    request.node = node.message
    let bytes: [UInt8] = (try? request.serializedBytes()) ?? []
    let client = GRPCClient(session)
    var missing: GRPCError?
    for index in known.withLock(\.self)..<Self.methods.count {
      let method = Self.service + Self.methods[index]
      let answer: [UInt8]
      do throws(GRPCError) {
        answer =
          index == 0
          ? try await first(client.open(method, bytes, deadline: Self.deadline, isRepeatable: true))
          : try await client.unary(method, bytes, deadline: Self.deadline, isRepeatable: true)
      } catch {
        guard error.status == .unimplemented else { throw MeshError(error, "client status", plane: plane) }
        missing = error
        continue
      }
      known.withLock { $0 = index }
      return try json(answer)
    }
    throw Self.absent(plane, missing)
  }

  /// The first answer of a stream that is then ended.
  private func first(_ call: GRPCCall) async throws(GRPCError) -> [UInt8] {
    defer { call.cancel() }
    guard let answer = try await call.next() else {
      throw GRPCError(.internal, "the stream of client status ended without an answer", origin: session.origin)
    }
    return answer
  }

  private func json(_ bytes: [UInt8]) throws(MeshError) -> JSONValue {
    do throws(MessageJSON.Fault) {
      return try MessageJSON.value(of: XDSClientStatusResponse.protoMessageName, bytes)
    } catch {
      throw MeshError(.malformed, "client status: \(error.description)", plane: plane)
    }
  }

  private func overREST() async throws(MeshError) -> JSONValue {
    let path = "/v3/discovery:client_status"
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await session.send(
        session.request(
          .post, path, headers: ["Content-Type": "application/json", "Accept": "application/json"],
          body: JSONWriter.bytes(["node": node.json]), limits: .dump, idempotent: true))
    } catch {
      throw MeshError(asking: error, path, plane: plane)
    }
    guard response.isSuccess else { throw Self.absent(plane, nil) }
    do {
      return MessageJSON.normalized(
        try JSONValue(parsing: response.body), typeURL: XDSClientStatusResponse.protoMessageName)
    } catch {
      throw MeshError(.malformed, "\(path) is no JSON: \(error)", plane: plane, underlying: error)
    }
  }

  private static func absent(_ plane: PlaneName, _ error: GRPCError?) -> MeshError {
    MeshError(
      .notFound, "the control plane offers no client status discovery (CSDS)", plane: plane,
      remedy: "where another address offers it, set statusUrl in the plane's xds settings", underlying: error)
  }
}
