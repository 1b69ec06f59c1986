import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// What is said of a write to a proxy's runtime whose end is not seen.
@Suite struct EnvoyWritingTests {
  static let outcomes: [(modified: Int, read: Int, code: MeshError.Code)] = [
    (400, 200, .refused), (503, 200, .unknownOutcome), (200, 503, .unknownOutcome),
    // Taken, and not shown.
    (200, 200, .unknownOutcome),
  ]

  @Test(arguments: outcomes)
  func aWriteWhoseEndIsNotSeenIsOfUnknownOutcome(_ modified: Int, _ read: Int, _ code: MeshError.Code) async throws {
    let isSent = Mutex(false)
    let ports = AdminPorts { origin, path in
      if path.hasPrefix("/runtime_modify") {
        isSent.withLock { $0 = true }
        return (modified, "")
      }
      if path.hasPrefix("/runtime") {
        return (isSent.withLock { $0 } ? read : 200, #"{"layers":["admin"],"entries":{}}"#)
      }
      if path.contains("bootstrap") {
        return (
          200, #"{"configs":[{"bootstrap":{"layered_runtime":{"layers":[{"name":"admin","admin_layer":{}}]}}}]}"#
        )
      }
      return FleetSizeTests.answer(origin, path)
    }
    var options = ports.options
    options.writes = .allowed
    let plane = try EnvoyPlane(
      name: "edge", places: ["http://10.0.0.1:9901"], options: options, now: { Instant(seconds: 1000) })
    let ref = ObjectRef(
      plane: "edge", namespace: "edge", kind: EnvoyEntities.Kind.runtime, name: "10.0.0.1:9901")
    let step = try #require(EnvoyPlane.step(try await plane.native(ref), setting: ["w.a": "30"]))
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == code, "\(error?.description ?? "")")
    #expect(isSent.withLock { $0 })
  }
}
