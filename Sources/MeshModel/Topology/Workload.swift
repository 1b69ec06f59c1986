/// What runs a service: a deployment, a VM group, a revision, a function.
public struct Workload: Sendable, Hashable {
  /// Its identity.
  public var ref: ObjectRef
  /// The labels its instances carry: what selectors and subsets match.
  public var labels: [String: String]
  /// The service account it runs as; empty where unknown.
  public var serviceAccount: String
  /// What runs it.
  public var runtime: Runtime
  /// The instances asked for, where the control plane says.
  public var desired: Int?
  /// The kind of the native object that owns it (`deployment`, `statefulset`, `workloadgroup`, `pod`, …).
  public var nativeKind: ObjectKind
  /// What kind of server it is, where its own object says so; `nil` leaves it to the services that select it.
  public var role: Role?
  /// The annotations its instances are made with, of those that a mesh's rules ask for; `nil` where there is none.
  @Rare public var annotations: [String: String]?

  /// Creates a workload.
  public init(
    ref: ObjectRef, labels: [String: String], serviceAccount: String = "", runtime: Runtime = .container,
    desired: Int? = nil, nativeKind: ObjectKind, annotations: [String: String]? = nil,
    role: Role? = nil
  ) {
    self.role = role
    self.annotations = annotations
    self.ref = ref
    self.labels = labels
    self.serviceAccount = serviceAccount
    self.runtime = runtime
    self.desired = desired
    self.nativeKind = nativeKind
  }
}

/// One instance of a workload.
public struct Endpoint: Sendable, Hashable {
  /// Its identity: the pod, the VM.
  public var ref: ObjectRef
  /// The workload it belongs to.
  public var workload: ObjectRef
  /// The labels it carries.
  public var labels: [String: String]
  /// Its address; empty until it has one.
  public var address: String
  /// The ports it listens on, as far as declared.
  public var ports: [Int]
  /// Whether it takes traffic.
  public var isReady: Bool
  /// How it takes part in the mesh.
  public var proxy: ProxyMode
  /// Whether its proxy accepts mesh TLS (Istio label `security.istio.io/tlsMode=istio`, or ambient).
  public var acceptsMeshTLS: Bool
  /// What runs it.
  public var runtime: Runtime
  /// The service account it runs as; empty where unknown.
  public var serviceAccount: String
  /// Its annotations, of those that a mesh's rules ask for; `nil` where there is none.
  @Rare public var annotations: [String: String]?
  /// The ports that have names, where a mesh's rules ask for these; `nil` elsewhere.
  @Rare public var portNames: [String: Int]?

  /// Creates an instance.
  public init(
    ref: ObjectRef, workload: ObjectRef, labels: [String: String] = [:], address: String = "", ports: [Int] = [],
    isReady: Bool, proxy: ProxyMode, acceptsMeshTLS: Bool, runtime: Runtime = .container, serviceAccount: String = "",
    annotations: [String: String]? = nil, portNames: [String: Int]? = nil
  ) {
    self.portNames = portNames
    self.annotations = annotations
    self.ref = ref
    self.workload = workload
    self.labels = labels
    self.address = address
    self.ports = ports
    self.isReady = isReady
    self.proxy = proxy
    self.acceptsMeshTLS = acceptsMeshTLS
    self.runtime = runtime
    self.serviceAccount = serviceAccount
  }
}

/// A namespace and what it says about the mesh.
public struct Namespace: Sendable, Hashable {
  /// Its identity; the namespace itself is the name.
  public var ref: ObjectRef
  /// Its labels.
  public var labels: [String: String]
  /// Its annotations, of those that a mesh's rules ask for; `nil` where there is none.
  @Rare public var annotations: [String: String]?

  /// Creates a namespace.
  public init(ref: ObjectRef, labels: [String: String], annotations: [String: String]? = nil) {
    self.ref = ref
    self.labels = labels
    self.annotations = annotations
  }
}
