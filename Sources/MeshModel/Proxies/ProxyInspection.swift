/// One proxy, asked itself: what it runs and which certificates it holds.
public struct ProxyInspection: Sendable, Hashable {
  /// The proxy.
  public var proxy: ObjectRef
  /// The weighted routes it runs, all of them, or why they are not known.
  public var routes: Known<[ProgrammedRoute]>
  /// The certificates it holds, or why they are not known.
  public var certificates: Known<ProxyCertificates>
  /// How it fares, or why that is not known.
  public var condition: Known<ProxyCondition> = .unknown("it was not asked")
  /// Its connection to its control plane, or why it is not known.
  public var connection: Known<ProxyConnection> = .unknown("its control plane was not asked")
  /// As which endpoints its control plane's registry holds it; `nil` where there is no such registry.
  public var registration: Known<[Registration]>?

  /// Creates an inspection.
  public init(proxy: ObjectRef, routes: Known<[ProgrammedRoute]>, certificates: Known<ProxyCertificates>) {
    self.proxy = proxy
    self.routes = routes
    self.certificates = certificates
  }
}
