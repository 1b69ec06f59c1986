public import MeshModel

/// The description of an embedded mesh: what runs in it, how it behaves, who calls whom, and its native Istio objects.
///
/// Read from YAML with ``init(yaml:file:)``; turned into Kubernetes objects by `ScenarioObjects`.
public struct Scenario: Sendable {
  /// The name, as in `demo --scenario NAME`.
  public var name: String
  /// The control plane's settings.
  public var mesh = Mesh()
  /// How much the load swings about its mean over three minutes, as a share of it: 0.05 is ±5 %.
  public var wobble = 0.0
  /// The configuration APIs installed beside Istio's: `gateway-api`, `smi`, `knative`, `linkerd`,
  /// `shardingsphere`.
  public var dialects: [String] = []
  /// The namespaces in the order written.
  public var namespaces: [Namespace] = []
  /// What runs in the mesh, one element a service.
  public var apps: [App] = []
  /// The load that enters through gateways.
  public var arrivals: [Arrival] = []
  /// Proxies that do not acknowledge as the others do.
  public var habits: [ProxyHabit] = []
  /// Native objects as they are put into the store.
  public var objects: [JSONValue] = []
  /// The size of a generated estate, for scenarios that are not written out.
  public var generation: Generation?
  /// The platforms beside Kubernetes.
  public var platforms: [Platform] = []
  /// The further clusters of the estate, each a scenario of its own whose name is the cluster's.
  public var clusters: [Scenario] = []

  /// Creates an empty scenario.
  public init(name: String) { self.name = name }

  /// The control plane's settings.
  public struct Mesh: Sendable {
    /// The version istiod and the proxies say they have.
    public var version = "1.27.1"
    /// The SPIFFE trust domain.
    public var trustDomain = "cluster.local"
    /// The namespace of istiod and of mesh-wide policies.
    public var rootNamespace = "istio-system"
    /// Whether callers choose mTLS by what the endpoint can do.
    public var autoMTLS = true
    /// The cluster's name as proxies say it.
    public var cluster = "Kubernetes"
    /// What tells the mesh from others; empty where nobody named it.
    public var meshID = ""
    /// Whether it is a SOFAMesh: the APIs of Istio 1.1, Mixer's metrics, and MOSN for a proxy.
    public var isSOFA = false
    /// Whether the administration of sidecars listens where the API server dials. Istio's is on 127.0.0.1 of the pod alone.
    public var opensAdministration = false
  }

  /// A platform beside Kubernetes: a scenario of its own and its native configuration.
  public struct Platform: Sendable {
    /// What it is.
    public var kind: Plane.Kind
    /// What runs there; its name is that of the kind.
    public var scenario: Scenario
    /// The native configuration, document by document as its API writes it.
    public var documents: [JSONValue] = []
  }

  /// A namespace.
  public struct Namespace: Sendable {
    /// The name.
    public var name: String
    /// The labels beside the name's own.
    public var labels: [String: String]
  }

  /// What a service is made of and how it behaves.
  public struct App: Sendable {
    /// The namespace.
    public var namespace: String
    /// The name of the service; for an external one its host.
    public var name: String
    /// What it speaks.
    public var role = AppRole.http
    /// What runs it.
    public var runtime = AppRuntime.container
    /// What stands before it.
    public var proxy = AppProxy.sidecar
    /// The ports, the one that takes calls first.
    public var ports: [Port] = []
    /// The labels beside `app` and `version`.
    public var labels: [String: String] = [:]
    /// The versions; each is one workload.
    public var versions: [Version] = []
    /// What it calls.
    public var calls: [Call] = []
    /// The addresses that stand behind it instead of pods; of an external service its own.
    public var addresses: [Address] = []
  }

  /// An address behind a service without a selector.
  public struct Address: Sendable {
    /// The IP address.
    public var address: String
    /// Whether it takes calls.
    public var isReady: Bool
  }

  /// A port of a service.
  public struct Port: Sendable {
    /// The name, whose prefix says the protocol.
    public var name: String
    /// The service port.
    public var number: Int
    /// The port of the container.
    public var target: Int
  }

  /// One version of an app and its behaviour.
  public struct Version: Sendable {
    /// The name, the value of the label `version`; empty where the app has none.
    public var name: String
    /// The instances.
    public var replicas = 1
    /// The instances that are ready.
    public var ready = 1
    /// The behaviour of an instance.
    public var behaviour = Behaviour()
  }

  /// How an instance answers when nothing it calls slows it down.
  public struct Behaviour: Sendable, Hashable {
    /// The median of its own time, in milliseconds.
    public var p50 = 10.0
    /// The 99th percentile of its own time, in milliseconds.
    public var p99 = 50.0
    /// The share of requests it fails.
    public var errors = 0.0
    /// The status of a request it fails.
    public var errorStatus = 500
  }

  /// Calls of one kind that an app makes.
  public struct Call: Sendable, Hashable {
    /// The host as the caller spells it.
    public var to: String
    /// The service port; the first one where `nil`.
    public var port: Int?
    /// Calls for each request the caller takes.
    public var per = 1.0
    /// Calls a second the caller makes of its own accord.
    public var rate = 0.0
    /// The method.
    public var method = "GET"
    /// The path.
    public var path = "/"
    /// The headers.
    public var headers: [String: String] = [:]
    /// Whether a failed call fails the caller's request.
    public var isCritical = false
    /// The bytes of a request.
    public var requestBytes = 400.0
    /// The bytes of an answer.
    public var responseBytes = 2_500.0
  }

  /// Load from outside that enters through a gateway workload.
  public struct Arrival: Sendable {
    /// The gateway, `namespace/name`.
    public var gateway: String
    /// The request; its ``Call/to`` is the `Host` header.
    public var call: Call
  }

  /// A proxy that acknowledges late or not at all.
  public struct ProxyHabit: Sendable {
    /// The workload, `namespace/name`.
    public var workload: String
    /// The index of the instance, from 0.
    public var instance: Int
    /// The seconds it takes to acknowledge a change.
    public var lag: Double?
    /// The text it rejects every change with.
    public var rejects: String?
  }

  /// The size of a generated estate.
  public struct Generation: Sendable {
    /// The services, each with one virtual service.
    public var services: Int
    /// The pods in all.
    public var pods: Int
    /// The namespaces they are spread over.
    public var namespaces: Int
    /// The services that take calls and so have metrics.
    public var active: Int
  }
}

/// What an app speaks.
public enum AppRole: String, Sendable, CaseIterable {
  case http, grpc, tcp, database, message, cache
}

/// What runs an app.
public enum AppRuntime: String, Sendable, CaseIterable {
  case container, vm, serverless, external
}

/// What stands before an app.
public enum AppProxy: String, Sendable, CaseIterable {
  case sidecar, ambient, gateway, linkerd, none
}

extension Scenario.App {
  /// The name of the workload of a version.
  func workloadName(_ version: Scenario.Version) -> String {
    version.name.isEmpty ? name : "\(name)-\(version.name)"
  }

  /// The name of a machine, by its index from 0.
  func machineName(_ index: Int) -> String { "\(name)-\(index + 1)" }
}
