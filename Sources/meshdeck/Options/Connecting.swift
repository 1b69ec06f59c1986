import Foundation
import MeshKit

extension GlobalOptions {
  /// The planes the options and the configuration name; with neither, the current kubeconfig context.
  ///
  /// A credential plugin may ask where standard input is a terminal, as client-go has it.
  ///
  /// - Parameter isInputFree: Whether nothing else reads standard input: neither the dashboard nor what reads a file there.
  func connect(isInputFree: Bool = true) async throws -> Deck {
    let environment = ProcessInfo.processInfo.environment
    var configuration = try configured(environment)
    configuration.readOnly = configuration.readOnly || readOnly || replay != nil
    try choose(from: &configuration)
    if let namespace {
      for index in configuration.planes.indices { configuration.planes[index].namespace = namespace }
    }
    return try await Deck.connect(
      configuration, environment: environment, interactive: isInputFree && isatty(STDIN_FILENO) == 1,
      transport: try transport())
  }

  /// Leaves the planes that `--plane` names, all where it names none.
  func choose(from configuration: inout Configuration) throws(MeshError) {
    guard !planes.isEmpty else { return }
    let known = configuration.planes.map(\.name)
    for plane in planes where !known.contains(where: { NamePattern.isMatch(plane, $0) }) {
      throw MeshError(
        .notFound, "there is no plane \(plane)", remedy: "there are: \(known.joined(separator: ", "))")
    }
    configuration.planes.removeAll { setting in !planes.contains { NamePattern.isMatch($0, setting.name) } }
  }

  /// The configuration that the options name, or the default one.
  func configured(_ environment: [String: String]) throws -> Configuration {
    var configuration = Configuration()
    if let config {
      guard let read = try ConfigurationFile(path: config).read() else {
        throw MeshError(.usage, "there is no configuration file \(config)")
      }
      configuration = read
    } else if let read = try ConfigurationFile(environment: environment)?.read() {
      configuration = read
    }
    if !contexts.isEmpty {
      configuration.planes = []
      for typed in contexts {
        for setting in try PlaneSetting.contexts(matching: typed, environment: environment)
        where !configuration.planes.contains(where: { $0.name == setting.name }) {
          configuration.planes.append(setting)
        }
      }
    } else if configuration.planes.isEmpty {
      configuration.planes = [try PlaneSetting.current(environment: environment)]
    }
    return configuration
  }

  /// Reads every plane once, within the time that the options give.
  func load(_ deck: Deck, truths: Bool = true) async throws {
    let options = self
    try await Deadline.run(timeout) { try await options.read(deck, truths: truths) }
  }

  /// The route an operator means, with the deck it was read by.
  func route(_ typed: String) async throws -> (Deck, Route) {
    let deck = try await connect()
    try await load(deck)
    return (deck, try Lookup.route(typed, in: await deck.view, namespace: allNamespaces ? nil : namespace))
  }

  /// Reads every plane once. Where not all namespaces may be read, the one that is meant is, and it is said so.
  func read(_ deck: Deck, _ kinds: Set<ObjectKind>? = nil, truths: Bool = true) async throws(MeshError) {
    do throws(MeshError) { try await deck.load(kinds, truths: truths) } catch {
      guard error.code == .forbidden, let namespace = namespace(of: deck) else { throw error }
      try await deck.load(kinds, namespace: namespace, truths: truths)
      Console.note("only namespace \(namespace) was read: \(error.message)")
    }
  }

  /// The namespace to read: the one asked for, or `nil` for all.
  func namespace(of deck: Deck) -> String? {
    if allNamespaces { return nil }
    return namespace ?? deck.defaultNamespace
  }
}
