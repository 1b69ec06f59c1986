import MeshModel
import MeshTransport

extension AWSIdentity {
  /// The keys a profile leads to; `nil` where it says nothing of keys.
  ///
  /// - Parameter seen: The profiles on the way here, so that a circle is told and not walked.
  func profileKeys(_ name: String, seen: [String]) async throws(MeshError) -> AWSKeys? {
    guard let profile = environment.files.profiles[name] else {
      guard seen.isEmpty else {
        throw MeshError(.usage, "the shared AWS files name no profile \(name)", remedy: "correct source_profile")
      }
      return nil
    }
    // A profile that names itself as its source means its own keys.
    if profile["role_arn"] != nil, seen.last != name { return try await roleKeys(name, profile, seen: seen) }
    if let access = profile["aws_access_key_id"] {
      guard let secret = profile["aws_secret_access_key"] else {
        throw MeshError(
          .unauthenticated, "profile \(name) has aws_access_key_id and no aws_secret_access_key",
          remedy: "correct the shared AWS files")
      }
      return AWSKeys(
        accessKey: access, secretKey: Secret(secret), sessionToken: profile["aws_session_token"].map { Secret($0) },
        source: "profile \(name)")
    }
    if let command = profile["credential_process"] {
      return try await AWSCredentialProcess(
        command: command, profile: name, variables: environment.variables
      ).keys()
    }
    if profile["sso_session"] != nil || profile["sso_start_url"] != nil {
      throw MeshError(
        .unauthenticated, "profile \(name) logs in by SSO, which is left to the aws command",
        remedy: "put `credential_process = aws configure export-credentials --profile \(name)` into another profile")
    }
    return nil
  }

  private func roleKeys(_ name: String, _ profile: [String: String], seen: [String]) async throws(MeshError) -> AWSKeys
  {
    guard !seen.contains(name) else {
      throw MeshError(
        .usage, "the AWS profiles \((seen + [name]).joined(separator: " → ")) lead in a circle",
        remedy: "correct source_profile")
    }
    guard let arn = profile["role_arn"] else { throw MeshError(.usage, "profile \(name) names no role") }
    if let device = profile["mfa_serial"] {
      throw MeshError(
        .unauthenticated, "profile \(name) wants a code of \(device), which is not asked for here",
        remedy: "log in with the aws command and hand on the keys by credential_process or the environment")
    }
    var role = AWSRoles.Role(
      arn: arn, session: profile["role_session_name"], externalID: profile["external_id"],
      seconds: profile["duration_seconds"].flatMap(Int.init), source: "profile \(name)")
    if let file = profile["web_identity_token_file"] {
      return try await AWSRoles(identity: self).assume(role, tokenFile: file)
    }
    let keys: AWSKeys?
    if let source = profile["source_profile"] {
      keys = try await profileKeys(source, seen: seen + [name])
      role.source = "profile \(name) from profile \(source)"
    } else {
      let metadata = AWSMetadata(variables: environment.variables, means: means)
      switch profile["credential_source"] {
      case "Environment": keys = try environmentKeys()
      case "EcsContainer": keys = try await metadata.container()
      case "Ec2InstanceMetadata": keys = try await metadata.instance()
      default:
        throw MeshError(
          .usage, "profile \(name) names a role and neither source_profile nor credential_source",
          remedy: "say whose keys may assume it")
      }
    }
    guard let keys else {
      throw MeshError(
        .unauthenticated, "there are no keys with which profile \(name) could assume its role",
        remedy: "look at source_profile or credential_source in the shared AWS files")
    }
    return try await AWSRoles(identity: self).assume(role, with: keys)
  }
}
