import Foundation
import MeshModel
import MeshPlanes
import MeshTransport

extension PlaneRegistry {
  /// A control plane of Envoy's discovery protocol, with the proxies it configures where their places are named.
  static func xds(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String], interactive: Bool
  ) throws(MeshError) -> PlaneConnection {
    guard let xds = setting.xds else {
      throw MeshError(.usage, "a plane of kind xds needs an address", plane: setting.name, remedy: "xds: {url: …}")
    }
    let asking = try Self.asking(xds, options, plane: setting.name, environment: environment)
    let proxies =
      setting.envoy.isEmpty ? nil : try envoy(setting, options, environment: environment, interactive: interactive)
    let plane = try XDSPlane(
      name: setting.name, settings: xds.settings, options: asking, proxies: proxies?.control as? EnvoyPlane,
      now: { .now })
    var connection = PlaneConnection(name: setting.name, control: plane, telemetry: proxies?.telemetry)
    if let configured = setting.telemetry {
      connection.telemetry = try telemetry(configured, environment: environment, transport: options.transport)
    }
    return connection
  }

  /// The credentials and the TLS with which a server is asked by discovery.
  static func asking(
    _ xds: XDSSetting, _ options: Session.Options, plane: PlaneName, environment: [String: String]
  ) throws(MeshError) -> Session.Options {
    var options = options
    options.settings.tls = try tls(xds, environment: environment)
    if let path = xds.bearerTokenFile {
      options.credentials = TokenFile(Path.expanded(path, environment))
    } else if let name = xds.bearerTokenEnv {
      guard let token = environment[name], !token.isEmpty else {
        throw MeshError(.unauthenticated, "the bearer token is to be in \(name), which is not set", plane: plane)
      }
      options.credentials = FixedCredential(.bearer(Secret(token)))
    }
    return options
  }

  private static func tls(_ xds: XDSSetting, environment: [String: String]) throws(MeshError) -> TLSSettings {
    func bytes(_ path: String?, _ what: String) throws(MeshError) -> [UInt8]? {
      guard let path else { return nil }
      guard let data = FileManager.default.contents(atPath: Path.expanded(path, environment)) else {
        throw MeshError(.usage, "\(what) \(path) cannot be read", remedy: "check its path and permissions")
      }
      return Array(data)
    }
    var tls = TLSSettings(serverName: xds.serverName)
    tls.authorities = try bytes(xds.caFile, "the certificate authorities")
    if let certificate = try bytes(xds.certFile, "the client certificate"),
      let key = try bytes(xds.keyFile, "the client key")
    {
      tls.identity = ClientIdentity(certificate: certificate, key: Secret(bytes: key))
    }
    return tls
  }
}
