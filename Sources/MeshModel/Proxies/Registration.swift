/// What the registry of one replica of a control plane holds of a service, or of an instance.
public struct Registration: Sendable, Hashable {
  /// The replica, by the name of its pod.
  public var replica: String
  /// The services it holds of those asked for.
  public var services: [RegisteredService]
  /// The endpoints it holds of those asked for.
  public var endpoints: [RegisteredEndpoint]

  /// Creates what a replica holds.
  public init(replica: String, services: [RegisteredService] = [], endpoints: [RegisteredEndpoint] = []) {
    self.replica = replica
    self.services = services
    self.endpoints = endpoints
  }
}

/// A service as the registry of a control plane holds it.
public struct RegisteredService: Sendable, Hashable {
  /// The host by which it is called.
  public var host: String
  /// Where the control plane has it from, such as `Kubernetes` or `External`.
  public var registry: String
  /// Its ports: name, number and protocol in words.
  public var ports: [String]
  /// How its endpoints are found: `static`, `DNS` or `as called`; empty where that is not told.
  public var resolution: String

  /// Creates a service.
  public init(host: String, registry: String, ports: [String] = [], resolution: String = "") {
    self.host = host
    self.registry = registry
    self.ports = ports
    self.resolution = resolution
  }
}

/// An endpoint as the registry of a control plane holds it.
public struct RegisteredEndpoint: Sendable, Hashable {
  /// The host of the service it belongs to.
  public var host: String
  /// The name of the service's port.
  public var portName: String
  /// Its addresses.
  public var addresses: [String]
  /// The port it listens on.
  public var port: Int
  /// The cluster it is in; empty where the control plane does not say.
  public var cluster: String
  /// The network it is in; empty for that of the control plane.
  public var network: String
  /// The identity it is expected to prove; empty where none is.
  public var account: String
  /// Whether callers are told to use the mesh's TLS.
  public var takesMeshTLS: Bool
  /// Whether requests may go to it.
  public var health: Health

  /// Whether requests may go to an endpoint.
  public enum Health: String, Sendable, Hashable {
    case healthy, unhealthy, draining, terminating
    /// The control plane does not say.
    case untold
  }

  /// Creates an endpoint.
  public init(
    host: String, portName: String = "", addresses: [String] = [], port: Int = 0, cluster: String = "",
    network: String = "", account: String = "", takesMeshTLS: Bool = false, health: Health = .untold
  ) {
    self.host = host
    self.portName = portName
    self.addresses = addresses
    self.port = port
    self.cluster = cluster
    self.network = network
    self.account = account
    self.takesMeshTLS = takesMeshTLS
    self.health = health
  }
}
