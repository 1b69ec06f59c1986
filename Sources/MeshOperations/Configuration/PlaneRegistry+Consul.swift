import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

extension PlaneRegistry {
  /// A Consul, with whatever scrapes its sidecars as the source of measurements.
  static func consul(
    _ setting: PlaneSetting, configuration: Configuration, environment: [String: String]
  ) throws(MeshError) -> PlaneConnection {
    var options = Session.Options()
    if configuration.refusesWrites(to: setting.name) { options.writes = .refused(reason: "read-only") }
    let plane = try ConsulPlane(
      name: setting.name, settings: setting.consul, environment: environment, options: options)
    var connection = PlaneConnection(name: setting.name, control: plane)
    if let source = setting.telemetry {
      connection.telemetry = try telemetry(source, environment: environment, vocabulary: .consul)
    }
    return connection
  }
}
