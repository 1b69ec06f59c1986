import MeshModel
public import MeshTransport

/// The keys that requests to AWS are signed with, and where they came from.
public struct AWSKeys: Sendable, Hashable {
  /// The access key's identifier.
  public var accessKey: String
  /// The access key.
  public var secretKey: Secret
  /// The token of temporary keys.
  public var sessionToken: Secret?
  /// When they end, in seconds since 1970; `nil` for keys that do not.
  public var expires: Double?
  /// Where they came from, in words an operator can check: `environment`, `profile dev`, `role … through profile dev`.
  public var source: String

  /// Keys of their parts.
  public init(
    accessKey: String, secretKey: Secret, sessionToken: Secret? = nil, expires: Double? = nil, source: String
  ) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.expires = expires
    self.source = source
  }

  /// The signature of a service in a region with these keys.
  public func signing(region: String, service: String) -> AWSSigning {
    AWSSigning(
      accessKey: accessKey, secretKey: secretKey, sessionToken: sessionToken, region: region, service: service)
  }
}

/// Signs the requests of one session for one service with the keys of an identity.
public struct AWSSigner: CredentialSource {
  let identity: AWSIdentity
  let region: String
  let service: String

  /// A signer; `service` is the signing name, such as `appmesh`, `sts` or `monitoring`.
  public init(_ identity: AWSIdentity, region: String, service: String) {
    self.identity = identity
    self.region = region
    self.service = service
  }

  /// The signature with the keys that hold now.
  public func credential(refresh: Bool) async throws(TransportError) -> Credential {
    do {
      return Credential(awsSigning: try await identity.keys(refresh: refresh).signing(region: region, service: service))
    } catch {
      throw TransportError(.credentials, error.message, remedy: error.remedy)
    }
  }
}
