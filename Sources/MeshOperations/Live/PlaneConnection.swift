public import MeshModel
public import MeshPlanes
public import MeshTelemetry

/// A plane with its source of measurements.
public struct PlaneConnection: Sendable {
  /// The control plane.
  public var control: any ControlPlane
  /// The plane's name.
  public var name: PlaneName
  /// The source of measurements; `nil` where there is none.
  public var telemetry: (any TelemetrySource)?
  /// Why there is no source of measurements.
  public var telemetryGap: String

  /// Creates a connection.
  public init(
    name: PlaneName, control: any ControlPlane, telemetry: (any TelemetrySource)? = nil,
    telemetryGap: String = "no telemetry source"
  ) {
    self.name = name
    self.control = control
    self.telemetry = telemetry
    self.telemetryGap = telemetryGap
  }

  /// The plane with what it can do; what it does not measure itself is told by the source it was given.
  public var plane: Plane {
    get async {
      var plane = await control.plane
      if telemetry != nil { plane.capabilities.answers[.observed] = .yes }
      return plane
    }
  }
}
