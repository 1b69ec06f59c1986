/// What runs an instance.
public enum Runtime: String, Sendable, Hashable, CaseIterable { case container, vm, serverless, external }

/// What kind of server a thing is.
public enum Role: String, Sendable, Hashable, CaseIterable { case http, grpc, tcp, database, message, cache }

/// How a workload takes part in the mesh.
public enum ProxyMode: String, Sendable, Hashable, CaseIterable {
  /// A proxy beside each instance.
  case sidecar
  /// A proxy on each node (Istio ambient).
  case ambient
  /// A proxy that is the workload: a gateway.
  case gateway
  /// No proxy: plaintext only.
  case none
}

/// A port of a service.
public struct ServicePort: Sendable, Hashable {
  /// The port's name; empty where it has none.
  public var name: String
  /// The port clients call.
  public var port: Int
  /// The port the instances listen on, where it is a number and known.
  public var targetPort: Int?
  /// The application protocol as far as the name or `appProtocol` says: `http`, `grpc`, `tcp`, `redis`, …
  public var appProtocol: String

  /// Creates a port.
  public init(name: String, port: Int, targetPort: Int?, appProtocol: String) {
    self.name = name
    self.port = port
    self.targetPort = targetPort
    self.appProtocol = appProtocol
  }
}

/// What is called: a name with ports behind which instances stand.
public struct Service: Sendable, Hashable {
  /// Its identity.
  public var ref: ObjectRef
  /// The host names it is called by; the first is the canonical one.
  public var hosts: [String]
  /// Its ports.
  public var ports: [ServicePort]
  /// The labels of the instances it selects; empty selects none.
  public var selector: [String: String]
  /// What its instances are, where it can be told.
  public var runtime: Runtime
  /// What kind of server it is.
  public var role: Role
  /// Whether it has no virtual address of its own (Kubernetes headless).
  public var isHeadless: Bool
  /// Whether it stands outside the mesh.
  public var isExternal: Bool
  /// The namespaces it is visible in; empty means those that the mesh says, or all.
  public var exportTo: [String]
  /// The service of another cluster that this one only stands for; `nil` where it stands for itself.
  public var remote: RemoteService?
  /// The workloads whose instances its own object names (Istio's ServiceEntry with `endpoints`); `nil` where it names none.
  @Rare public var named: [ObjectRef]?

  /// Creates a service.
  public init(
    ref: ObjectRef, hosts: [String], ports: [ServicePort], selector: [String: String] = [:],
    runtime: Runtime = .container, role: Role = .http, isHeadless: Bool = false, isExternal: Bool = false,
    exportTo: [String] = [], remote: RemoteService? = nil, named: [ObjectRef]? = nil
  ) {
    self.named = named
    self.ref = ref
    self.hosts = hosts
    self.ports = ports
    self.selector = selector
    self.runtime = runtime
    self.role = role
    self.isHeadless = isHeadless
    self.isExternal = isExternal
    self.exportTo = exportTo
    self.remote = remote
  }
}

extension Service {
  /// The kind of workloads that are addresses written for a service, such as machines and hosts outside.
  public static let addressesKind: ObjectKind = "endpoints"

  /// The workload of the addresses that are written for it, where there are any, beside the instances it selects.
  public var addresses: ObjectRef {
    ObjectRef(plane: ref.plane, namespace: ref.namespace, kind: Self.addressesKind, name: ref.name)
  }

  /// The workloads it has beside those it selects: the ones its object names, or the addresses written for it, if any.
  public var written: [ObjectRef] { named ?? [addresses] }
}

/// A service of another cluster, as a service that mirrors it names it (Linkerd's mirrors, what Consul's peers export).
public struct RemoteService: Sendable, Hashable {
  /// Its host in its own cluster.
  public var host: String
  /// The cluster's name.
  public var cluster: String

  /// Creates a reference.
  public init(host: String, cluster: String) {
    self.host = host
    self.cluster = cluster
  }
}
