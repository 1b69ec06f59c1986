/// The TLS contexts that one proxy runs: what its listeners take and what its clusters send.
public struct ProxyTLS: Sendable, Hashable {
  /// The proxy.
  public var proxy: ObjectRef
  /// What it takes, one entry a container port; the entry without a port stands for the ports without one of their own.
  public var inbound: [InboundTLS]
  /// What it sends, one entry a host, port and subset called.
  public var outbound: [OutboundTLS]

  /// Creates the contexts of a proxy.
  public init(proxy: ObjectRef, inbound: [InboundTLS] = [], outbound: [OutboundTLS] = []) {
    self.proxy = proxy
    self.inbound = inbound
    self.outbound = outbound
  }

  /// What it takes on a container port; `nil` where it has no listener for it.
  public func inbound(port: Int) -> InboundTLS? {
    inbound.first { $0.port == port } ?? inbound.first { $0.port == nil }
  }

  /// What it sends to a port of a host; `nil` where it has no cluster for it.
  public func outbound(host: String, port: Int, subset: String? = nil) -> OutboundTLS? {
    outbound.first { $0.host == host && $0.port == port && $0.subset == subset }
  }
}

/// What a proxy takes on one port.
public struct InboundTLS: Sendable, Hashable {
  /// The container port; `nil` for all without an entry of their own.
  public var port: Int?
  /// Whether it takes TLS with a certificate of the mesh.
  public var takesMeshTLS: Bool
  /// Whether it takes what is not such TLS.
  public var takesPlaintext: Bool

  /// Creates what a proxy takes.
  public init(port: Int?, takesMeshTLS: Bool, takesPlaintext: Bool) {
    self.port = port
    self.takesMeshTLS = takesMeshTLS
    self.takesPlaintext = takesPlaintext
  }

  /// The mode that such a listener comes from.
  public var mode: MTLSMode { takesMeshTLS ? (takesPlaintext ? .permissive : .strict) : .disable }
}

/// What a proxy sends to one host, port and subset.
public struct OutboundTLS: Sendable, Hashable {
  /// What it sends.
  public enum Sends: String, Sendable, Hashable {
    /// Mesh TLS to each instance that takes it, plaintext to the others.
    case auto
    /// Mesh TLS, whoever the instance.
    case mesh = "ISTIO_MUTUAL"
    /// TLS of the caller's own.
    case own = "TLS"
    case plaintext
  }

  /// The host called.
  public var host: String
  /// The service port called.
  public var port: Int?
  /// The subset called; `nil` where none.
  public var subset: String?
  /// What it sends.
  public var sends: Sends

  /// Creates what a proxy sends.
  public init(host: String, port: Int?, subset: String? = nil, sends: Sends) {
    self.host = host
    self.port = port
    self.subset = subset
    self.sends = sends
  }
}

/// What is asked of the TLS contexts of one workload's proxies.
public struct ProxyTLSQuestion: Sendable, Hashable {
  /// The workload.
  public var workload: ObjectRef
  /// Whether it matters what it takes.
  public var isServer: Bool
  /// The hosts of which it matters what it sends to them.
  public var hosts: Set<String>

  /// Creates a question.
  public init(workload: ObjectRef, isServer: Bool = false, hosts: Set<String> = []) {
    self.workload = workload
    self.isServer = isServer
    self.hosts = hosts
  }
}

/// The TLS contexts of the proxies that were asked, by workload.
public struct ProxyTLSReport: Sendable, Hashable {
  /// What one proxy of each workload runs.
  public var workloads: [ObjectRef: ProxyTLS]
  /// The workloads whose proxy's control plane told it: what it sent the proxy and the proxy acknowledged.
  public var sent: Set<ObjectRef> = []
  /// Why it is not known of a workload.
  public var gaps: [ObjectRef: String]
  /// Why it is not known of workloads without a gap of their own that may have a proxy to ask: in a large mesh nearly all.
  public var otherwise = "not asked"
  /// When it was read.
  public var at: Instant

  /// Creates a report.
  public init(workloads: [ObjectRef: ProxyTLS] = [:], gaps: [ObjectRef: String] = [:], at: Instant) {
    self.workloads = workloads
    self.gaps = gaps
    self.at = at
  }
}
