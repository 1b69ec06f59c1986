import MeshMessages
public import MeshModel
public import MeshTransport
import SwiftProtobuf

/// istiod's debug interface by discovery, as istioctl asks for it: for where its HTTP port wants to know who asks, is not
/// reachable, or was taken away.
///
/// Source: Istio, `pilot/pkg/xds/debuggen.go`: a request of type `istio.io/debug` for one resource, whose name is what
/// follows `/debug/` in the path; the answer is the resource's value. It is given over TLS alone, to a caller whom istiod
/// could verify by a certificate or a token of an account in its own namespace.
public struct IstiodDiscovery: Sendable {
  private static let typeURL = "istio.io/debug"
  private static let method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
  /// Beyond this an istiod is taken not to answer.
  private static let deadline = Duration.seconds(20)

  private let session: Session
  private let node: XDSNode
  private let plane: PlaneName

  /// A way to ask; nothing is sent yet.
  public init(_ settings: XDSSettings, options: Session.Options, plane: PlaneName) throws(MeshError) {
    guard settings.url.hasPrefix("https://") else {
      throw MeshError(
        .usage, "istiod tells of itself by discovery only to a caller it can verify, and so over TLS alone",
        plane: plane, remedy: "say its address as https://istiod:15012, with certFile and keyFile or bearerTokenFile")
    }
    session = try XDSPlane.session(settings.url, options, plane)
    node = IstioResources.node(settings.node).message
    self.plane = plane
  }

  /// The answer to a path of the debug interface, such as `/debug/syncz`.
  public func get(_ path: String) async throws(MeshError) -> [UInt8] {
    let prefix = "/debug/"
    let name = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    var request = XDSDiscoveryRequest()
    request.node = node
    request.typeURL = Self.typeURL
    request.resourceNames = [name]
    let bytes: [UInt8] = (try? request.serializedBytes()) ?? []
    let call = GRPCClient(session).open(Self.method, bytes, deadline: Self.deadline, isRepeatable: true)
    defer { call.cancel() }
    while let message = try await next(of: call, name) {
      guard let answer = try? XDSDiscoveryResponse(serializedBytes: message), answer.typeURL == Self.typeURL else {
        continue
      }
      return try Self.value(of: answer, name)
    }
    throw MeshError(.unreachable, "istiod ended the stream without an answer", plane: plane)
  }

  private func next(of call: GRPCCall, _ name: String) async throws(MeshError) -> [UInt8]? {
    do throws(GRPCError) { return try await call.next() } catch { throw MeshError(error, name, plane: plane) }
  }

  /// What an answer holds; istiod's own "page not found" comes as if it were an answer.
  private static func value(of answer: XDSDiscoveryResponse, _ name: String) throws(MeshError) -> [UInt8] {
    guard let resource = answer.resources.first else { throw MeshError(.notFound, "it has no \(name)") }
    let bytes = Array(resource.value)
    if bytes.starts(with: Array("404 page not found".utf8)) { throw MeshError(.notFound, "it has no \(name)") }
    if bytes.starts(with: Array("Proxy not connected".utf8)) {
      throw MeshError(.notFound, "the proxy is not connected to this replica")
    }
    return bytes
  }
}
