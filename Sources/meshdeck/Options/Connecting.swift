import Foundation
import MeshKit

extension GlobalOptions {
  /// The planes the options and the configuration name; with neither, the current kubeconfig context.
  func connect() async throws -> Deck {
    let environment = ProcessInfo.processInfo.environment
    var configuration = try configured(environment)
    configuration.readOnly = configuration.readOnly || readOnly
    if let plane {
      configuration.planes = configuration.planes.filter { $0.name == plane }
      if configuration.planes.isEmpty {
        throw MeshError(.notFound, "there is no plane \(plane)", remedy: "see `meshdeck planes list`")
      }
    }
    return try await Deck.connect(configuration, environment: environment)
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
    if let context {
      configuration.planes = [try PlaneSetting.context(context, environment: environment)]
    } else if configuration.planes.isEmpty {
      configuration.planes = [try PlaneSetting.current(environment: environment)]
    }
    return configuration
  }

  /// The namespace to read: the one asked for, or `nil` for all.
  func namespace(of deck: Deck) -> String? {
    if allNamespaces { return nil }
    return namespace ?? deck.defaultNamespace
  }
}
