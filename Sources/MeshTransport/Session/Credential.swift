/// What proves who asks. It prints nothing of itself.
public struct Credential: Sendable, Hashable {
  /// A header field with a secret value.
  public struct Field: Sendable, Hashable {
    /// The field's name.
    public var name: String
    /// The field's value.
    public var value: Secret

    /// A field.
    public init(_ name: String, _ value: Secret) {
      self.name = name
      self.value = value
    }
  }

  /// Header fields to set.
  public var fields: [Field]
  /// A client certificate in place of the settings' one.
  public var identity: ClientIdentity?
  /// An AWS signature in place of the settings' one.
  public var awsSigning: AWSSigning?
  /// The authorities to trust in place of the settings' ones, where they are replaced as certificates are.
  public var authorities: [UInt8]?

  /// A credential of its parts.
  public init(fields: [Field] = [], identity: ClientIdentity? = nil, awsSigning: AWSSigning? = nil) {
    self.fields = fields
    self.identity = identity
    self.awsSigning = awsSigning
  }

  /// No proof.
  public static let none = Credential()

  /// A bearer token.
  public static func bearer(_ token: Secret) -> Credential {
    Credential(fields: [Field("Authorization", Secret("Bearer " + token.reveal))])
  }

  /// A user with a password.
  public static func basic(user: String, password: Secret) -> Credential {
    let pair = Array(user.utf8) + [0x3a] + password.revealBytes
    return Credential(fields: [Field("Authorization", Secret("Basic " + Base64.encode(pair)))])
  }
}

extension Credential: CustomStringConvertible {
  /// The names of what it sets.
  public var description: String {
    let parts =
      fields.map(\.name) + (identity == nil ? [] : ["client certificate"])
      + (awsSigning == nil ? [] : ["AWS signature"])
    return parts.isEmpty ? "no credential" : parts.joined(separator: ", ")
  }
}

/// Where credentials come from: a file, a plugin, a constant.
public protocol CredentialSource: Sendable {
  /// The credential to use now. `refresh` says that the server refused the last one.
  func credential(refresh: Bool) async throws(TransportError) -> Credential
}

/// A credential that never changes.
public struct FixedCredential: CredentialSource {
  private let value: Credential

  /// A source of this one credential.
  public init(_ value: Credential) { self.value = value }

  /// The same credential every time.
  public func credential(refresh: Bool) async throws(TransportError) -> Credential { value }
}
