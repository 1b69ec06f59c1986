import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

/// Reading of istiod and proxies at configured addresses: the token goes to istiod's address alone.
///
/// Like every credential it is sent over https, or in plain http to this machine, and nowhere else.
struct DirectAccess: Sendable {
  /// istiod with its credentials; `nil` where no token is configured for it.
  private let istiod: Session?
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
    do throws(TransportError) { istiod = try Session(base: address, options: options) } catch {
      throw MeshError(.usage, "the address of istiod makes no sense: \(error.message)", plane: setting.name)
    }
  }

  /// The answer to a GET.
  func get(_ url: String) async throws(MeshError) -> [UInt8] {
    if let discovery, url.hasPrefix(discovery.address + "/") {
      return try await discovery.istiod.get(String(url.dropFirst(discovery.address.count)))
    }
    let request = HTTPRequest(.get, url, limits: .dump)
    let response: HTTPResponse
    do throws(TransportError) {
      if let istiod, url.hasPrefix(istiod.origin + istiod.basePath + "/") {
        response = try await istiod.send(request)
      } else {
        response = try await others.send(request)
      }
    } catch {
      let isIdentity = error.code == .unauthorized || error.code == .credentials
      throw MeshError(
        isIdentity ? .unauthenticated : .unreachable, error.message, remedy: error.remedy, underlying: error)
    }
    switch response.status {
    case 200: return response.body
    case 401: throw MeshError(.unauthenticated, "it answers 401")
    case 403: throw MeshError(.forbidden, "it answers 403")
    case 404: throw MeshError(.notFound, "it answers 404")
    default: throw MeshError(.unreachable, "it answers \(response.status)")
    }
  }
}
