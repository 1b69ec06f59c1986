public import MeshModel
public import MeshPlanes

/// What `config.yaml` says: the planes, the theme, and whether anything may be written.
///
/// Secrets are never written in it, only where to find them: an environment variable or a file.
public struct Configuration: Sendable, Hashable {
  /// The planes, in the order written.
  public var planes: [PlaneSetting]
  /// The name of the theme.
  public var theme: String
  /// Whether no write may leave the process.
  public var readOnly: Bool
  /// Keys remapped: the identifier of a binding and the keys it shall have.
  public var keys: [String: [String]]

  /// Creates a configuration.
  public init(
    planes: [PlaneSetting] = [], theme: String = "midnight", readOnly: Bool = false, keys: [String: [String]] = [:]
  ) {
    self.planes = planes
    self.theme = theme
    self.readOnly = readOnly
    self.keys = keys
  }
}

extension Configuration {
  /// Whether nothing may be written to a plane.
  public func refusesWrites(to plane: PlaneName) -> Bool {
    readOnly || planes.contains { $0.name == plane && $0.readOnly }
  }
}

/// One plane as configured.
public struct PlaneSetting: Sendable, Hashable {
  /// Its name.
  public var name: PlaneName
  /// What it speaks.
  public var kind: Plane.Kind
  /// The kubeconfig file; `nil` means `KUBECONFIG` or the home folder's.
  public var kubeconfig: String?
  /// The context in the kubeconfig; `nil` means the current one.
  public var context: String?
  /// The namespace meant where none is said; `nil` means all. Never written to a file.
  public var namespace: String?
  /// The source of measurements; `nil` where none is configured.
  public var telemetry: TelemetrySetting?
  /// The address of istiod's debug interface; `nil` means it is found and reached through the API server.
  public var istiod: String?
  /// How istiod's debug interface is asked by discovery; `nil` where it is asked by HTTP.
  public var istiodDiscovery: XDSSetting?
  /// Where the token for istiod's debug interface is; `nil` where none is sent.
  public var istiodToken: IstiodToken?
  /// The addresses of proxies' admin interfaces with the workload each serves.
  public var envoy: [EnvoySetting]
  /// Whether no write may go to this plane.
  public var readOnly: Bool
  /// The region of a cloud's plane; `nil` leaves it to the environment and the profile.
  public var region: String?
  /// The address of a cloud's API where it is not the cloud's own: an emulator, a gateway.
  public var endpoint: String?
  /// The profile of the cloud's shared configuration; `nil` leaves it to the environment.
  public var profile: String?
  /// Where a Service Fabric is, or which cluster of AKS a Kubernetes plane is; `nil` on other planes.
  public var azure: AzureSettings?
  /// Where a Consul is reached and how; says nothing on planes of other kinds.
  public var consul: ConsulSettings
  /// The project of a plane of Google's; `nil` leaves it to the environment.
  public var project: String?
  /// Where in a cloud a plane's resources are; `nil` is `global`.
  public var location: String?
  /// The file of a cloud's credentials; `nil` leaves it to the surroundings.
  public var credentialsFile: String?

  /// How a control plane of Envoy's discovery protocol is asked; `nil` on planes of other kinds.
  public var xds: XDSSetting?

  /// Creates a setting.
  public init(
    name: PlaneName, kind: Plane.Kind, kubeconfig: String? = nil, context: String? = nil,
    telemetry: TelemetrySetting? = nil, istiod: String? = nil, envoy: [EnvoySetting] = [], readOnly: Bool = false,
    region: String? = nil, endpoint: String? = nil, profile: String? = nil, project: String? = nil,
    location: String? = nil, credentialsFile: String? = nil, azure: AzureSettings? = nil,
    consul: ConsulSettings = ConsulSettings()
  ) {
    self.azure = azure
    self.consul = consul
    self.project = project
    self.location = location
    self.credentialsFile = credentialsFile
    self.region = region
    self.endpoint = endpoint
    self.profile = profile
    self.name = name
    self.kind = kind
    self.kubeconfig = kubeconfig
    self.context = context
    self.telemetry = telemetry
    self.istiod = istiod
    self.envoy = envoy
    self.readOnly = readOnly
  }
}

/// Where the token for istiod's debug interface is.
public enum IstiodToken: Sendable, Hashable {
  /// In a file, read anew for every request.
  case file(String)
  /// In a variable of the environment.
  case variable(String)
  /// It is the one that the kubeconfig's user has.
  case kubeconfig
}

/// The admin interface of one proxy; of a plane of kind `envoy` or `mosn` also a name or a file that stands for several.
public struct EnvoySetting: Sendable, Hashable {
  /// Its address; of a plane of kind `envoy` also `dns://name:port` and `file:///path`.
  public var url: String
  /// The workload it serves, as `namespace/name`; empty on a plane of kind `envoy`, whose proxies say themselves.
  public var workload: String

  /// Creates a setting.
  public init(url: String, workload: String) {
    self.url = url
    self.workload = workload
  }
}

/// A source of measurements as configured.
public struct TelemetrySetting: Sendable, Hashable {
  /// The kinds of source.
  public enum Kind: String, Sendable, Hashable {
    case prometheus, scrape
    case cloudWatch = "cloudwatch"
    /// The Traffic Metrics API of SMI, through the plane's own API server.
    case trafficMetrics
  }

  /// What it is.
  public var kind: Kind
  /// Its addresses: one for Prometheus, one or more to scrape, none or one for CloudWatch.
  public var urls: [String]
  /// The namespace of the metrics in CloudWatch.
  public var namespace: String?
  /// The file that holds the bearer token, read anew when it changes.
  public var bearerTokenFile: String?
  /// The environment variable that holds the bearer token.
  public var bearerTokenEnv: String?
  /// The user name of basic authentication.
  public var username: String?
  /// The file that holds the password.
  public var passwordFile: String?
  /// The environment variable that holds the password.
  public var passwordEnv: String?
  /// The file of certificate authorities.
  public var caFile: String?
  /// Further headers, such as `X-Scope-OrgID`.
  public var headers: [String: String]
  /// The AWS region that requests are signed for (Amazon Managed Service for Prometheus); `nil` signs nothing.
  public var awsRegion: String?

  /// Creates a setting.
  public init(
    kind: Kind, urls: [String], bearerTokenFile: String? = nil, bearerTokenEnv: String? = nil, username: String? = nil,
    passwordFile: String? = nil, passwordEnv: String? = nil, caFile: String? = nil, headers: [String: String] = [:],
    awsRegion: String? = nil, namespace: String? = nil
  ) {
    self.namespace = namespace
    self.kind = kind
    self.urls = urls
    self.bearerTokenFile = bearerTokenFile
    self.bearerTokenEnv = bearerTokenEnv
    self.username = username
    self.passwordFile = passwordFile
    self.passwordEnv = passwordEnv
    self.caFile = caFile
    self.headers = headers
    self.awsRegion = awsRegion
  }
}
