import MeshModel
public import MeshTransport

/// A token that requests to Google's APIs bear, and where it came from.
public struct GoogleToken: Sendable, Hashable {
  /// The token.
  public var value: Secret
  /// When it ends, in seconds since 1970; `nil` where its giver does not tell.
  public var expires: Double?
  /// Where it came from, in words an operator can check: `service account key in /etc/key.json`, `metadata server`.
  public var source: String
  /// The e-mail address of whoever it stands for, as far as its source tells.
  public var account: String?
  /// The project that its source says is charged for quota.
  public var quotaProject: String?

  /// A token of its parts.
  public init(
    value: Secret, expires: Double?, source: String, account: String? = nil, quotaProject: String? = nil
  ) {
    self.value = value
    self.expires = expires
    self.source = source
    self.account = account
    self.quotaProject = quotaProject
  }
}

/// Puts the token of an identity into the requests of one session, and the project charged for quota where one is known.
public struct GoogleBearer: CredentialSource {
  let identity: GoogleIdentity

  /// A source over an identity.
  public init(_ identity: GoogleIdentity) { self.identity = identity }

  /// The token that holds now.
  public func credential(refresh: Bool) async throws(TransportError) -> Credential {
    do throws(MeshError) {
      guard let token = try await identity.token(refresh: refresh) else { return .none }
      var credential = Credential.bearer(token.value)
      if let project = identity.quotaProject(of: token) {
        credential.fields.append(Credential.Field("x-goog-user-project", Secret(project)))
      }
      return credential
    } catch {
      throw TransportError(.credentials, error.message, remedy: error.remedy)
    }
  }
}
