import MeshModel
import MeshTransport

/// What the environment says of Azure: which cloud, and who is to speak.
public struct AzureEnvironment: Sendable {
  /// The variables of the process.
  public let variables: [String: String]
  /// The address of Azure Resource Manager, without a slash at its end.
  public let endpoint: String

  /// The surroundings of a plane; `endpoint` is what its settings name, `nil` means Azure's own.
  public init(endpoint: String?, environment: [String: String]) {
    variables = environment
    var address = endpoint ?? Self.publicCloud
    while address.hasSuffix("/") { address.removeLast() }
    self.endpoint = address
  }

  static let publicCloud = "https://management.azure.com"

  /// The clouds that tokens are issued for, with who issues them. Source: Azure CLI `az cloud list`.
  private static let authorities = [
    publicCloud: "https://login.microsoftonline.com",
    "https://management.usgovcloudapi.net": "https://login.microsoftonline.us",
    "https://management.chinacloudapi.cn": "https://login.partner.microsoftonline.cn",
  ]

  /// What tokens are asked for: the cloud's own manager, also where an emulator or a gateway stands in its place.
  var audience: String { Self.authorities[endpoint] == nil ? Self.publicCloud : endpoint }

  /// Who issues tokens: `AZURE_AUTHORITY_HOST`, else the authority of the cloud.
  ///
  /// Fails for plain http to another machine, since secrets travel there in the body.
  func authority() throws(MeshError) -> String {
    var address = self["AZURE_AUTHORITY_HOST"] ?? Self.authorities[audience] ?? ""
    if !address.contains("://") { address = "https://" + address }
    while address.hasSuffix("/") { address.removeLast() }
    guard let target = try? TargetURL(parsing: address), target.scheme == "https" || target.isLoopback else {
      throw MeshError(
        .usage, "AZURE_AUTHORITY_HOST is no address to which a secret may be sent",
        remedy: "it is a host or an https address, such as \(Self.authorities[Self.publicCloud] ?? "")")
    }
    return address
  }

  /// A variable that is set and not empty.
  subscript(name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// Whether a kind of credential is to be tried, as `AZURE_TOKEN_CREDENTIALS` narrows it. Source: azure-identity
  /// `DefaultAzureCredential`: `dev`, `prod`, or the name of one credential.
  func tries(_ kind: AzureIdentity.Kind) -> Bool {
    switch self["AZURE_TOKEN_CREDENTIALS"]?.lowercased() {
    case nil: true
    case "dev": kind == .commandLine
    case "prod": kind != .commandLine
    case let name?: name == kind.rawValue.lowercased()
    }
  }
}
