import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck analyze`.
struct Analyze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.analyze.rawValue,
    abstract: "Find configuration problems, live or in files; exit 1 where there are any.",
    discussion: """
      EXAMPLES
        meshdeck analyze -A
        meshdeck analyze -f manifests.yaml   offline: only what is in the files
        meshdeck analyze -A --threshold error -o json
      """)

  @Option(name: .shortAndLong, help: "Files to analyse offline, in place of the planes.", completion: .file())
  var file: [String] = []

  @Option(help: "The least severity that counts: info, warning, error.")
  var threshold: Threshold = .info

  /// A severity as typed.
  enum Threshold: String, ExpressibleByArgument, CaseIterable {
    case info, warning, error

    var severity: Finding.Severity { Finding.Severity(rawValue: rawValue) ?? .info }
  }

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let view: MeshView
    var namespace: String?
    if file.isEmpty {
      let deck = try await options.connect()
      try await Deadline.run(options.timeout) {
        try await options.read(deck)
        await deck.readDistribution()
      }
      namespace = options.namespace(of: deck)
      view = await deck.view
    } else {
      view = try OfflineMesh.view(
        of: try file.flatMap { try InputFile(path: $0).documents() }, rules: PlaneRegistry.rules)
    }
    let findings =
      (view.disagreements(plane: options.plane, namespace: namespace)
      + view.findings(plane: options.plane, namespace: namespace)).filter { $0.severity >= threshold.severity }
    let console = options.console
    switch options.output {
    case .json, .yaml:
      var writer = ListWriter(kind: "FindingList")
      for finding in findings { writer.append(finding) }
      try console.write(list: writer.finish(view.planes), as: options.output)
    case .name: for finding in findings { try console.line("\(finding.code) \(finding.object)") }
    case .table, .wide:
      for finding in findings {
        let colour: Colour = finding.severity == .error ? .bad : finding.severity == .warning ? .warn : .plain
        let head = console.paint(finding.severity.rawValue, colour).rendered
        let also = finding.equivalents.isEmpty ? "" : " [\(finding.equivalents.joined(separator: ", "))]"
        let rest = console.paint(
          " \(finding.code)\(also) \(finding.object)\(finding.pointer): \(finding.message)", .plain
        ).rendered
        try console.write(Array((head + rest + "\n").utf8))
        if !finding.remedy.isEmpty { try console.line("    → \(finding.remedy)") }
      }
      if findings.isEmpty { Console.note("no findings") }
    }
    if !findings.isEmpty { throw Ending(code: 1) }
  }
}
