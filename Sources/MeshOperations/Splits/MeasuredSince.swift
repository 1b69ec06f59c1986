import MeshModel
import MeshPlanes
import MeshTelemetry

extension MeshView {
  /// Whether all requests measured on a route's plane came since its proxies took the weights they run or, where they do not
  /// tell when, since its rules are known as they are: earlier requests say nothing of them. `nil` where neither is known.
  func isMeasured(since programmed: ProgrammedWeight?, of route: ObjectRef) -> Bool? {
    guard let report = traffic[route.plane]?.value, report.window >= 0 else { return false }
    guard let since = programmed?.since ?? routesSince[route] else { return nil }
    return Instant(seconds: report.at.seconds - report.window) >= since
  }
}
