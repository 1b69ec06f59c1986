import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

/// Reading of istiod and proxies at configured addresses: the token goes to istiod's address alone.
///
/// Like every credential it is sent over https, or in plain http to this machine, and nowhere else.
struct DirectAccess: Sendable {
  /// istiod with its credentials, and its address as configured; `nil` where no token is configured for it.
  private let istiod: (address: String, session: Session)?
  /// istiod by discovery, with the beginning of the addresses that are asked so; `nil` where it is asked by HTTP.
  private let discovery: (address: String, istiod: IstiodDiscovery)?

  /// Whatever else is asked, without credentials.
  private let others: any HTTPTransport

  init(
    istiod setting: PlaneSetting, connection: KubernetesConnection, environment: [String: String],
    transport: @escaping TransportMaker
  ) throws(MeshError) {
    var options = Session.Options(transport: transport)
    others = transport(ConnectionSettings())
    if let xds = setting.istiodDiscovery {
      let asking = try PlaneRegistry.asking(xds, options, plane: setting.name, environment: environment)
      discovery = (xds.settings.url, try IstiodDiscovery(xds.settings, options: asking, plane: setting.name))
    } else {
      discovery = nil
    }
    guard let address = setting.istiod, let token = setting.istiodToken else {
      istiod = nil
      return
    }
    switch token {
    case .file(let path): options.credentials = TokenSource(place: .file(Path.expanded(path, environment)))
    case .variable(let name): options.credentials = TokenSource(place: .variable(name))
    case .kubeconfig:
      guard let credentials = connection.credentials else {
        throw MeshError(
          .usage, "the kubeconfig's user has no token to send to istiod", plane: setting.name,
          remedy: "say bearerTokenFile in place of kubeconfigToken")
      }
      options.credentials = credentials
    }
    do throws(TransportError) {
      istiod = (address: address, session: try Session(base: address, options: options))
    } catch {
      throw MeshError(.usage, "the address of istiod makes no sense: \(error.message)", plane: setting.name)
    }
  }

  /// The answer to a GET, handed on piece by piece.
  func get(_ url: String, _ receive: ([UInt8]) -> Void) async throws(MeshError) {
    if let discovery, url.hasPrefix(discovery.address + "/") {
      return receive(try await discovery.istiod.get(String(url.dropFirst(discovery.address.count))))
    }
    let request = HTTPRequest(.get, url, limits: .dump)
    let stream: HTTPStream
    do throws(TransportError) {
      // By the address as it was written: a session's own leaves out what goes without saying, such as port 443.
      if let istiod, url.hasPrefix(istiod.address + "/") {
        stream = try await istiod.session.stream(request)
      } else {
        stream = try await others.stream(request)
      }
    } catch {
      throw Self.failure(error)
    }
    guard stream.status == 200 else {
      stream.cancel()
      throw Self.refusal(stream.status)
    }
    do throws(TransportError) {
      var pieces = stream.makeAsyncIterator()
      while let piece = try await pieces.next() { receive(piece) }
    } catch {
      throw Self.failure(error)
    }
  }

  private static func failure(_ error: TransportError) -> MeshError {
    let isIdentity = error.code == .unauthorized || error.code == .credentials
    return MeshError(
      isIdentity ? .unauthenticated : .unreachable, error.message, remedy: error.remedy, underlying: error)
  }

  private static func refusal(_ status: Int) -> MeshError {
    switch status {
    case 401: MeshError(.unauthenticated, "it answers 401")
    case 403: MeshError(.forbidden, "it answers 403")
    case 404: MeshError(.notFound, "it answers 404")
    default: MeshError(.unreachable, "it answers \(status)")
    }
  }
}
