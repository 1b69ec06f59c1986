public import Foundation
public import MeshTransport

extension Deck {
  /// Connects the configured planes: those of a configuration, of the configuration file, or the current kubeconfig
  /// context where there is neither. Nothing is asked of a plane yet.
  ///
  /// - Parameters:
  ///   - configuration: The planes and settings; `nil` reads the configuration file.
  ///   - environment: The variables of the process.
  ///   - interactive: Whether a credential plugin may use the terminal.
  ///   - transport: What sends the requests: the network unless given, such as a recording.
  public static func connect(
    _ configuration: Configuration? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
    interactive: Bool = false, transport: @escaping TransportMaker = { CurlTransport(settings: $0) }
  ) async throws(MeshError) -> Deck {
    var settled: Configuration
    if let configuration {
      settled = configuration
    } else {
      settled = try ConfigurationFile(environment: environment)?.read() ?? Configuration()
    }
    if settled.planes.isEmpty { settled.planes = [try PlaneSetting.current(environment: environment)] }
    var connections: [PlaneConnection] = []
    for plane in settled.planes {
      connections.append(
        try PlaneRegistry.connect(
          plane, configuration: settled, environment: environment, interactive: interactive, transport: transport))
    }
    return Deck(
      connections, journal: (try? journal(environment: environment)) ?? Journal(directory: .nowhere),
      configuration: settled,
      author: environment["SUDO_USER"] ?? NSUserName())
  }

  /// The journal of this user.
  public static func journal(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(MeshError) -> Journal {
    Journal(directory: try StateDirectory(environment: environment))
  }

  /// The namespace of the one kubeconfig context in use, where it names one; `nil` means all.
  public var defaultNamespace: String? {
    guard configuration.planes.count == 1, let plane = configuration.planes.first else { return nil }
    return plane.namespace
  }
}

extension PlaneSetting {
  /// The current kubeconfig context as a plane; fails where there is no kubeconfig and no pod's account either.
  public static func current(environment: [String: String]) throws(MeshError) -> PlaneSetting {
    try context(nil, environment: environment)
  }

  /// A kubeconfig context as a plane, with the namespace it names; `nil` is the current one.
  public static func context(_ name: String?, environment: [String: String]) throws(MeshError) -> PlaneSetting {
    do throws(MeshError) {
      let config = try Kubeconfig.load(environment: environment)
      let context = try config.context(name)
      var setting = PlaneSetting(name: planeName(context.name), kind: .kubernetes, context: context.name)
      setting.namespace = context.namespace.isEmpty ? nil : context.namespace
      return setting
    } catch {
      if name != nil { throw error }
      if environment["KUBERNETES_SERVICE_HOST"] != nil { return PlaneSetting(name: "in-cluster", kind: .kubernetes) }
      throw MeshError(
        .usage, "no plane is configured, and there is no kubeconfig context to use: \(error.message)",
        remedy: "set KUBECONFIG, say `meshdeck planes add`, or try `meshdeck demo`", underlying: error)
    }
  }

  /// The kubeconfig contexts that a name or a pattern (`prod-*`) means, as planes, in the order of the file.
  public static func contexts(
    matching typed: String, kubeconfig path: String? = nil, environment: [String: String]
  ) throws(MeshError) -> [PlaneSetting] {
    let config = try Kubeconfig.load(path: path, environment: environment)
    let names = config.contexts.map(\.name)
    let chosen = names.contains(typed) ? [typed] : names.filter { NamePattern.isMatch(typed, $0) }
    guard !chosen.isEmpty else {
      let known = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
      throw MeshError(
        .usage, "no context is named \(typed)",
        remedy: names.isEmpty ? "the kubeconfig has none" : "there are: \(known)")
    }
    var settings: [PlaneSetting] = []
    for name in chosen {
      let context = try config.context(name)
      var setting = PlaneSetting(
        name: planeName(context.name), kind: .kubernetes, kubeconfig: path, context: context.name)
      setting.namespace = context.namespace.isEmpty ? nil : context.namespace
      settings.append(setting)
    }
    return settings
  }

  /// A context's name as a plane's: without the slashes that separate the parts of an identifier.
  static func planeName(_ context: String) -> String { String(context.map { $0 == "/" ? ":" : $0 }) }
}
