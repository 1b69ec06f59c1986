import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

extension PlaneRegistry {
  /// A Consul, with whatever scrapes its sidecars as the source of measurements.
  static func consul(
    _ setting: PlaneSetting, _ options: Session.Options, environment: [String: String]
  ) throws(MeshError) -> PlaneConnection {
    let plane = try ConsulPlane(
      name: setting.name, settings: setting.consul, environment: environment, options: options)
    var connection = PlaneConnection(name: setting.name, control: plane)
    if let source = setting.telemetry {
      connection.telemetry = try telemetry(
        source, environment: environment, transport: options.transport, vocabulary: .consul)
    }
    return connection
  }
}
