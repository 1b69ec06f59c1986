public import MeshModel

/// Where AWS is and which profile speaks: what the plane's settings, the environment and the shared files say together.
public struct AWSEnvironment: Sendable {
  /// The variables of the process.
  public let variables: [String: String]
  /// The shared files.
  public let files: AWSConfigFiles
  /// The profile in use.
  public let profile: String
  /// Whether the plane's own setting names the profile; then keys in the environment are not for it (as with `--profile`).
  public let isProfileExplicit: Bool

  /// The surroundings of a plane; `profile` is what the plane's setting names.
  public init(profile: String?, environment: [String: String], files: AWSConfigFiles) throws(MeshError) {
    variables = environment
    self.files = files
    isProfileExplicit = profile != nil
    let named = profile ?? environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"]
    self.profile = named ?? "default"
    if let named, files.profiles[named] == nil {
      throw MeshError(
        .usage, "the shared AWS files name no profile \(named)",
        remedy: "look at ~/.aws/config, or correct the plane's profile or AWS_PROFILE")
    }
  }

  /// The settings of the profile in use.
  var settings: [String: String] { files.profiles[profile] ?? [:] }

  /// The region: the plane's, the environment's, the profile's.
  public func region(_ setting: String?) throws(MeshError) -> String {
    let region = setting ?? variables["AWS_REGION"] ?? variables["AWS_DEFAULT_REGION"] ?? settings["region"]
    guard let region, !region.isEmpty else {
      throw MeshError(
        .usage, "no AWS region is known", remedy: "say region in the plane's settings, or set AWS_REGION")
    }
    guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
      throw MeshError(.usage, "\(region) is no AWS region")
    }
    return region
  }

  /// The address of a service: that of the environment or the shared files, or `nil` where neither says.
  ///
  /// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints": `AWS_ENDPOINT_URL_<SERVICE>`,
  /// `AWS_ENDPOINT_URL`, then the profile's `services` section, then its `endpoint_url`.
  public func endpoint(of service: String) -> String? {
    if variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() == "true" { return nil }
    let own = variables["AWS_ENDPOINT_URL_" + service.uppercased()] ?? variables["AWS_ENDPOINT_URL"]
    if let own, !own.isEmpty { return own }
    let section = settings["services"].flatMap { files.services[$0]?[service.lowercased()]?["endpoint_url"] }
    return section ?? settings["endpoint_url"]
  }

  /// The domain of a region's partition. Source: botocore `partitions.json`.
  static func domain(of region: String) -> String {
    region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
  }
}
