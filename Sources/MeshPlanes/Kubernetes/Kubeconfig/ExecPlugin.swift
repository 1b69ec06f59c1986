public import MeshTransport

/// A program that gives credentials, as a kubeconfig names it (client-go `plugin/pkg/client/auth/exec`).
public struct ExecPlugin: Sendable, Hashable {
  /// The versions of the exchange that are spoken.
  public enum APIVersion: String, Sendable, Hashable, CaseIterable {
    case v1 = "client.authentication.k8s.io/v1"
    case v1beta1 = "client.authentication.k8s.io/v1beta1"
  }

  /// Whether the program may ask the operator something.
  public enum InteractiveMode: String, Sendable, Hashable, CaseIterable {
    case never = "Never"
    case ifAvailable = "IfAvailable"
    case always = "Always"
  }

  /// A variable of the program's environment.
  public struct Variable: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its value, which may be a credential.
    public var value: Secret
  }

  /// The program: a name looked up in `PATH`, or a path.
  public var command: String
  /// Its arguments.
  public var arguments: [String]
  /// What is added to its environment.
  public var environment: [Variable]
  /// The version of the exchange.
  public var apiVersion: APIVersion
  /// Whether it may ask the operator something.
  public var interactiveMode: InteractiveMode
  /// How to install it, shown where it is missing.
  public var installHint: String?
  /// Whether it is told about the cluster.
  public var providesClusterInfo: Bool
}

/// Which exec plugins may run.
///
/// The default everywhere is ``allowAll``, as in client-go: an operator's own kubeconfig is trusted as the shell's start-up
/// files are. A caller that opens kubeconfigs of others gives a narrower policy.
public enum ExecPolicy: Sendable, Hashable {
  /// Any program a kubeconfig names.
  case allowAll
  /// No program.
  case deny
  /// These programs alone: absolute paths, or names without a slash that match the last part of the path.
  case allow([String])

  /// Whether a program at an absolute path may run.
  func permits(_ path: String) -> Bool {
    switch self {
    case .allowAll: true
    case .deny: false
    case .allow(let entries):
      entries.contains { $0.contains("/") ? $0 == path : path.hasSuffix("/\($0)") }
    }
  }
}
