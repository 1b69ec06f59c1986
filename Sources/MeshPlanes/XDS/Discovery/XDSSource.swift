import MeshModel
import MeshTransport
import SwiftProtobuf

/// Where the resources of a control plane come from.
protocol XDSSource: Sendable {
  /// Asks from what is known on and tells all that is known after every answer, until something fails or the task is
  /// cancelled; gives the reason.
  func run(
    _ known: XDSResources, _ tell: @escaping @Sendable (XDSResources) async -> Void
  ) async -> MeshError
}

/// A discovery stream by gRPC.
struct XDSStream: XDSSource {
  let client: GRPCClient
  let node: XDSSettings.Node
  let plane: PlaneName
  let isIncremental: Bool

  @concurrent
  func run(
    _ known: XDSResources, _ tell: @escaping @Sendable (XDSResources) async -> Void
  ) async -> MeshError {
    var conversation: any DiscoveryConversation =
      isIncremental ? Incremental(known, node: node.message) : StateOfTheWorld(known, node: node.message)
    let opening = conversation.opening().map(bytes)
    let call = client.open(conversation.method, opening.first ?? [], isRepeatable: true)
    do throws(GRPCError) {
      // A call that is over says why when it is read.
      for request in opening.dropFirst() { try? await call.send(request) }
      while let message = try await call.next() {
        let answers: [any SwiftProtobuf.Message]
        do throws(MeshError) { answers = try conversation.take(message, plane: plane) } catch {
          call.cancel()
          return error
        }
        for request in answers { try? await call.send(bytes(request)) }
        await tell(conversation.resources)
      }
      return MeshError(.unreachable, "the control plane ended the stream", plane: plane)
    } catch {
      return MeshError(error, "discovery", plane: plane)
    }
  }

  private func bytes(_ message: any SwiftProtobuf.Message) -> [UInt8] { (try? message.serializedBytes()) ?? [] }
}

extension MeshError {
  /// The failure of a question: whatever its method, nothing can have changed by it.
  init(asking error: TransportError, _ what: String, plane: PlaneName) {
    var error = error
    error.outcomeUnknown = false
    self.init(error, what, plane: plane)
  }

  /// The failure of a call that asks.
  init(_ error: GRPCError, _ what: String, plane: PlaneName) {
    if let transport = error.transport {
      self.init(asking: transport, what, plane: plane)
      return
    }
    let code: Code =
      switch error.status {
      case .unauthenticated: .unauthenticated
      case .permissionDenied: .forbidden
      case .cancelled: .cancelled
      case .internal, .unimplemented, .resourceExhausted, .dataLoss, .invalidArgument, .outOfRange: .malformed
      default: .unreachable
      }
    let remedy: String? =
      switch error.status {
      case .unauthenticated, .permissionDenied: "check the token, the certificate and the node's identity"
      case .unimplemented: "the server does not offer this: see transport in the plane's xds settings"
      default: "see `meshdeck planes check`"
      }
    self.init(
      code, "\(what): \(error.origin): \(error.message)", plane: plane, remedy: error.remedy ?? remedy,
      underlying: error)
  }
}
