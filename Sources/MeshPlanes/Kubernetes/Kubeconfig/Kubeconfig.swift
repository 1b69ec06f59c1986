public import MeshModel
public import MeshTransport

/// What kubeconfig files say: clusters, users and the contexts that pair them, merged over all files.
///
/// Source of the rules: client-go `tools/clientcmd`. Of several files the first that names an entry, or sets the current
/// context, wins; relative paths are relative to the file they stand in.
public struct Kubeconfig: Sendable {
  /// A pair of cluster and user under a name.
  public struct Context: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The name of its cluster.
    public var cluster: String
    /// The name of its user; empty for none.
    public var user: String
    /// The namespace meant where none is said; empty where the file says nothing.
    public var namespace: String
  }

  /// A server and how to trust it.
  public struct Cluster: Sendable {
    /// Its name.
    public var name: String
    /// The URL of its API server.
    public var server: String
    /// The name its certificate must bear, where it is not the URL's host.
    public var tlsServerName: String?
    /// Whether its certificate goes unchecked.
    public var isInsecure: Bool
    /// The authorities to trust, PEM inline or in a file.
    public var authority: Material?
    /// The proxy to it.
    public var proxyURL: Secret?
    /// Whether answers are asked for uncompressed.
    public var disablesCompression: Bool
    /// What the file holds for the exec plugin of this cluster (`client.authentication.k8s.io/exec`).
    var execConfiguration: JSONValue?
  }

  /// Bytes that stand in the file itself or in another one.
  public enum Material: Sendable, Hashable {
    case inline(Secret)
    case file(String)

    /// Whether they stand in another file.
    var isFile: Bool { if case .file = self { true } else { false } }

    /// The bytes, read now.
    func load() throws(MeshError) -> [UInt8] {
      switch self {
      case .inline(let secret): return secret.revealBytes
      case .file(let path): return try LocalFile.read(path)
      }
    }
  }

  /// Who asks, and how that is proven.
  public struct User: Sendable {
    /// Its name.
    public var name: String
    /// The client certificate.
    public var certificate: Material?
    /// The key of the client certificate.
    public var key: Material?
    /// A bearer token; a token file goes before it.
    public var token: Secret?
    /// The file with the bearer token, read again as it changes.
    public var tokenFile: String?
    /// The name for basic authentication.
    public var username: String?
    /// The password for basic authentication.
    public var password: Secret?
    /// The program that gives credentials.
    public var exec: ExecPlugin?
    /// The name of an in-process provider that was removed from Kubernetes; such a user cannot be used.
    public var authProvider: String?
    /// Whom to act as.
    public var impersonation: Impersonation
  }

  /// Whom to act as (`as`, `as-uid`, `as-groups`, `as-user-extra`).
  public struct Impersonation: Sendable, Hashable {
    /// The user; empty for nobody else.
    public var user = ""
    /// The user's identifier; empty for none.
    public var uid = ""
    /// The user's groups.
    public var groups: [String] = []
    /// Further attributes in the order written.
    public var extra: [Extra] = []

    /// Nobody else.
    public init() {}

    /// A further attribute and its values.
    public struct Extra: Sendable, Hashable {
      /// The attribute's name.
      public var name: String
      /// Its values.
      public var values: [String]
    }
  }

  /// The contexts in the order of the files.
  public internal(set) var contexts: [Context] = []
  /// The context meant where none is said; empty where no file says.
  public internal(set) var currentContext = ""
  /// The clusters by name.
  public internal(set) var clusters: [String: Cluster] = [:]
  /// The users by name.
  public internal(set) var users: [String: User] = [:]
  /// Things to know about the files, such as one that everybody may read.
  public internal(set) var warnings: [String] = []
  /// The files that were read.
  public internal(set) var files: [String] = []

  /// A kubeconfig without anything.
  public init() {}

  /// Reads the files an operator means: `path` alone where given, else the list in `KUBECONFIG`, else `~/.kube/config`.
  ///
  /// Missing files of the list are passed over; with none left it fails with `.usage`. Every fault in a file names file,
  /// line and column.
  public static func load(path: String? = nil, environment: [String: String]) throws(MeshError) -> Kubeconfig {
    var config = Kubeconfig()
    if let path {
      try config.merge(file: path)
      return config
    }
    let list = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
    let home = environment["HOME"].map { ["\($0)/.kube/config"] } ?? []
    let candidates = list.isEmpty ? home : list
    for file in candidates where LocalFile.facts(file) != nil { try config.merge(file: file) }
    guard !config.files.isEmpty else {
      throw MeshError(
        .usage, "no kubeconfig found (looked for \(candidates.joined(separator: ", ")))",
        remedy: "set KUBECONFIG or give the path of a kubeconfig, or run `meshdeck demo`")
    }
    return config
  }

  /// A kubeconfig from bytes in memory, as if they stood in the file `path`.
  public init(parsing bytes: [UInt8], path: String) throws(MeshError) {
    try merge(bytes, file: path)
  }

  /// The context of a name, or the current one.
  public func context(_ name: String? = nil) throws(MeshError) -> Context {
    let wanted = name ?? currentContext
    guard !wanted.isEmpty else {
      throw MeshError(
        .usage, "the kubeconfig has no current context",
        remedy: contexts.isEmpty ? nil : "name one of: \(contexts.map(\.name).joined(separator: ", "))")
    }
    guard let context = contexts.first(where: { $0.name == wanted }) else {
      throw MeshError(
        .notFound, "the kubeconfig has no context \(wanted)",
        remedy: contexts.isEmpty ? nil : "name one of: \(contexts.map(\.name).joined(separator: ", "))")
    }
    return context
  }
}
