public import MeshModel
public import MeshTransport

/// Who asks AWS: keys found in the order AWS's own tools look, kept until they end.
///
/// The order (botocore `credentials.py`): the environment, unless the plane names a profile; the profile's role, with the
/// keys of another profile, of a program, of the instance, or of a web identity; the profile's keys; its
/// `credential_process`; the container's endpoint; the instance's metadata. What was tried stands in the error where
/// nothing was found. Keys are held in memory only and stand in no error.
public actor AWSIdentity {
  /// What the sources ask through; a test passes its own.
  public struct Means: Sendable {
    /// Sends requests to STS and to metadata endpoints.
    public var transport: TransportMaker = { CurlTransport(settings: $0) }
    /// The time.
    public var clock: any TransportClock = SystemClock()

    /// The network and the clocks of this machine.
    public init() {}
  }

  let environment: AWSEnvironment
  let region: String
  let stsEndpoint: String
  let means: Means
  private var current: AWSKeys?
  private let finding = SharedWork<Result<AWSKeys, MeshError>>()

  /// An identity; nothing is asked yet. `stsEndpoint` is where roles are assumed; `nil` means the region's own.
  public init(_ environment: AWSEnvironment, region: String, stsEndpoint: String? = nil, means: Means = Means()) {
    self.environment = environment
    self.region = region
    self.stsEndpoint =
      stsEndpoint ?? environment.endpoint(of: "sts")
      ?? "https://sts.\(region).\(AWSEnvironment.domain(of: region))"
    self.means = means
  }

  /// The keys that hold now; `refresh` says that the server refused the last ones.
  public func keys(refresh: Bool = false) async throws(MeshError) -> AWSKeys {
    if !refresh, let current, isFresh(current) { return current }
    guard let result = await finding.value({ await self.find() }) else {
      throw MeshError(.cancelled, "look for credentials of AWS")
    }
    let keys = try result.get()
    current = keys
    return keys
  }

  /// Whether keys still hold for a minute.
  private func isFresh(_ keys: AWSKeys) -> Bool {
    guard let expires = keys.expires else { return true }
    return expires - 60 > Double(means.clock.wallSeconds())
  }

  private func find() async -> Result<AWSKeys, MeshError> {
    do throws(MeshError) { return .success(try await search()) } catch { return .failure(error) }
  }

  private func search() async throws(MeshError) -> AWSKeys {
    guard means.transport(ConnectionSettings()).needsCredentials else {
      return AWSKeys(accessKey: "replay", secretKey: Secret("replay"), source: "replay")
    }
    if !environment.isProfileExplicit, let keys = try environmentKeys() { return keys }
    if let keys = try await profileKeys(environment.profile, seen: []) { return keys }
    if !environment.isProfileExplicit, let keys = try await webIdentityKeys() { return keys }
    let metadata = AWSMetadata(variables: environment.variables, means: means)
    if let keys = try await metadata.container() { return keys }
    if let keys = try await metadata.instance() { return keys }
    throw MeshError(
      .unauthenticated,
      "no AWS keys were found: not in the environment, not in profile \(environment.profile), not from a container's or "
        + "an instance's metadata",
      remedy: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with the aws command")
  }

  /// The keys in the environment.
  func environmentKeys() throws(MeshError) -> AWSKeys? {
    let variables = environment.variables
    guard let access = variables["AWS_ACCESS_KEY_ID"], !access.isEmpty else { return nil }
    guard let secret = variables["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty else {
      throw MeshError(.unauthenticated, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not", remedy: "set both")
    }
    let token = variables["AWS_SESSION_TOKEN"] ?? variables["AWS_SECURITY_TOKEN"]
    return AWSKeys(
      accessKey: access, secretKey: Secret(secret), sessionToken: token.flatMap { $0.isEmpty ? nil : Secret($0) },
      source: "environment")
  }

  /// A role named by the environment alone, with the token of a pod or a workflow.
  private func webIdentityKeys() async throws(MeshError) -> AWSKeys? {
    let variables = environment.variables
    guard let file = variables["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = variables["AWS_ROLE_ARN"] else { return nil }
    return try await AWSRoles(identity: self).assume(
      AWSRoles.Role(
        arn: role, session: variables["AWS_ROLE_SESSION_NAME"], externalID: nil, seconds: nil, source: "web identity"),
      tokenFile: file)
  }
}
