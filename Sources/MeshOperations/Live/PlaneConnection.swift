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

  /// Creates a connection.
  public init(name: PlaneName, control: any ControlPlane, telemetry: (any TelemetrySource)? = nil) {
    self.name = name
    self.control = control
    self.telemetry = telemetry
  }

  /// Whether its measurements can be read, and are those of a mesh.
  public func checkTelemetry() async -> PlaneCheck {
    guard let telemetry else { return PlaneCheck(name: "telemetry", result: .skipped, detail: "no telemetry source") }
    do throws(MeshError) {
      let version = try await telemetry.check()
      let report = try await telemetry.traffic(window: 60, plane: name)
      // What counts between two questions can say nothing after one.
      let gap = telemetry.warmUp == nil ? report.gaps.first : nil
      let words = [
        telemetry.description, version.map { "version \($0)" }, "\(report.edges.count) flows", gap,
      ]
      return PlaneCheck(
        name: "telemetry", result: gap == nil ? .ok : .warning,
        detail: words.compactMap(\.self).joined(separator: ", "))
    } catch {
      return PlaneCheck(
        // What nobody asked for fails no check.
        name: "telemetry", result: error.code == .notFound || !telemetry.isNamed ? .warning : .failed,
        detail: error.message, remedy: error.remedy)
    }
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
