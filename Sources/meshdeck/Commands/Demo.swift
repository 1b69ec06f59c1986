import ArgumentParser
import Foundation
import MeshEmulator
import MeshKit

/// `meshdeck demo`.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "The dashboard on the embedded mesh, or the embedded mesh alone.",
    discussion: """
      The embedded mesh is a Kubernetes API server, istiod, Envoys and metrics
      on loopback over a simulated mesh; kubectl works against it too. The
      hybrid scenario has other platforms beside it, each behind its own API.

      EXAMPLES
        meshdeck demo
        meshdeck demo --scenario small
        meshdeck demo --scenario hybrid
        meshdeck demo --scenario clusters --lose west=30s
        meshdeck demo --serve -o json  print where it is served; serve until stopped
        meshdeck demo --serve --tls    the same, the Kubernetes API over https
      """)

  @Option(help: "The scenario: \(Scenario.builtInNames.joined(separator: ", ")), or a YAML file.")
  var scenario: String = "shop"

  @Flag(help: "Serve only; print a kubeconfig and addresses.")
  var serve = false

  @Flag(help: "Serve the Kubernetes API over https, to clients with credentials.")
  var tls = false

  @Option(help: "What the mesh's noise follows from.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Stop serving a cluster of the scenario after this long, to see what is left.", valueName: "cluster=duration"))
  var lose: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try check()
    let loss = try lose.map(Self.loss)
    let mesh = try embedded()
    let endpoints = try await mesh.start()
    let losing = try losing(loss, mesh, endpoints)
    defer { losing?.cancel() }
    let folder = try Self.folder()
    let outcome: Result<Void, any Error>
    do {
      try await use(mesh, endpoints, folder)
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    try? FileManager.default.removeItem(atPath: folder)
    try outcome.get()
  }

  /// Refuses what is not heeded by an embedded mesh, which is whole and has planes of its own.
  private func check() throws(MeshError) {
    guard options.planes.isEmpty, options.contexts.isEmpty, options.config == nil, options.namespace == nil,
      options.record == nil, options.replay == nil
    else {
      throw MeshError(
        .usage, "the embedded mesh is shown whole, on planes of its own, and not recorded",
        remedy:
          "leave out -p, -n, --context, --config, --record and --replay; commands take them on what --serve prints")
    }
    if !serve { try DashboardCommand.check(options) }
  }

  private static func loss(_ text: String) throws -> (cluster: String, after: Interval) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let after = Interval(argument: parts[1]) else {
      throw MeshError(.usage, "--lose \(text) is not CLUSTER=DURATION", remedy: "write for example --lose west=30s")
    }
    return (parts[0], after)
  }

  private func embedded() throws -> EmbeddedMesh {
    let loaded: Scenario
    do { loaded = try Self.load(scenario) } catch {
      throw MeshError(
        .usage, "the scenario \(scenario) cannot be read: \(error)",
        remedy: "there are \(Scenario.builtInNames.joined(separator: ", "))")
    }
    return try EmbeddedMesh(scenario: loaded, seed: seed, isSecured: tls)
  }

  private func use(_ mesh: EmbeddedMesh, _ endpoints: EmbeddedMesh.Endpoints, _ folder: String) async throws {
    let kubeconfig = folder + "/kubeconfig"
    try Self.write(endpoints.kubeconfig, to: kubeconfig)
    let isAlone = endpoints.clusters.count == 1
    let clusters = endpoints.clusters.map { cluster in
      PlaneSetting(
        name: isAlone ? "demo" : cluster.context, kind: .kubernetes, kubeconfig: kubeconfig,
        context: isAlone ? nil : cluster.context,
        telemetry: TelemetrySetting(kind: .scrape, urls: [cluster.metrics]))
    }
    // Each platform's plane is configured by the very text that is printed for it.
    let others = try endpoints.planes.map { embedded in
      try ConfigurationFile.parse(
        JSONWriter.text(["planes": [embedded.setting]]), path: "the embedded mesh's \(embedded.name)"
      ).planes
    }.flatMap(\.self)
    if serve { return try await announce(endpoints, clusters + others, kubeconfig) }
    let variables = endpoints.planes.reduce(into: ProcessInfo.processInfo.environment) {
      $0.merge($1.environment) { _, new in new }
    }
    try await show(clusters + others, environment: variables)
    await mesh.stop()
  }

  // Swift 6.3.1 crashes splitting one coroutine of all this in a release build: these are functions of their own.

  /// The task that stops serving a cluster in time.
  @inline(never)
  private func losing(
    _ loss: (cluster: String, after: Interval)?, _ mesh: EmbeddedMesh, _ endpoints: EmbeddedMesh.Endpoints
  ) throws -> Task<Void, any Error>? {
    guard let (cluster, after) = loss else { return nil }
    guard endpoints.clusters.dropFirst().contains(where: { $0.context == cluster }) else {
      throw MeshError(.usage, "the scenario has no further cluster \(cluster)", remedy: "try --scenario clusters")
    }
    return Task {
      try await Task.sleep(for: .seconds(after.seconds))
      _ = await mesh.lose(cluster: cluster)
    }
  }

  /// Opens the dashboard on the embedded mesh.
  @inline(never)
  private func show(_ planes: [PlaneSetting], environment: [String: String]) async throws {
    var configuration = Configuration(planes: planes, readOnly: options.readOnly)
    do throws(MeshError) {
      if let configured = try ConfigurationFile(environment: ProcessInfo.processInfo.environment)?.read() {
        configuration.theme = configured.theme
        configuration.keys = configured.keys
      }
    } catch { Console.note("theme and keys are the usual ones: \(error.description)") }
    try await DashboardCommand.open(try await Deck.connect(configuration, environment: environment), options: options)
  }

  @inline(never)
  private func announce(
    _ endpoints: EmbeddedMesh.Endpoints, _ planes: [PlaneSetting], _ kubeconfig: String
  ) async throws {
    try tell(endpoints, planes, kubeconfig)
    await StopSignal.wait()
  }

  /// Writes where all is served.
  private func tell(_ endpoints: EmbeddedMesh.Endpoints, _ planes: [PlaneSetting], _ kubeconfig: String) throws {
    let console = options.console
    switch options.output {
    case .json, .yaml:
      let value: JSONValue = [
        "kubeconfig": .string(kubeconfig), "kubernetes": .string(endpoints.kubernetes),
        "metrics": .string(endpoints.metrics),
        "istiod": .string(endpoints.istiod), "planes": .array(planes.map(\.json)),
        "environment": .object(
          JSONObject(endpoints.planes.flatMap(\.variables).map { .init(name: $0.key, value: .string($0.value)) })),
      ]
      guard options.output == .json else { return try console.write(value, as: options.output) }
      // In one line: whoever started the server knows by its end that all is said.
      try console.write(JSONWriter.bytes(value) + [0x0A])
    case .name: for plane in planes { try console.line(plane.name) }
    case .table, .wide:
      try console.line("export KUBECONFIG=\(kubeconfig)")
      try console.line("metrics: \(endpoints.metrics)")
      try console.line("istiod:  \(endpoints.istiod)")
      for plane in endpoints.planes {
        for variable in plane.variables { try console.line("export \(variable.key)=\(variable.value)") }
        try console.line("\(plane.name): \(JSONWriter.text(plane.setting))")
      }
      Console.note("serving until stopped (Ctrl-C)")
    }
  }

  private static func load(_ name: String) throws -> Scenario {
    if !name.contains("/"), !name.hasSuffix(".yaml") { return try Scenario.builtIn(name) }
    let text = try String(contentsOfFile: name, encoding: .utf8)
    return try Scenario(yaml: text, file: name)
  }

  /// A folder of this run alone, mode 0700.
  private static func folder() throws -> String {
    var template = Array((FileManager.default.temporaryDirectory.path + "/meshdeck-demo-XXXXXX").utf8CString)
    guard let path = mkdtemp(&template).map({ String(cString: $0) }) else {
      throw MeshError(.local, "cannot make a folder for the kubeconfig: \(String(cString: strerror(errno)))")
    }
    return path
  }

  private static func write(_ text: String, to path: String) throws {
    guard
      FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else {
      throw MeshError(.local, "cannot write \(path)")
    }
  }
}

/// The signals that end a server in order.
enum StopSignal {
  /// Returns when SIGTERM, SIGINT or SIGHUP arrives.
  static func wait() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let sources = [SIGTERM, SIGINT, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
    for await _ in stream { break }
    for source in sources { source.cancel() }
  }
}
