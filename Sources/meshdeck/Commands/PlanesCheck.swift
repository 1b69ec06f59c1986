import ArgumentParser
import Dashboard
import MeshKit

extension Planes {
  /// `meshdeck planes check`.
  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.check.rawValue,
      abstract: "Prove reachability, identity, permissions, versions, clock and telemetry; exit 1 where a check fails.",
      discussion: """
        EXAMPLES
          meshdeck planes check
          meshdeck planes check -p prod -o json
        """)
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      let console = options.console
      var failed = false
      var results: [JSONValue] = []
      var names: Set<String> = []
      for connection in deck.live.connections {
        for check in await checks(connection) {
          failed = failed || check.result == .failed
          switch options.output {
          case .json, .yaml:
            results.append([
              "plane": .string(connection.name), "name": .string(check.name), "result": .string(check.result.rawValue),
              "detail": .string(check.detail), "remedy": check.remedy.map(JSONValue.string) ?? .null,
            ])
          case .name:
            // One stands for what is told several times over, such as all that a plane cannot do.
            let name = "\(connection.name)/\(check.name)"
            if names.insert(name).inserted { try console.line(name) }
          case .table, .wide:
            let colour: Colour = check.result == .ok ? .good : check.result == .failed ? .bad : .warn
            let head = console.paint(check.result.rawValue, colour).rendered
            let rest = console.paint("  \(connection.name)  \(check.name): \(check.detail)", .plain).rendered
            try console.write(Array((head + rest + "\n").utf8))
            if let remedy = check.remedy { try console.line("    → \(remedy)") }
          }
        }
      }
      if options.output == .json || options.output == .yaml {
        let value: JSONValue = ["apiVersion": "meshdeck/v1", "kind": "CheckList", "items": .array(results)]
        try console.write(value, as: options.output)
      }
      if failed { throw Ending(code: 1) }
    }

    private func failure(_ name: String, _ error: any Error) -> PlaneCheck {
      let known = error as? MeshError
      return PlaneCheck(name: name, result: .failed, detail: known?.message ?? "\(error)", remedy: known?.remedy)
    }

    /// What a plane proves and what it can do; one that gives no answer hides none of the others.
    private func checks(_ connection: PlaneConnection) async -> [PlaneCheck] {
      var checks: [PlaneCheck]
      do {
        checks = try await Deadline.run(options.timeout) { await connection.control.check() }
      } catch {
        return [failure("reachable", error)]
      }
      do {
        checks.append(try await Deadline.run(options.timeout) { await connection.checkTelemetry() })
      } catch {
        checks.append(failure("telemetry", error))
      }
      let answers = await connection.plane.capabilities.answers
      let can = Capabilities.Ability.allCases.filter { answers[$0] == .yes }.map(\.rawValue)
      if !can.isEmpty {
        checks.append(PlaneCheck(name: "can", result: .ok, detail: can.joined(separator: ", ")))
      }
      for ability in Capabilities.Ability.allCases {
        guard case .no(let reason)? = answers[ability] else { continue }
        checks.append(PlaneCheck(name: "cannot", result: .skipped, detail: "\(ability.rawValue): \(reason)"))
      }
      return checks
    }
  }
}
