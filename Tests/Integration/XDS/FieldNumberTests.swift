import Foundation
import MeshModel
import Testing

/// The messages written down here against those that the makers of Envoy publish.
@Suite("Numbers of fields", .timeLimit(.minutes(20))) struct FieldNumberTests {
  @Test("every message, field and enumeration has the number and the type that xds-protos has")
  func numbersAreTheirs() async throws {
    guard let commands = try await PythonLaboratory.commands(ADSServer.packages) else { return }
    let run = try await Program(
      command: [
        commands + "/python", "\(Program.root)/Tests/Laboratory/field-numbers",
        "\(Program.root)/Sources/MeshMessages/Generated/Definitions.swift",
      ], environment: ProcessInfo.processInfo.environment
    ).run(in: Program.temporaryFolder(), limit: .seconds(600))
    #expect(run.code == 0, "\(run.errors)")
    #expect(try run.json["wrong"]?.array == [], "\(run.output)")
    #expect((try run.json["compared"]?.int ?? 0) > 1000, "\(run.output)")
  }
}
