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
      var configuration = try options.configured(ProcessInfo.processInfo.environment)
      try options.choose(from: &configuration)
      let console = options.console
      switch options.output {
      case .json, .yaml:
        let value: JSONValue = [
          "apiVersion": "meshdeck/v1", "kind": "PlaneList", "items": .array(configuration.planes.map(\.json)),
        ]
        try console.write(value, as: options.output)
      case .name: for plane in configuration.planes { try console.line(plane.name) }
      case .table, .wide:
        var table = TextTable(console, ["NAME", "KIND", "CONTEXT", "TELEMETRY", "WRITES"])
        for plane in configuration.planes {
          table.row([
            plane.name, plane.kind.rawValue,
            plane.place ?? (plane.kind == .kubernetes ? "current" : "–"),
            plane.telemetry.map { "\($0.kind.rawValue) \($0.urls.joined(separator: ","))" }
              ?? (plane.envoy.isEmpty || plane.kind == .kubernetes ? "none" : "own counters"),
            configuration.readOnly || plane.readOnly || options.readOnly ? "refused" : "allowed",
          ])
        }
        try table.write()
        for plane in configuration.planes {
          if let notice = plane.kind.notice { Console.note("\(plane.name): \(notice)") }
        }
      }
    }
  }

  /// `meshdeck planes add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add",
      abstract:
        "Add a plane to the configuration file: a Kubernetes cluster, Envoy proxies, an xDS server, a Consul, a cloud's mesh.",
      discussion: """
        EXAMPLES
          meshdeck planes add prod --from-context prod \\
            --prometheus https://prometheus.example/ \\
            --bearer-token-file ~/.prom-token
          meshdeck planes add store --kind app-mesh --region eu-west-1 \\
            --endpoint http://127.0.0.1:5000
          meshdeck planes add gcp --kind traffic-director --project shop-prod
          meshdeck planes add vms --kind consul \\
            --url https://consul.example:8501 --token-file ~/.consul-token
          meshdeck planes add lab --kubeconfig ./lab.kubeconfig \\
            --scrape http://127.0.0.1:15020/stats/prometheus
          meshdeck planes add edge --kind envoy --admin http://127.0.0.1:9901 \\
            --admin dns://envoys.internal:9901
          meshdeck planes add fleet --kind envoy --admin file:///etc/envoys.txt
          meshdeck planes add gateways --kind envoy --from-context prod \\
            --admin pods://edge/app=envoy:9901
          meshdeck planes add mesh --kind xds --url http://127.0.0.1:18000 \\
            --node-id edge-1 --node-cluster edge
          meshdeck planes add apps --kind service-fabric --subscription SUBSCRIPTION \\
            --resource-group shop
          meshdeck planes add fabric --kind service-fabric \\
            --url https://cluster.example:19080 \\
            --cert-file ~/fabric.pem --key-file ~/fabric.key
          meshdeck planes add --all-contexts
          meshdeck planes add --contexts 'prod-*'
        """)

    @Argument(help: "The name of the plane; of planes made of several contexts, the contexts' own.")
    var name: String?
    @Flag(help: "Add every context of the kubeconfig that no plane has yet.")
    var allContexts = false
    @Option(help: "Add the contexts that match patterns, such as 'prod-*,lab'; with commas, or several times.")
    var contexts: [String] = []
    @Option(help: "What it speaks: \(Plane.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind = "kubernetes"
    @Option(
      help:
        """
        The administration of proxies of kind envoy or mosn, one or more: http://host:port, dns://name:port, file:///path, or \
        pods://namespace/label=value:port.
        """
    )
    var admin: [String] = []
    @OptionGroup(title: "Options for kinds xds, consul and service-fabric") var server: ServerOptions
    @OptionGroup(title: "Options for kind xds") var xds: XDSOptions
    @Option(help: "The region of a cloud's plane; the environment's or the profile's unless given.")
    var region: String?
    @Option(help: "The address of a cloud's API where it is not the cloud's own.")
    var endpoint: String?
    @Option(help: "The profile of the cloud's shared configuration.")
    var profile: String?
    @Option(help: "The project of a plane of kind traffic-director; the environment's unless given.")
    var project: String?
    @Option(help: "The location of its meshes and routes; global unless given.")
    var location: String?
    @Option(
      help: "The file of the cloud's credentials; found as the cloud's own tools do unless given.", completion: .file())
    var credentialsFile: String?
    @OptionGroup(title: "Options for Azure") var azure: AzureOptions
    @OptionGroup(title: "Options for Consul") var consul: ConsulOptions
    @Option(name: .customLong("from-context"), help: "The kubeconfig context; the current one unless given.")
    var fromContext: String?
    @Option(help: "The kubeconfig file.", completion: .file())
    var kubeconfig: String?
    @Option(help: "The address of a Prometheus.")
    var prometheus: String?
    @Option(help: "The file that holds the bearer token for Prometheus, or for what is scraped.", completion: .file())
    var bearerTokenFile: String?
    @Option(help: "The address of exposition text, one or more, where there is no Prometheus.")
    var scrape: [String] = []
    @Option(help: "The address of istiod's debug interface; found through the API server unless given.")
    var istiod: String?
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      guard options.contexts.isEmpty else {
        throw MeshError(
          .usage, "--context chooses the planes of one run; a plane that is added is told its own",
          remedy: "--from-context \(options.contexts[0]), or --contexts PATTERN for several")
      }
      let file = try Planes.file(options)
      if allContexts || !contexts.isEmpty { return try addContexts(to: file) }
      guard let name else {
        throw MeshError(
          .usage, "a plane needs a name", remedy: "meshdeck planes add NAME …, or --all-contexts, or --contexts PATTERN"
        )
      }
      guard let kind = Plane.Kind(typed: kind) else {
        throw MeshError(
          .usage, "planes of kind \(kind) cannot be added",
          remedy: "kinds are \(Plane.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      let isFleet = kind == .envoy || kind == .mosn
      guard isFleet == !admin.isEmpty || kind == .xds else {
        throw MeshError(
          .usage,
          isFleet ? "a plane of kind \(kind.rawValue) needs --admin" : "--admin is for planes of kind envoy and mosn",
          remedy:
            "meshdeck planes add \(name) --kind \(isFleet ? kind.rawValue : "envoy") --admin http://127.0.0.1:9901")
      }
      var plane = PlaneSetting(
        name: name, kind: kind, kubeconfig: kubeconfig, context: fromContext, telemetry: try telemetry(),
        istiod: istiod, envoy: admin.map { EnvoySetting(url: $0, workload: "") }, region: region, endpoint: endpoint,
        profile: profile, project: project, location: location, credentialsFile: credentialsFile,
        azure: try azure.settings(of: kind, at: server))
      plane.xds = try xds.setting(for: kind, name: name, at: server)
      plane.consul = try consul.settings(for: kind, at: server, tokenFile: xds.tokenFile)
      let added = plane
      try file.update { (configuration: inout Configuration) throws(MeshError) in
        guard !configuration.planes.contains(where: { $0.name == added.name }), !added.name.isEmpty,
          !added.name.contains("/")
        else { throw MeshError(.usage, "there is a plane \(added.name) already, or the name is empty or holds a '/'") }
        configuration.planes.append(added)
      }
      Console.note("added \(name) to \(file.path); prove it with: meshdeck planes check")
    }

    /// The source of measurements that the options name.
    func telemetry() throws(MeshError) -> TelemetrySetting? {
      guard prometheus == nil || scrape.isEmpty else {
        throw MeshError(
          .usage, "a plane has one source of measurements, and --prometheus and --scrape name two",
          remedy: "leave one of them out")
      }
      if let prometheus {
        return TelemetrySetting(kind: .prometheus, urls: [prometheus], bearerTokenFile: bearerTokenFile)
      }
      guard scrape.isEmpty else {
        return TelemetrySetting(kind: .scrape, urls: scrape, bearerTokenFile: bearerTokenFile)
      }
      guard bearerTokenFile == nil else {
        throw MeshError(
          .usage, "--bearer-token-file is for --prometheus or --scrape, and neither is given",
          remedy: "the token of an xDS server or a Consul is --token-file")
      }
      return nil
    }

    /// Adds contexts as planes; those that a plane has already are passed over.
    private func addContexts(to file: ConfigurationFile) throws {
      let ofOne = [
        name, fromContext, prometheus, bearerTokenFile, istiod, region, endpoint, profile, project, location,
        credentialsFile, server.url,
      ]
      _ = try xds.setting(for: .kubernetes, name: "", at: server)
      _ = try consul.settings(for: .kubernetes, at: server, tokenFile: nil)
      guard ofOne.allSatisfy({ $0 == nil }), scrape.isEmpty, admin.isEmpty, Plane.Kind(typed: kind) == .kubernetes,
        try azure.settings(of: .kubernetes, at: server) == nil
      else {
        throw MeshError(
          .usage, "several contexts take no name and no addresses of one plane",
          remedy: "add one with --from-context to name it or its telemetry")
      }
      let environment = ProcessInfo.processInfo.environment
      var found: [PlaneSetting] = []
      for pattern in allContexts ? ["*"] : contexts.flatMap({ $0.split(separator: ",").map(String.init) }) {
        for setting in try PlaneSetting.contexts(matching: pattern, kubeconfig: kubeconfig, environment: environment)
        where !found.contains(where: { $0.context == setting.context }) {
          found.append(setting)
        }
      }
      let wanted = found
      let added = try file.update { (configuration: inout Configuration) throws(MeshError) -> [PlaneName] in
        var added: [PlaneName] = []
        for setting in wanted
        where !configuration.planes.contains(where: {
          $0.kind == .kubernetes && $0.context == setting.context && $0.kubeconfig == setting.kubeconfig
        }) {
          guard !configuration.planes.contains(where: { $0.name == setting.name }) else {
            throw MeshError(
              .usage, "there is a plane \(setting.name) already, of another context",
              remedy: "add this one by a name: meshdeck planes add NAME --from-context \(setting.context ?? "")")
          }
          configuration.planes.append(setting)
          added.append(setting.name)
        }
        return added
      }
      for name in added { try options.console.line(name) }
      Console.note(
        added.isEmpty
          ? "every context is a plane already"
          : "added \(added.count) to \(file.path); prove them with: meshdeck planes check")
    }
  }

  /// `meshdeck planes remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Remove a plane from the configuration file.",
      discussion: """
        EXAMPLES
          meshdeck planes remove lab
        """)
    @Argument(help: "The name of the plane.")
    var name: String
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let file = try Planes.file(options)
      let name = name
      // Looked at first, so that a folder that is not there is not made for nothing.
      guard try file.read() != nil else { throw MeshError(.notFound, "\(file.path) names no plane \(name)") }
      try file.update { (configuration: inout Configuration) throws(MeshError) in
        guard configuration.planes.contains(where: { $0.name == name }) else {
          throw MeshError(.notFound, "\(file.path) names no plane \(name)")
        }
        configuration.planes.removeAll { $0.name == name }
      }
      Console.note("removed \(name) from \(file.path)")
    }
  }

  static func file(_ options: GlobalOptions) throws -> ConfigurationFile {
    guard options.planes.isEmpty, options.namespace == nil else {
      throw MeshError(.usage, "a plane of the file is told by its name alone", remedy: "leave out -p and -n")
    }
    if let path = options.config { return ConfigurationFile(path: path) }
    guard let file = ConfigurationFile(environment: ProcessInfo.processInfo.environment) else {
      throw MeshError(.local, "there is nowhere to keep the configuration: neither XDG_CONFIG_HOME nor HOME is set")
    }
    return file
  }
}

extension PlaneSetting {
  /// Where it is, as far as the configuration says: the first of what it may be known by.
  fileprivate var place: String? {
    [context, endpoint, region, project, xds?.settings.url, consul["url"], azure?["url"], azure?["resourceGroup"]]
      .compactMap { $0 }
      .first
  }
}
