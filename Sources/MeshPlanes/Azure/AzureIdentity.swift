public import MeshModel
public import MeshTransport

/// Who asks Azure: a token found in the order Microsoft's own libraries look, kept until it ends.
///
/// The order (azure-identity `DefaultAzureCredential`): a client secret in the environment, or a client certificate that
/// signs a statement; a workload identity, whose token in a file is exchanged; the managed identity of the machine; the
/// Azure command line. What was tried stands in the error where nothing was found. Tokens are held in memory only and stand
/// in no error.
public actor AzureIdentity {
  /// The kinds of credential, by the names azure-identity gives them.
  enum Kind: String, Sendable, CaseIterable {
    case environment = "EnvironmentCredential"
    case workload = "WorkloadIdentityCredential"
    case managed = "ManagedIdentityCredential"
    case commandLine = "AzureCliCredential"
  }

  let environment: AzureEnvironment
  private let subscription: String?
  private let options: Session.Options
  private var current: AzureToken?
  private let finding = SharedWork<Result<AzureToken, MeshError>>()

  /// An identity; nothing is asked yet.
  ///
  /// - Parameters:
  ///   - subscription: The subscription whose account of the command line is meant.
  ///   - options: The transport and the clock; the rest is not used.
  public init(_ environment: AzureEnvironment, subscription: String?, options: Session.Options = Session.Options()) {
    self.environment = environment
    self.subscription = subscription
    self.options = options
  }

  /// The token that holds now; `refresh` says that the server refused the last one.
  public func token(refresh: Bool = false) async throws(MeshError) -> AzureToken {
    if !refresh, let current, isFresh(current) { return current }
    guard let result = await finding.value({ await self.find() }) else {
      throw MeshError(.cancelled, "look for credentials of Azure")
    }
    let token = try result.get()
    current = token
    return token
  }

  /// Whether a token still holds for five minutes, as azure-identity keeps them.
  private func isFresh(_ token: AzureToken) -> Bool { token.expires - 300 > Double(options.clock.wallSeconds()) }

  private func find() async -> Result<AzureToken, MeshError> {
    do throws(MeshError) { return .success(try await search()) } catch { return .failure(error) }
  }

  private func search() async throws(MeshError) -> AzureToken {
    guard options.transport(ConnectionSettings()).needsCredentials else {
      return AzureToken(value: Secret("replay"), expires: .infinity, source: "replay")
    }
    let authority = AzureAuthority(environment: environment, options: options)
    if environment.tries(.environment) {
      if let token = try await authority.clientSecret() { return token }
      if let token = try await authority.clientCertificate() { return token }
    }
    if environment.tries(.workload), let token = try await authority.federated() { return token }
    if environment.tries(.managed),
      let token = try await AzureManagedIdentity(environment: environment, options: options).token()
    {
      return token
    }
    if environment.tries(.commandLine),
      let token = try await AzureCommandLine(
        environment: environment, subscription: subscription, now: options.clock.wallSeconds()
      ).token()
    {
      return token
    }
    let tried = Kind.allCases.filter { environment.tries($0) }.map(\.words).joined(separator: ", ")
    throw MeshError(
      .unauthenticated, "no Azure credentials were found; tried: \(tried.isEmpty ? "nothing" : tried)",
      remedy: "run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")
  }
}

extension AzureIdentity.Kind {
  /// The kind as an operator knows it.
  fileprivate var words: String {
    switch self {
    case .environment: "a client secret or certificate in the environment"
    case .workload: "a workload identity"
    case .managed: "the managed identity of this machine"
    case .commandLine: "the az command"
    }
  }
}

/// Puts an identity's token on the requests of a session.
public struct AzureBearer: CredentialSource {
  let identity: AzureIdentity

  /// A bearer of an identity.
  public init(_ identity: AzureIdentity) { self.identity = identity }

  /// The token that holds now.
  public func credential(refresh: Bool) async throws(TransportError) -> Credential {
    do { return .bearer(try await identity.token(refresh: refresh).value) } catch {
      throw TransportError(.credentials, error.message, remedy: error.remedy)
    }
  }
}
