import ArgumentParser
import Dashboard
import Foundation
import MeshKit

/// `meshdeck planes`.
struct Planes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.planes.rawValue, abstract: "List, add, remove and check the configured planes.",
    discussion: """
      EXAMPLES
        meshdeck planes
        meshdeck planes check
      """,
    subcommands: [List.self, Add.self, Remove.self, Check.self], defaultSubcommand: List.self)

  /// `meshdeck planes list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.list.rawValue, abstract: "List the planes in use.",
      discussion: """
        EXAMPLES
          meshdeck planes list -o json
        """)
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let configuration = try options.configured(ProcessInfo.processInfo.environment)
      let console = options.console
      switch options.output {
      case .json, .yaml:
        let value: JSONValue = [
          "apiVersion": "meshdeck/v1", "kind": "PlaneList", "items": .array(configuration.planes.map(\.json)),
        ]
        try console.write(
          options.output == .json ? JSONWriter.bytes(value, indent: 2) + [0x0A] : Array(YAMLText.text(value).utf8))
      case .name: for plane in configuration.planes { try console.line(plane.name) }
      case .table, .wide:
        var table = TextTable(console, ["NAME", "KIND", "CONTEXT", "TELEMETRY", "WRITES"])
        for plane in configuration.planes {
          table.row([
            plane.name, plane.kind.rawValue, plane.context ?? "current",
            plane.telemetry.map { "\($0.kind.rawValue) \($0.urls.joined(separator: ","))" } ?? "none",
            configuration.readOnly || plane.readOnly || options.readOnly ? "refused" : "allowed",
          ])
        }
        try table.write()
      }
    }
  }

  /// `meshdeck planes add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a Kubernetes plane to the configuration file.",
      discussion: """
        EXAMPLES
          meshdeck planes add prod --from-context prod --prometheus https://prometheus.example/ --bearer-token-file ~/.prom-token
          meshdeck planes add lab --kubeconfig ./lab.kubeconfig --scrape http://127.0.0.1:15020/stats/prometheus
        """)

    @Argument(help: "The name of the plane.")
    var name: String
    @Option(name: .customLong("from-context"), help: "The kubeconfig context; the current one unless given.")
    var fromContext: String?
    @Option(help: "The kubeconfig file.", completion: .file())
    var kubeconfig: String?
    @Option(help: "The address of a Prometheus.")
    var prometheus: String?
    @Option(help: "The file that holds the bearer token for Prometheus.", completion: .file())
    var bearerTokenFile: String?
    @Option(help: "The address of exposition text, one or more, where there is no Prometheus.")
    var scrape: [String] = []
    @Option(help: "The address of istiod's debug interface; found through the API server unless given.")
    var istiod: String?
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let file = try Planes.file(options)
      var configuration = try file.read() ?? Configuration()
      guard !configuration.planes.contains(where: { $0.name == name }), !name.isEmpty, !name.contains("/") else {
        throw MeshError(.usage, "there is a plane \(name) already, or the name is empty or holds a '/'")
      }
      var telemetry: TelemetrySetting?
      if let prometheus {
        telemetry = TelemetrySetting(kind: .prometheus, urls: [prometheus], bearerTokenFile: bearerTokenFile)
      } else if !scrape.isEmpty {
        telemetry = TelemetrySetting(kind: .scrape, urls: scrape, bearerTokenFile: bearerTokenFile)
      }
      configuration.planes.append(
        PlaneSetting(
          name: name, kind: .kubernetes, kubeconfig: kubeconfig, context: fromContext, telemetry: telemetry,
          istiod: istiod))
      try file.write(configuration)
      Console.note("added \(name) to \(file.path); prove it with: meshdeck planes check")
    }
  }

  /// `meshdeck planes remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a plane from the configuration file.",
      discussion: """
        EXAMPLES
          meshdeck planes remove lab
        """)
    @Argument(help: "The name of the plane.")
    var name: String
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let file = try Planes.file(options)
      guard var configuration = try file.read(), configuration.planes.contains(where: { $0.name == name }) else {
        throw MeshError(.notFound, "\(file.path) names no plane \(name)")
      }
      configuration.planes.removeAll { $0.name == name }
      try file.write(configuration)
      Console.note("removed \(name) from \(file.path)")
    }
  }

  /// `meshdeck planes check`.
  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: CommandWord.check.rawValue,
      abstract: "Prove reachability, identity, permissions, versions and clock; exit 1 where a check fails.",
      discussion: """
        EXAMPLES
          meshdeck planes check
          meshdeck planes check -p prod -o json
        """)
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let deck = try await options.connect()
      var failed = false
      var results: [JSONValue] = []
      for connection in deck.live.connections {
        for check in try await Deadline.run(options.timeout, { await connection.control.check() }) {
          failed = failed || check.result == .failed
          if options.output == .json || options.output == .yaml {
            results.append([
              "plane": .string(connection.name), "name": .string(check.name), "result": .string(check.result.rawValue),
              "detail": .string(check.detail), "remedy": check.remedy.map(JSONValue.string) ?? .null,
            ])
          } else {
            let colour: Colour = check.result == .ok ? .good : check.result == .failed ? .bad : .warn
            let head = options.console.paint(check.result.rawValue, colour).rendered
            let rest = options.console.paint("  \(connection.name)  \(check.name): \(check.detail)", .plain).rendered
            try options.console.write(Array((head + rest + "\n").utf8))
            if let remedy = check.remedy { try options.console.line("    → \(remedy)") }
          }
        }
      }
      if options.output == .json || options.output == .yaml {
        let value: JSONValue = ["apiVersion": "meshdeck/v1", "kind": "CheckList", "items": .array(results)]
        try options.console.write(
          options.output == .json ? JSONWriter.bytes(value, indent: 2) + [0x0A] : Array(YAMLText.text(value).utf8))
      }
      if failed { throw Ending(code: 1) }
    }
  }

  static func file(_ options: GlobalOptions) throws -> ConfigurationFile {
    if let path = options.config { return ConfigurationFile(path: path) }
    guard let file = ConfigurationFile(environment: ProcessInfo.processInfo.environment) else {
      throw MeshError(.local, "there is nowhere to keep the configuration: neither XDG_CONFIG_HOME nor HOME is set")
    }
    return file
  }
}

extension PlaneSetting {
  /// The plane as the contract has it: what the configuration file says of it.
  var json: JSONValue {
    var value: JSONValue = ["name": .string(name), "kind": .string(kind.rawValue)]
    if let kubeconfig { value["kubeconfig"] = .string(kubeconfig) }
    if let context { value["context"] = .string(context) }
    if let istiod { value["istiod"] = ["url": .string(istiod)] }
    if let telemetry {
      value["telemetry"] = .object(
        JSONObject([.init(name: telemetry.kind.rawValue, value: ["urls": .array(telemetry.urls.map(JSONValue.string))])]
        ))
    }
    if readOnly { value["readOnly"] = true }
    return value
  }
}
