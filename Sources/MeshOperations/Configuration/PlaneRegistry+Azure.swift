import Foundation
import MeshModel
public import MeshPlanes
import MeshTransport

extension PlaneRegistry {
  /// What is wrong with the place of a Service Fabric; `nil` where it names one.
  public static func fault(in settings: AzureSettings) -> String? {
    let isCluster = settings["url"] != nil
    let names = ["subscription", "resourceGroup"].filter { settings[$0] != nil }
    if isCluster ? !names.isEmpty : names.count < 2 {
      return "a plane of kind service-fabric needs subscription and resourceGroup, or the url of a cluster"
    }
    if (settings["clientCertificate"] == nil) != (settings["clientKey"] == nil) {
      return "clientCertificate and clientKey go together"
    }
    if !isCluster, settings["clientCertificate"] != nil { return "clientCertificate is for the url of a cluster" }
    if settings["url"]?.split(separator: "/").dropFirst().first?.contains("@") == true {
      return "the url holds a user or password"
    }
    return nil
  }

  static func serviceFabric(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String]
  ) throws(MeshError) -> PlaneConnection {
    let azure = setting.azure ?? AzureSettings()
    if let fault = fault(in: azure) { throw MeshError(.usage, fault, plane: setting.name) }
    let place: ServiceFabricPlane.Settings.Place =
      if let url = azure["url"] {
        .cluster(url: url)
      } else {
        .group(
          subscription: azure["subscription"] ?? "", name: azure["resourceGroup"] ?? "", endpoint: setting.endpoint)
      }
    let plane = try ServiceFabricPlane(
      name: setting.name,
      settings: ServiceFabricPlane.Settings(place: place, connection: try connection(azure, setting, environment)),
      environment: environment, options: options)
    var connection = PlaneConnection(name: setting.name, control: plane)
    if let source = setting.telemetry {
      connection.telemetry = try telemetry(source, environment: environment, transport: options.transport)
    }
    return connection
  }

  /// How a cluster is reached: whom to trust, and what to prove oneself by.
  private static func connection(
    _ azure: AzureSettings, _ setting: PlaneSetting, _ environment: [String: String]
  ) throws(MeshError) -> ConnectionSettings {
    func bytes(_ field: String) throws(MeshError) -> [UInt8]? {
      guard let path = azure[field] else { return nil }
      guard let data = FileManager.default.contents(atPath: Path.expanded(path, environment)), data.count <= 1 << 20
      else {
        throw MeshError(
          .usage, "\(field) \(path) cannot be read", plane: setting.name, remedy: "check its path and permissions")
      }
      return Array(data)
    }
    var connection = ConnectionSettings()
    connection.tls.authorities = try bytes("caFile")
    if let certificate = try bytes("clientCertificate"), let key = try bytes("clientKey") {
      connection.tls.identity = ClientIdentity(certificate: certificate, key: Secret(bytes: key))
    }
    return connection
  }
}
