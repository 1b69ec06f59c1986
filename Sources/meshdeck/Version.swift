import ArgumentParser
import MeshKit

/// The version of the program.
enum Version {
  static let text = "0.1.0"
}

/// `meshdeck version`.
struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.",
    discussion: """
      EXAMPLES
        meshdeck version -o json
      """)

  @Option(name: .shortAndLong, help: "The form of output.")
  var output: OutputFormat = .table

  func run() async throws {
    let console = Console(noColor: true)
    switch output {
    case .json, .yaml:
      let value: JSONValue = ["apiVersion": "meshdeck/v1", "kind": "Version", "version": .string(Version.text)]
      try console.write(value, as: output)
    case .name: try console.line(Version.text)
    case .table, .wide: try console.line("meshdeck \(Version.text)")
    }
  }
}
