import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck analyze`.
struct Analyze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.analyze.rawValue,
    abstract: "Find configuration problems, live or in files; exit 1 where there are any, 6 where that cannot be told.",
    discussion: """
      EXAMPLES
        meshdeck analyze -A
        meshdeck analyze -f manifests.yaml   offline: only what is in the files
        meshdeck analyze -f deploy/*.yaml    also a folder: its YAML and JSON files
        meshdeck analyze -A --threshold error -o json
        meshdeck analyze -A --all            also those ignored, with the reason
      """)

  @Option(
    name: .shortAndLong, parsing: .upToNextOption,
    help: "Files, or folders of them, to analyse offline, in place of the planes.", completion: .file())
  var file: [String] = []

  @Option(help: "The least severity that counts: info, warning, error.")
  var threshold: Threshold = .info

  @Flag(help: "List the ignored findings too; they never count for the exit code.")
  var all = false

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
      guard options.planes.isEmpty, options.contexts.isEmpty, options.namespace == nil else {
        throw MeshError(
          .usage, "files are analysed whole, and on no plane", remedy: "leave out -p, -n and --context, or --file")
      }
      view = try OfflineMesh.view(
        of: try file.flatMap { try InputFile(path: $0).documents() }, rules: PlaneRegistry.rules)
    }
    let found =
      (view.disagreements(plane: options.plane, namespace: namespace)
      + view.findings(plane: options.plane, namespace: namespace)).filter { $0.severity >= threshold.severity }
    let ignored = Self.ignored()
    let counted = ignored.leavingOut(of: found)
    let findings = all ? found : counted
    let console = options.console
    switch options.output {
    case .json, .yaml:
      var writer = ListWriter(kind: "FindingList")
      for finding in findings { writer.append(ListedFinding(finding, ignored: ignored[finding])) }
      try console.write(list: writer.finish(view.planes, ignored: found.count - counted.count), as: options.output)
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
        if let mark = ignored[finding] {
          try console.line("    ignored by \(mark.author) since \(mark.at.rfc3339): \(mark.reason)")
        }
      }
      if findings.isEmpty {
        let isPartial = view.planes.contains { $0.state == .down }
        Console.note(isPartial ? "no findings on the planes that answered" : "no findings")
      }
    }
    if !all, found.count > counted.count { Console.note("\(found.count - counted.count) ignored (--all lists them)") }
    if options.output != .json, options.output != .yaml { Console.note(failuresOf: view.planes) }
    if !counted.isEmpty { throw Ending(code: 1) }
    // That nothing was found is not known of a plane that could not be read.
    if view.planes.contains(where: { $0.state == .down }) { throw Ending(code: MeshError.Code.unreachable.exitCode) }
  }

  /// What this user ignores; where that cannot be read, nothing is left out.
  private static func ignored() -> IgnoredFindings {
    do throws(MeshError) { return try IgnoreFile(directory: Deck.journal().directory).read() } catch {
      Console.note("nothing is left out: \(error.description)")
      return IgnoredFindings()
    }
  }
}
